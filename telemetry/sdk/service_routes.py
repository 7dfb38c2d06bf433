"""The routes of every server: /healthz, /readyz and /metrics."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.http import Endpoint, require_scope
from framegate.telemetry.sdk.exposition import exposition


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to a probe: 200 or 503, with a line that says why."""

    text: str = "ok"
    is_good: bool = True


def always_healthy() -> Health:
    """A server that answers at all is alive."""
    return Health()


def service_routes(
    registry: CollectorRegistry,
    *,
    ready: Callable[[], Health],
    alive: Callable[[], Health] = always_healthy,
    access: Access | None = None,
) -> list[Route]:
    """Probes, open to everybody; metrics for callers with the scope ``read``.

    ``ready`` and ``alive`` are called in a thread, because they may wait for a disk or a network.
    """

    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, content_type = await run_in_threadpool(exposition, registry, accept)
        return Response(body, headers={"content-type": content_type})

    return [
        Route("/healthz", probe(alive)),
        Route("/readyz", probe(ready)),
        Route("/metrics", require_scope(access or Access(), Scope.READ, metrics)),
    ]


def probe(check: Callable[[], Health]) -> Endpoint:
    async def answer(_: Request) -> Response:
        health = await run_in_threadpool(check)
        return PlainTextResponse(health.text, 200 if health.is_good else 503)

    return answer
