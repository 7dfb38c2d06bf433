"""The result of one query."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class StoreResult:
    """A query's rows with the state of the store they were read from.

    ``truncated``: the limit cut rows off.
    """

    table: pa.Table
    commit: int
    watermark_ns: int | None
    read_ns: int
    truncated: bool = False
