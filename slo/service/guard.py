"""Who may ask an endpoint, and how much they may send."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from framegate.telemetry.platform.access import Access, AccessError, Scope, challenge

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class Threads:
    """So many threads at most; who waits for one holds none, and so keeps nobody else waiting."""

    def __init__(self, count: int) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[[], Result]) -> Result:
        return await to_thread.run_sync(work, limiter=self._limiter)


def guarded(access: Access, scope: Scope, endpoint: Endpoint) -> Endpoint:
    """The endpoint, for callers with a token for the scope."""

    async def checked(request: Request) -> Response:
        try:
            access.check(request.headers.get("authorization"), scope)
        except AccessError as error:
            return PlainTextResponse(str(error), error.status, challenge(error.status))
        return await endpoint(request)

    return checked


async def json_of(request: Request, *, limit_bytes: int) -> Any:
    """The body; raises ValueError for what is no JSON, or too much."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise ValueError(f"more than {limit_bytes} bytes")
    try:
        return json.loads(body)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
