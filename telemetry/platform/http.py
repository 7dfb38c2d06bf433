"""What all our HTTP servers share: a body with a size limit, a token check, one shape of error."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from framegate.telemetry.platform.access import Access, AccessError, Scope

RETRY_AFTER_SECONDS = 1  # SDKs give up when it exceeds what is left of their ten seconds

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class BodyError(ValueError):
    """A request body that cannot be read; the message continues a sentence: "body is larger …"."""


class BodyTooLargeError(BodyError):
    """A request body with more bytes than the endpoint takes."""


def ignore_chunk(_: int) -> None:
    """The endpoint does not count the bytes it holds."""


async def read_body(
    request: Request, *, limit_bytes: int, reserve: Callable[[int], None] = ignore_chunk
) -> bytes:
    """The whole body; raises BodyError when it is too large or its client disconnects.

    ``reserve`` is called with the size of each chunk before the chunk is kept, and may raise.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > limit_bytes:
                raise BodyTooLargeError(f"is larger than {limit_bytes} bytes")
            reserve(len(chunk))
            body += chunk
    except ClientDisconnect:
        raise BodyError("is incomplete: the client disconnected") from None
    return bytes(body)


async def read_json(request: Request, *, limit_bytes: int) -> Any:
    """The body as JSON; raises BodyError for any other body."""
    body = await read_body(request, limit_bytes=limit_bytes)
    try:
        return json.loads(body)
    except (RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BodyError(f"is not JSON: {error}") from error


def error_headers(status: int) -> Mapping[str, str]:
    """What belongs to a status: a 401 names its scheme (RFC 6750), a 503 when to try again."""
    if status == 401:
        return {"www-authenticate": "Bearer"}
    return {"retry-after": str(RETRY_AFTER_SECONDS)} if status == 503 else {}


def error_response(status: int, error: object) -> Response:
    """An error as plain text."""
    return PlainTextResponse(str(error), status, error_headers(status))


def require_scope(access: Access, scope: Scope, endpoint: Endpoint) -> Endpoint:
    """The endpoint for callers whose token has the scope; 401 or 403 for all others."""

    async def guarded_endpoint(request: Request) -> Response:
        try:
            access.check(request.headers.get("authorization"), scope)
        except AccessError as error:
            return error_response(error.status, error)
        return await endpoint(request)

    return guarded_endpoint


class ThreadLimit:
    """Runs blocking work in at most ``count`` threads; work that waits holds no thread."""

    def __init__(self, count: int) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[[], Result]) -> Result:
        return await to_thread.run_sync(work, limiter=self._limiter)
