"""Whether a process that does not answer yet still works: processor time and its log."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
STEP_SECONDS = 0.2  # of processor time; a process that only waits takes less in a minute


@dataclass(frozen=True, slots=True)
class Progress:
    """What a process and those of its session have done so far."""

    processor_seconds: float
    log_bytes: int

    def is_beyond(self, other: "Progress") -> bool:
        worked = self.processor_seconds - other.processor_seconds
        return worked >= STEP_SECONDS or self.log_bytes != other.log_bytes


def progress_of(session: int, log: Path) -> Progress:
    """The progress of a session's processes; their log alone where there is no /proc."""
    size = log.stat().st_size if log.exists() else 0
    return Progress(sum(map(processor_seconds, session_processes(session))), size)


def session_processes(session: int) -> list[list[str]]:
    """The fields of /proc/PID/stat after the name, of every process in a session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue  # it ended meanwhile
        if fields[3:4] == [str(session)]:
            found.append(fields)
    return found


def processor_seconds(fields: list[str]) -> float:
    """User and system time, that of children which have ended included (proc(5), 14 to 17)."""
    return sum(map(int, fields[11:15])) / TICKS
