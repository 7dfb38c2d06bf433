"""Leases: the right to work on something, given to one process at a time until a stated time.

Kept in a SQLite file, so that they outlive the process that grants them.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.http import (
    BodyError,
    error_response,
    read_body,
    require_scope,
)
from framegate.telemetry.platform.sqlite_file import SqliteFile
from framegate.telemetry.platform.strict_file import StrictModel

LEASES_FILE_NAME = "leases.sqlite"
MAX_NAMES, MAX_NAME_LENGTH = 1_000, 256
MAX_LEASE_SECONDS = 3_600.0
BODY_LIMIT_BYTES = 2 * 2**20

# An expired lease goes to whoever asks next; its old holder may renew it until then.
GRANT_SQL = """
INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :now + :seconds)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE holder = excluded.holder OR until <= :now
"""

LEASES_TABLE = """
CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL
)
"""

LeaseName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class LeaseRequest(StrictModel):
    """A request for leases: ``names`` in order of preference, at most ``most`` of them.

    Names that the holder already has are renewed; 0 seconds gives them back.
    """

    holder: LeaseName
    names: Annotated[tuple[LeaseName, ...], Field(max_length=MAX_NAMES)]
    seconds: Annotated[float, Field(ge=0, le=MAX_LEASE_SECONDS)]
    most: Annotated[int, Field(ge=0)] = MAX_NAMES


class Leases:
    """The leases of one SQLite file; safe to share between threads.

    Raises InputError naming the file when it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, (LEASES_TABLE,), name="leases")

    def close(self) -> None:
        self._file.close()

    def grant(self, ask: LeaseRequest) -> list[str]:
        """Grant and renew; returns the names granted, in the order asked, once they are on disk.

        Raises sqlite3.Error when the file cannot be written.
        """
        now = time.time()
        with self._file.transaction() as file:
            file.execute("DELETE FROM leases WHERE until <= ?", (now - MAX_LEASE_SECONDS,))
            if ask.seconds == 0:
                release_leases(file, ask)
                return []
            return acquire_leases(file, ask, now)


def release_leases(file: sqlite3.Connection, ask: LeaseRequest) -> None:
    pairs = [(name, ask.holder) for name in ask.names]
    file.executemany("DELETE FROM leases WHERE name = ? AND holder = ?", pairs)


def acquire_leases(file: sqlite3.Connection, ask: LeaseRequest, now: float) -> list[str]:
    held: list[str] = []
    for name in dict.fromkeys(ask.names):
        if len(held) == ask.most:
            break
        values = {"name": name, "holder": ask.holder, "now": now, "seconds": ask.seconds}
        if file.execute(GRANT_SQL, values).rowcount:
            held.append(name)
    return held


class LeaseEndpoint:
    """POST /leases, for callers with the scope ``ingest``."""

    def __init__(self, leases: Leases, access: Access) -> None:
        self._leases = leases
        self._access = access

    def routes(self) -> Sequence[Route]:
        endpoint = require_scope(self._access, Scope.INGEST, self.post)
        return [Route("/leases", endpoint, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        try:
            body = await read_body(request, limit_bytes=BODY_LIMIT_BYTES)
            ask = LeaseRequest.model_validate_json(body)
            held = await run_in_threadpool(self._leases.grant, ask)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False, include_context=False)
            place = ".".join(map(str, details[0]["loc"])) or "body"
            return error_response(400, f"lease: {place}: {details[0]['msg']}")
        except BodyError as error:
            return error_response(400, f"lease: body {error}")
        except sqlite3.Error as error:
            return error_response(503, f"leases: {error}")
        return JSONResponse({"held": held})
