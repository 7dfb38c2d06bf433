"""Leases: of several processes, one at a time may work on a thing, and for a while only.

Kept in a SQLite file, so that they outlive the process that grants them.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from framegate.telemetry.platform.access import Access, AccessError, Scope, challenge_headers
from framegate.telemetry.platform.errors import InputError

LEASES_FILE_NAME = "leases.sqlite"
MAX_NAMES, MAX_NAME_LENGTH = 1_000, 256
MAX_LEASE_SECONDS = 3_600.0
BODY_LIMIT_BYTES = 2 * 2**20

# A lease that has run out belongs to nobody, unless nobody else asked since.
GRANT_SQL = """
INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :now + :seconds)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE holder = excluded.holder OR until <= :now
"""

SETUP_STATEMENTS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    """
    CREATE TABLE IF NOT EXISTS leases (
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL
    )
    """,
)

LeaseName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class LeaseRequest(BaseModel):
    """One request: in order of preference what to hold, how many of it, and for how long.

    What the holder has is prolonged; 0 seconds gives it back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    holder: LeaseName
    names: Annotated[tuple[LeaseName, ...], Field(max_length=MAX_NAMES)]
    seconds: Annotated[float, Field(ge=0, le=MAX_LEASE_SECONDS)]
    most: Annotated[int, Field(ge=0)] = MAX_NAMES


class Leases:
    """The leases of one SQLite file; safe to share between threads.

    Raises InputError naming the file when it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            for statement in SETUP_STATEMENTS:
                self._file.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"leases {path}: {error}") from error

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def grant(self, ask: LeaseRequest) -> list[str]:
        """The names that the holder has from now on, in the order asked; on disk when it returns.

        Raises sqlite3.Error when the file cannot be written.
        """
        now = time.time()
        with self._lock, self._file:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute("DELETE FROM leases WHERE until <= ?", (now - MAX_LEASE_SECONDS,))
            if ask.seconds == 0:
                self._release(ask)
                return []
            return self._acquire(ask, now)

    def _release(self, ask: LeaseRequest) -> None:
        pairs = [(name, ask.holder) for name in ask.names]
        self._file.executemany("DELETE FROM leases WHERE name = ? AND holder = ?", pairs)

    def _acquire(self, ask: LeaseRequest, now: float) -> list[str]:
        held: list[str] = []
        for name in dict.fromkeys(ask.names):
            if len(held) == ask.most:
                break
            values = {"name": name, "holder": ask.holder, "now": now, "seconds": ask.seconds}
            if self._file.execute(GRANT_SQL, values).rowcount:
                held.append(name)
        return held


class LeaseEndpoint:
    """POST /leases, for callers who may send."""

    def __init__(self, leases: Leases, access: Access) -> None:
        self._leases = leases
        self._access = access

    def routes(self) -> Sequence[Route]:
        return [Route("/leases", self.post, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        try:
            self._access.check(request.headers.get("authorization"), Scope.INGEST)
            ask = LeaseRequest.model_validate_json(await read_small_body(request))
            held = await run_in_threadpool(self._leases.grant, ask)
        except AccessError as error:
            return PlainTextResponse(str(error), error.status, challenge_headers(error.status))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False, include_context=False)
            return PlainTextResponse(f"lease: {details[0]['loc']}: {details[0]['msg']}", 400)
        except sqlite3.Error as error:
            return PlainTextResponse(f"leases: {error}", 503)
        except ClientDisconnect:
            return PlainTextResponse("the client left", 400)
        return JSONResponse({"held": held})


async def read_small_body(request: Request) -> bytes:
    """The body, cut where it becomes too long to be a request for leases."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            break
    return body[:BODY_LIMIT_BYTES]
