"""The messages between the service and its worker processes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path

from framegate.generator.request import VideoRequest


class TaskKind(StrEnum):
    CLIP = "clip"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class VideoTask:
    """A clip or reference to make, and the file to write it to."""

    job_id: str
    kind: TaskKind
    request: VideoRequest
    path: Path
    traceparent: str


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker has passed its self-test."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """Work on a task began; ``load_seconds`` is 0 when its model was already loaded."""

    job_id: str
    started_ns: int
    load_seconds: float
    worker: str = ""  # set by the service, which knows its workers


@dataclass(frozen=True, slots=True)
class FrameWritten:
    """One more frame can be read: the file now has ``size_bytes`` bytes."""

    job_id: str
    index: int
    size_bytes: int
    started_ns: int
    written_ns: int
    denoise_seconds: float
    decode_seconds: float
    encode_seconds: float

    @property
    def work_seconds(self) -> float:
        return self.denoise_seconds + self.decode_seconds + self.encode_seconds


@dataclass(frozen=True, slots=True)
class TaskDone:
    job_id: str
    size_bytes: int
    sha256: str
    done_ns: int


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The task failed; the worker goes on with the next one."""

    job_id: str
    error_type: str
    message: str


WorkerMessage = TaskStarted | FrameWritten | TaskDone | TaskFailed
SendMessage = Callable[[WorkerMessage], None]
PerformTask = Callable[[VideoTask, SendMessage], None]


def run_tasks(connection: Connection, perform: PerformTask) -> None:
    """Perform tasks until the other end closes; a task that fails is reported."""
    try:
        connection.send(WorkerReady())
        while True:
            run_task(connection.recv(), perform, connection.send)
    except (EOFError, BrokenPipeError):
        return  # the service is gone


def run_task(task: VideoTask, perform: PerformTask, send: SendMessage) -> None:
    try:
        perform(task, send)
    except (RuntimeError, OSError, MemoryError, ValueError) as error:
        task.path.unlink(missing_ok=True)
        send(TaskFailed(task.job_id, type(error).__name__, str(error)))
