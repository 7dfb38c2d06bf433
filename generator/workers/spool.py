"""The file that a clip is written to, frame by frame, while it is being made."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from framegate.generator.video.encoder import Encoder
from framegate.generator.workers.tasks import TaskDone, VideoTask

Pixels = NDArray[np.uint8]


class Spool:
    """One growing file; readers may read it while it grows."""

    def __init__(self, task: VideoTask, *, crf: int) -> None:
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

    def done_message(self) -> TaskDone:
        return TaskDone(self._job_id, self.size_bytes, self._hash.hexdigest(), time.time_ns())

    def _write(self, data: bytes) -> None:
        for piece in write_all(self._file.write, data):
            self._hash.update(piece)
            self.size_bytes += len(piece)


def write_all(write: Callable[[bytes], int | None], data: bytes) -> Iterator[bytes]:
    """Write all of ``data``, however little each call takes; yields what each call took."""
    while data:
        count = write(data) or 0
        yield data[:count]
        data = data[count:]
