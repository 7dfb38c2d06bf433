"""The reference generator: time to first playable, time per frame, and peak memory.

``python -m bench.generator``
"""

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import torch
import typer

from bench.sides import Row, row, show
from framegate.generator.model.model import load_model
from framegate.generator.model.pipeline import generate_frames
from framegate.generator.request import VideoRequest
from framegate.generator.video.encoder import Encoder
from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.watch import RequestTemplate, ViewerOutcome, ViewerResult, watch_clip
from framegate.local.children import Child, start_child, stop_children
from framegate.telemetry.signals.names import Workload

MODEL = "ref-1"
SIZE = "256x256"
ASK = ClipRequest("a red ball bouncing over the sea", seed=7, workload=Workload.INTERACTIVE)
SHORT_SECONDS, LONG_SECONDS = 2.0, 30.0
FRAME_SECONDS = 5.0  # length of the clip whose frames are timed


@contextmanager
def running_generator(folder: Path) -> Iterator[Child]:
    """One worker, its model loaded, on a free loopback port."""
    arguments = ("generator", "--artifacts", str(folder), "--spool", str(folder / "spool"))
    child = start_child("generator", arguments, log=folder / "generator.log", environment={})
    try:
        child.wait_ready()
        yield child
    finally:
        stop_children([child])


def watched(service: ServiceConnection, *, seconds: float) -> ViewerResult:
    seen = watch_clip(service, RequestTemplate(MODEL, SIZE, seconds), ASK, traceparent="")
    if seen.outcome is not ViewerOutcome.COMPLETE:
        raise RuntimeError(f"a clip ended as {seen.outcome}: {seen.error_type}")
    return seen


def ttfp_row(repeats: int) -> Row:
    """From the request to the first decodable fragment, at the client; one job at a time."""
    with tempfile.TemporaryDirectory() as folder:
        with (
            running_generator(Path(folder)) as child,
            ServiceConnection(child.url, {}) as service,
        ):
            seen = [watched(service, seconds=1.0) for _ in range(repeats + 1)]
        values = [item.playback.ttfp_seconds for item in seen[1:]]
    return row(f"TTFP {SIZE}, idle worker", "ms", [v for v in values if v is not None], scale=1e3)


def frame_rows() -> list[Row]:
    """Every frame of one clip at 256x256 and 4 steps, by stage."""
    model = load_model(MODEL)
    request = VideoRequest(
        prompt=ASK.prompt,
        width=256,
        height=256,
        seconds=FRAME_SECONDS,
        fps=24,
        seed=ASK.seed,
        model=MODEL,
        steps=4,
        workload=ASK.workload,
        tenant="bench",
    )
    encoder = Encoder(width=request.width, height=request.height, fps=request.fps)
    denoise, decode, encode = [], [], []
    for frame in generate_frames(model, request):
        started = time.perf_counter()
        encoder.add(frame.rgb, wall_ns=0)
        encode.append(time.perf_counter() - started)
        denoise.append(frame.denoise_seconds)
        decode.append(frame.decode_seconds)
    total = [sum(stages) for stages in zip(denoise, decode, encode, strict=True)]
    stages = {"whole frame": total, "denoise": denoise, "decode": decode, "encode": encode}
    return [
        row(f"{name}, {SIZE}, 4 steps", "ms/frame", values, scale=1e3)
        for name, values in stages.items()
    ]


def memory_rows() -> list[Row]:
    """Peak resident memory of a new service after one short clip, and of another after a long."""
    rows = []
    for seconds in (SHORT_SECONDS, LONG_SECONDS):
        with (
            tempfile.TemporaryDirectory() as folder,
            running_generator(Path(folder)) as child,
            ServiceConnection(child.url, {}) as service,
        ):
            watched(service, seconds=seconds)
            peaks = [peak_bytes(pid) for pid in with_children(child.process.pid)]
        rows.append(
            row(f"peak memory, {seconds:g} s clip, all processes", "MiB", [sum(peaks) / 2**20])
        )
    return rows


def with_children(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def peak_bytes(pid: int) -> int:
    """The most memory the process ever held (Linux: VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    if peak is None:
        raise RuntimeError(f"process {pid} tells no peak memory")
    return int(peak[1]) * 1024


def main(
    repeats: Annotated[int, typer.Option(help="Clips whose first fragment is timed.", min=1)] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """The generator with one worker, one job at a time."""
    torch.set_num_threads(1)
    rows = [ttfp_row(repeats), *frame_rows(), *memory_rows()]
    show("Generator, one worker", rows, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
