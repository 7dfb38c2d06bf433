"""The process that makes clips with the model."""

import time
from multiprocessing.connection import Connection

import torch

from framegate.generator.model.model import Model, load_model
from framegate.generator.model.pipeline import generate_frames
from framegate.generator.request import VideoRequest
from framegate.generator.video.encoder import DEFAULT_CRF
from framegate.generator.workers.spool import Spool
from framegate.generator.workers.tasks import (
    FrameWritten,
    SendMessage,
    TaskStarted,
    VideoTask,
    run_tasks,
)
from framegate.telemetry.signals.names import Workload

SELF_TEST_REQUEST = VideoRequest(
    prompt="a red ball over the sea",
    width=256,
    height=256,
    seconds=1.0,
    fps=1,
    seed=0,
    model="ref-1",
    steps=4,
    workload=Workload.BATCH,
    tenant="framegate",
)


def run_clip_worker(connection: Connection, models: tuple[str, ...]) -> None:
    """Load the models, test each with one frame, then perform tasks until the other end closes."""
    torch.set_num_threads(1)  # more threads spin against each other and stall for seconds
    loaded = {name: load_model(name) for name in models}
    for model in loaded.values():
        next(generate_frames(model, SELF_TEST_REQUEST))
    run_tasks(connection, lambda task, send: write_clip(task, loaded, send))


def write_clip(task: VideoTask, loaded: dict[str, Model], send: SendMessage) -> None:
    started_ns, started = time.time_ns(), time.perf_counter()
    name = task.request.model
    new = name not in loaded
    if new:
        loaded[name] = load_model(name)
    send(TaskStarted(task.job_id, started_ns, time.perf_counter() - started if new else 0.0))
    with Spool(task, crf=DEFAULT_CRF) as spool:
        for frame in generate_frames(loaded[name], task.request):
            encode_seconds = spool.add(frame.rgb)
            send(
                FrameWritten(
                    job_id=task.job_id,
                    index=frame.index,
                    size_bytes=spool.size_bytes,
                    started_ns=frame.started_ns,
                    written_ns=time.time_ns(),
                    denoise_seconds=frame.denoise_seconds,
                    decode_seconds=frame.decode_seconds,
                    encode_seconds=encode_seconds,
                )
            )
    send(spool.done_message())
