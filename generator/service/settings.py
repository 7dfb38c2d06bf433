"""The settings of the service, read once at its start."""

from dataclasses import dataclass
from pathlib import Path

from framegate.generator.model.versions import DEFAULT_MODEL


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """``artifacts`` is a folder or any URL that fsspec knows; ``spool`` must be a local folder.

    ``price_per_hour`` is the price of one worker, 0 if unknown.
    ``public_url`` is the URL that clients and the quality worker use; clip URLs begin with it.
    ``preload`` are the models that every worker loads at its start.
    ``max_waiting`` jobs may wait for a worker, ``max_remembered`` jobs are kept in memory.
    """

    public_url: str
    artifacts: str
    spool: Path
    workers: int = 1
    preload: tuple[str, ...] = (DEFAULT_MODEL,)
    max_waiting: int = 64
    price_per_hour: float = 0.0
    max_remembered: int = 10_000
