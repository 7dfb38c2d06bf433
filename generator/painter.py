"""The worker process: takes one task at a time and tells what happens to it."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import numpy as np
import torch
from numpy.typing import NDArray

from generator.encode import DEFAULT_CRF, REFERENCE_CRF, Encoder
from generator.models import Model, load_model
from generator.pipeline import generate, reference
from generator.request import VideoRequest
from generator.tasks import Broken, Done, FrameWritten, Kind, Ready, Send, Started, Task
from telemetry.names import Workload

Pixels = NDArray[np.uint8]


PROOF = VideoRequest(
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


def paint(connection: Connection, models: tuple[str, ...]) -> None:
    """The worker's whole life: load, prove, work until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us through the service
    torch.set_num_threads(1)  # more threads spin against each other and stall for seconds
    loaded = {name: load_model(name) for name in models}
    for model in loaded.values():
        next(generate(model, PROOF))
    try:
        connection.send(Ready())
        while True:
            perform(connection.recv(), loaded, connection.send)
    except (EOFError, BrokenPipeError):
        return  # the service is gone


def perform(task: Task, loaded: dict[str, Model], send: Send) -> None:
    try:
        if task.kind is Kind.REFERENCE:
            write_reference(task, send)
        else:
            write_clip(task, loaded, send)
    except (RuntimeError, OSError, MemoryError, ValueError) as error:
        task.path.unlink(missing_ok=True)
        send(Broken(task.job_id, type(error).__name__, str(error)))


def write_clip(task: Task, loaded: dict[str, Model], send: Send) -> None:
    started_ns, started = time.time_ns(), time.perf_counter()
    name = task.request.model
    new = name not in loaded
    if new:
        loaded[name] = load_model(name)
    send(Started(task.job_id, started_ns, time.perf_counter() - started if new else 0.0))
    with Spool(task, crf=DEFAULT_CRF) as spool:
        for frame in generate(loaded[name], task.request):
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
    send(spool.done())


def write_reference(task: Task, send: Send) -> None:
    with Spool(task, crf=REFERENCE_CRF) as spool:
        for rgb in reference(task.request):
            spool.add(rgb)
    send(spool.done())


class Spool:
    """One file that grows by a frame at a time; readers may follow it."""

    def __init__(self, task: Task, *, crf: int) -> None:
        request = task.request
        self._job_id = task.job_id
        self._encoder = Encoder(
            width=request.width, height=request.height, fps=request.fps, crf=crf
        )
        self._hash = hashlib.sha256()
        self._file = task.path.open("wb", buffering=0)
        self.size_bytes = 0
        self._write(self._encoder.header(traceparent=task.traceparent))

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._write(self._encoder.finish(wall_ns=time.time_ns()))
            os.fsync(self._file.fileno())
        self._file.close()

    def add(self, rgb: Pixels) -> float:
        """Encode and write one frame; returns the seconds it took."""
        started = time.perf_counter()
        self._write(self._encoder.add(rgb, wall_ns=time.time_ns()))
        return time.perf_counter() - started

    def done(self) -> Done:
        return Done(self._job_id, self.size_bytes, self._hash.hexdigest(), time.time_ns())

    def _write(self, data: bytes) -> None:
        for piece in unwritten(self._file.write, data):
            self._hash.update(piece)
            self.size_bytes += len(piece)


def unwritten(write: Callable[[bytes], int | None], data: bytes) -> Iterator[bytes]:
    """Write all of ``data``, however little each call takes; yields what each call took."""
    while data:
        count = write(data) or 0
        yield data[:count]
        data = data[count:]
