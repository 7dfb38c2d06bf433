"""Who may ask an endpoint, and how much they may send."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from framegate.telemetry.platform.access import Access, AccessError, Scope, challenge_headers

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class ThreadLimit:
    """So many threads at most; who waits for one holds none, and so keeps nobody else waiting."""

    def __init__(self, count: int) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[[], Result]) -> Result:
        return await to_thread.run_sync(work, limiter=self._limiter)


def require_scope(access: Access, scope: Scope, endpoint: Endpoint) -> Endpoint:
    """The endpoint, for callers with a token for the scope."""

    async def guarded_endpoint(request: Request) -> Response:
        try:
            access.check(request.headers.get("authorization"), scope)
        except AccessError as error:
            return PlainTextResponse(str(error), error.status, challenge_headers(error.status))
        return await endpoint(request)

    return guarded_endpoint


async def read_json(request: Request, *, limit_bytes: int) -> Any:
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
