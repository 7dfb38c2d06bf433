"""Per-frame values as a CSV or Parquet file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

from framegate.quality.scoring.score import ClipScore
from framegate.telemetry.platform.errors import InputError

SCHEMA = pa.schema(
    [
        ("reference", pa.string()),
        ("clip", pa.string()),
        ("metric", pa.string()),
        ("unit", pa.string()),
        ("frame", pa.int32()),
        ("value", pa.float64()),
    ]
)
WRITERS: Mapping[str, Callable[[pa.Table, Path], object]] = {
    ".csv": csv.write_csv,
    ".parquet": parquet.write_table,
}


def check_frames_path(path: Path) -> Path:
    """The path; raises InputError for another extension than .csv and .parquet."""
    if path.suffix not in WRITERS:
        raise InputError(f"{path}: the file name must end in {' or '.join(WRITERS)}")
    return path


def write_frames(results: Sequence[ClipScore], path: Path) -> None:
    """Write one row per value of each metric; ``frame`` counts pairs of frames from 0.

    Raises InputError for another extension, and for a file that cannot be written.
    """
    write = WRITERS[check_frames_path(path).suffix]
    try:
        write(frame_table(results), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from error


def frame_table(results: Sequence[ClipScore]) -> pa.Table:
    rows = [
        {
            "reference": result.reference.source if result.reference else None,
            "clip": result.clip.source,
            "metric": item.id,
            "unit": item.unit,
            "frame": frame,
            "value": value,
        }
        for result in results
        for item in result.metrics.values()
        for frame, value in zip(item.indices, item.values, strict=True)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)
