"""What all servers share: bodies with a limit, tokens, errors that say when to come back."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from framegate.telemetry.platform.access import Access, Scope, token_digest
from framegate.telemetry.platform.http import (
    BodyError,
    BodyTooLargeError,
    error_response,
    read_body,
    read_json,
    require_scope,
)
from tests.conftest import serving

LIMIT_BYTES = 64
TOKEN = "t" * 16


async def echo(request: Request) -> Response:
    try:
        return JSONResponse(await read_json(request, limit_bytes=LIMIT_BYTES))
    except BodyTooLargeError as error:
        return error_response(413, f"body {error}")
    except BodyError as error:
        return error_response(400, f"body {error}")


async def unavailable(_: Request) -> Response:
    return error_response(503, "the disk is full")


APP = Starlette(
    routes=[
        Route("/echo", echo, methods=["POST"]),
        Route("/unavailable", unavailable),
        Route(
            "/guarded",
            require_scope(
                Access({token_digest(TOKEN): frozenset({Scope.READ})}), Scope.READ, unavailable
            ),
        ),
    ]
)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ('"' + "a" * 62 + '"', 200, '"' + "a" * 62 + '"'),
        ('"' + "a" * 63 + '"', 413, "body is larger than 64 bytes"),
        ("{", 400, "body is not JSON: Expecting property name"),
        (b"\xff", 400, "body is not JSON: "),
        ("[" * 60, 400, "body is not JSON: "),
    ],
)
def test_a_body_is_read_whole_or_refused_with_the_reason(
    body: str | bytes, status: int, text: str
) -> None:
    with serving(APP) as url:
        response = httpx.post(f"{url}/echo", content=body)
    assert response.status_code == status
    assert response.text.startswith(text)


def test_a_client_that_disconnects_leaves_no_body() -> None:
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    request = Request({"type": "http", "headers": []}, receive)
    with pytest.raises(BodyError, match="is incomplete: the client disconnected"):
        asyncio.run(read_body(request, limit_bytes=LIMIT_BYTES))


def test_an_unavailable_service_says_when_to_try_again() -> None:
    with serving(APP) as url:
        response = httpx.get(f"{url}/unavailable")
    assert (response.status_code, response.text) == (503, "the disk is full")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"authorization": "Bearer " + "x" * 16}, 401)],
)
def test_a_refused_caller_is_told_the_scheme(headers: dict[str, str], status: int) -> None:
    with serving(APP) as url:
        response = httpx.get(f"{url}/guarded", headers=headers)
    assert response.status_code == status
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_known_token_reaches_the_endpoint() -> None:
    with serving(APP) as url:
        response = httpx.get(f"{url}/guarded", headers={"authorization": f"Bearer {TOKEN}"})
    assert response.text == "the disk is full"
