"""The service's settings: few, flat, read once."""

from dataclasses import dataclass
from pathlib import Path

from framegate.generator.model.versions import DEFAULT_MODEL


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """``artifacts`` is a folder or any URL that fsspec knows; ``spool`` must be a local folder.

    ``price_per_hour`` is of one worker, 0 where it is not known.
    ``public_url`` is where clients and the quality worker reach this service.
    """

    public_url: str
    artifacts: str
    spool: Path
    workers: int = 1
    preload: tuple[str, ...] = (DEFAULT_MODEL,)
    max_waiting: int = 64
    price_per_hour: float = 0.0
    max_remembered: int = 10_000
