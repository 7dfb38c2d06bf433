"""Servers that are told of alerts, and keep what they were told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.conftest import serving

SECONDS = 20.0


@dataclass
class Received:
    """Requests in the order they came; ``refuse`` so many of them first."""

    url: str = ""
    refuse: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)

    def add(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether it is taken."""
        with self._came:
            self.requests.append((headers, body))
            taken = self.refuse <= 0
            self.refuse -= 1
            self._came.notify_all()
        return taken

    def wait(self, enough: Callable[[list[Any]], bool]) -> list[tuple[dict[str, str], bytes]]:
        with self._came:
            assert self._came.wait_for(lambda: enough(self.requests), SECONDS), self.requests
            return list(self.requests)


@contextmanager
def receiving(refuse: int = 0) -> Iterator[Received]:
    """An HTTP server that takes any POST."""
    received = Received(refuse=refuse)

    async def take(request: Request) -> Response:
        taken = received.add(dict(request.headers), await request.body())
        return PlainTextResponse("ok" if taken else "not now", 200 if taken else 500)

    with serving(Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])) as url:
        received.url = url
        yield received
