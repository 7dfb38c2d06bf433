"""How much of each signal stays in the tables and in the archive, and the move between them."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from framegate.telemetry.platform.clock import DAY_NS, HOUR_NS
from framegate.telemetry.platform.durable_files import fsync_path
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import (
    CATALOG,
    EVENT_TIME_COLUMNS,
    TABLES,
    VARIANT_COLUMNS,
    ArchiveFile,
    archive_files,
    quote_path,
)

AGE_UNITS_NS = {"h": HOUR_NS, "d": DAY_NS}
SIZE_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
BLOCK_BYTES = 262_144  # DuckDB's
ARCHIVE_FOLDER = "archive"
PARTIAL_SUFFIX = ".partial"  # while a file is written
TRIM_TARGET_RATIO = 0.9  # a full table is cut down to this share, so that not every run has to cut


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """A signal's limits; None means unlimited."""

    age_ns: int | None = None
    size_bytes: int | None = None


# SLO windows are 28 days of events; spans serve to investigate the last days.
DEFAULT_RETENTION: Mapping[str, RetentionLimits] = {
    "traces": RetentionLimits(age_ns=7 * DAY_NS),
    "logs": RetentionLimits(age_ns=90 * DAY_NS),
    "metrics": RetentionLimits(age_ns=30 * DAY_NS),
}
ARCHIVE = "archive"


def parse_retention(texts: list[str]) -> dict[str, RetentionLimits]:
    """The defaults, changed by texts such as ``traces=7d``, ``logs=90d,20GB``, ``archive=365d``.

    Raises InputError naming the text that is wrong.
    """
    bounds = {**DEFAULT_RETENTION, ARCHIVE: RetentionLimits()}
    for text in texts:
        what, _, bound = text.partition("=")
        if what not in bounds:
            raise InputError(
                f"retain {text!r}: unknown signal {what!r}; choose from: {', '.join(bounds)}"
            )
        bounds[what] = parse_limits(text, bound.split(","))
    return bounds


def parse_limits(text: str, parts: list[str]) -> RetentionLimits:
    age_ns = size_bytes = None
    for part in parts:
        found = re.fullmatch(r"([1-9]\d*)([a-zA-Z]+)", part.strip())
        number, unit = (int(found[1]), found[2]) if found else (0, "")
        if unit in AGE_UNITS_NS:
            age_ns = number * AGE_UNITS_NS[unit]
        elif unit in SIZE_UNITS:
            size_bytes = number * SIZE_UNITS[unit]
        else:
            raise InputError(
                f"retain {text!r}: {part!r} is not an age (12h, 7d) or a size (500MB, 20GB)"
            )
    return RetentionLimits(age_ns, size_bytes)


def enforce_retention(
    cursor: duckdb.DuckDBPyConnection,
    keep: Mapping[str, RetentionLimits],
    *,
    now_ns: int,
    folder: Path,
) -> Iterator[ArchiveFile]:
    """Archive rows that exceed their limits, one file per day; yields each file once written.

    Ages are counted from ``now_ns`` or from the newest row, whichever is older: a clock that
    jumps ahead must not empty the tables.
    """
    remove_partial_files(folder)
    for signal in TABLES:
        cut_ns = retention_cutoff(cursor, signal, keep[signal], now_ns=now_ns)
        while cut_ns is not None:
            first_ns = oldest_time(cursor, signal)
            if first_ns is None or first_ns >= cut_ns:
                break
            before_ns = min(cut_ns, (first_ns // DAY_NS + 1) * DAY_NS)
            moved = archive_rows(cursor, signal, before_ns=before_ns, folder=folder)
            if moved:
                yield moved
    prune_archive(cursor, keep.get(ARCHIVE, RetentionLimits()), now_ns=now_ns, folder=folder)


def retention_cutoff(
    cursor: duckdb.DuckDBPyConnection, signal: str, keep: RetentionLimits, *, now_ns: int
) -> int | None:
    """The time before which rows leave the table; None when all may stay."""
    table, column = TABLES[signal], EVENT_TIME_COLUMNS[TABLES[signal]]
    cuts: list[int | None] = []
    newest_ns = aggregate_time(cursor, f"max({column})", table)
    if newest_ns is None:
        return None
    if keep.age_ns is not None:
        cuts.append(min(now_ns, newest_ns) - keep.age_ns)
    if keep.size_bytes is not None:
        size_bytes = table_bytes(cursor, table)
        if size_bytes > keep.size_bytes:
            surplus = 1 - TRIM_TARGET_RATIO * keep.size_bytes / size_bytes
            cuts.append(aggregate_time(cursor, f"quantile_disc({column}, {surplus:f})", table))
    return max((time for time in cuts if time is not None), default=None)


def oldest_time(cursor: duckdb.DuckDBPyConnection, signal: str) -> int | None:
    return aggregate_time(cursor, f"min({EVENT_TIME_COLUMNS[TABLES[signal]]})", TABLES[signal])


def aggregate_time(cursor: duckdb.DuckDBPyConnection, expression: str, table: str) -> int | None:
    query = f"SELECT epoch_ns({expression}) FROM {CATALOG}.main.{table}"  # noqa: S608 - constants
    found: int | None = cursor.execute(query).fetchall()[0][0]
    return found


def table_bytes(cursor: duckdb.DuckDBPyConnection, table: str) -> int:
    """Size of a table in the file; rows that are only in the log do not count yet."""
    (blocks,) = cursor.execute(
        "SELECT count(DISTINCT block) FROM ("
        "SELECT unnest(list_append(additional_block_ids, block_id)) AS block "
        "FROM pragma_storage_info($1)) WHERE block >= 0",
        [table],
    ).fetchall()[0]
    return int(blocks) * BLOCK_BYTES


def archive_rows(
    cursor: duckdb.DuckDBPyConnection, signal: str, *, before_ns: int, folder: Path
) -> ArchiveFile | None:
    """Move the rows before a time into one Parquet file, all or none; None if there are no rows.

    The file is on disk before the rows leave the table; rows that arrive late stay in the table.
    Attributes, resource and scope are JSON text in the file, so that any tool can read it.
    """
    cursor.begin()
    try:
        moved = copy_to_parquet(cursor, signal, before_ns=before_ns, folder=folder)
        if moved:
            replace_rows_with_file(cursor, moved, before_ns=before_ns)
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return moved


def copy_to_parquet(
    cursor: duckdb.DuckDBPyConnection, signal: str, *, before_ns: int, folder: Path
) -> ArchiveFile | None:
    table = TABLES[signal]
    column = EVENT_TIME_COLUMNS[table]
    before = f"make_timestamp_ns({before_ns:d})"
    source = f"SELECT * FROM {CATALOG}.main.{table} WHERE {column} < {before}"  # noqa: S608 - constants and a number
    count, first_ns, last_ns = cursor.execute(
        f"SELECT count(*), epoch_ns(min({column})), epoch_ns(max({column})) FROM ({source})"  # noqa: S608 - constants and a number
    ).fetchall()[0]
    if not count:
        return None
    # When rows arrive late, the same time can be exported twice.
    path = folder / ARCHIVE_FOLDER / signal / f"{first_ns:d}-{last_ns:d}-{time.time_ns():d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(PARTIAL_SUFFIX)
    cursor.execute(
        f"COPY ({flat_rows_sql(cursor, table, source)} ORDER BY {column}) TO {quote_path(partial)} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    fsync_path(partial)
    partial.rename(path)
    fsync_path(path.parent)
    size_bytes = path.stat().st_size
    return ArchiveFile(signal, str(path.relative_to(folder)), first_ns, last_ns, count, size_bytes)


def flat_rows_sql(cursor: duckdb.DuckDBPyConnection, table: str, source: str) -> str:
    """The rows with their origin, and JSON text where the table has VARIANT."""
    columns = [row[0] for row in cursor.execute(f"DESCRIBE {CATALOG}.main.{table}").fetchall()]
    shown = [
        *(select_expression(f"rows.{name}", name) for name in columns),
        *(
            select_expression(f"origins.{name}", name)
            for name in ("resource", "scope", "scope_version", "scope_attributes", "schema_url")
        ),
    ]
    return (
        f"SELECT {', '.join(shown)} FROM ({source}) AS rows "  # noqa: S608 - the schema's own names
        f"LEFT JOIN {CATALOG}.main.origins AS origins USING (origin_id)"
    )


def select_expression(expression: str, name: str) -> str:
    if name in VARIANT_COLUMNS:
        return f"CAST(CAST({expression} AS JSON) AS VARCHAR) AS {name}"
    return f"{expression} AS {name}"


def replace_rows_with_file(
    cursor: duckdb.DuckDBPyConnection, moved: ArchiveFile, *, before_ns: int
) -> None:
    cursor.execute(
        "INSERT INTO archive VALUES ($1, $2, make_timestamp_ns($3), make_timestamp_ns($4), $5, $6)",
        [
            moved.signal,
            moved.file,
            moved.first_ns,
            moved.last_ns,
            moved.row_count,
            moved.size_bytes,
        ],
    )
    table, column = TABLES[moved.signal], EVENT_TIME_COLUMNS[TABLES[moved.signal]]
    cursor.execute(
        f"DELETE FROM {CATALOG}.main.{table} WHERE {column} < make_timestamp_ns($1)",  # noqa: S608 - constants
        [before_ns],
    )


def remove_partial_files(folder: Path) -> None:
    """Remove files that a crash left incomplete.

    Complete files stay, even if no row of ``archive`` names them: when a store file was restored
    from a backup, they hold rows that it lacks.
    """
    for path in (folder / ARCHIVE_FOLDER).glob(f"*/*{PARTIAL_SUFFIX}"):
        path.unlink()


def prune_archive(
    cursor: duckdb.DuckDBPyConnection, keep: RetentionLimits, *, now_ns: int, folder: Path
) -> None:
    """Delete archived files that exceed the archive's limits."""
    files = archive_files(cursor)
    newest_ns = max((file.last_ns for file in files), default=0)
    total_bytes = sum(file.size_bytes for file in files)
    for file in files:
        old = keep.age_ns is not None and file.last_ns < min(now_ns, newest_ns) - keep.age_ns
        if old or (keep.size_bytes is not None and total_bytes > keep.size_bytes):
            cursor.execute("DELETE FROM archive WHERE file = $1", [file.file])
            (folder / file.file).unlink(missing_ok=True)
            total_bytes -= file.size_bytes
