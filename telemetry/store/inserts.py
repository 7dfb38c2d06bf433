"""Inserts Arrow tables into the store's tables."""

import logging
from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pyarrow.compute

from framegate.telemetry.store.database import columns_sql

logger = logging.getLogger(__name__)


def insert_rows(cursor: duckdb.DuckDBPyConnection, table: str, parts: list[pa.Table]) -> None:
    """Insert the rows of all parts at once; does nothing when there are none."""
    if not any(part.num_rows for part in parts):
        return
    rows = pa.concat_tables(parts)
    cursor.register("incoming", rows)
    # Table and column names are the schema's own.
    cursor.execute(
        f"INSERT INTO {table} BY NAME SELECT {columns_sql(rows.column_names)} FROM incoming"  # noqa: S608
    )
    cursor.unregister("incoming")


def roll_back_transaction(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.Error as error:
        logger.debug("no transaction to roll back: %s", error)


def newest_time(watermark_ns: int | None, tables: Iterable[pa.Table]) -> int | None:
    """The newest time in the tables' first columns, or the watermark if that is newer."""
    times = [pa.compute.max(table.column(0)).value for table in tables if table.num_rows]
    known = [] if watermark_ns is None else [watermark_ns]
    return max([*known, *times], default=None)
