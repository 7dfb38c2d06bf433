"""The loop over HTTP, beside the collector's own endpoints."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from framegate.slo.alerting.messages import as_json
from framegate.slo.judging.decisions import KINDS, Decision
from framegate.slo.judging.detail import detail_json
from framegate.slo.judging.status import status_json
from framegate.slo.openslo.strict_model import fault
from framegate.slo.service.engine import Loop, View
from framegate.slo.service.guard import Endpoint, Threads, guarded, json_of
from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.errors import InputError

BODY_LIMIT_BYTES = 65_536
THREADS = 8  # looks wait for one another, so more would only wait


class Endpoints:
    """Reading for those who may read, changing for those who may operate."""

    def __init__(self, loop: Loop, access: Access) -> None:
        self._loop = loop
        self._access = access
        self._threads = Threads(THREADS)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/slo/objectives", self._for(Scope.READ, self.objectives)),
            Route("/slo/objectives/{name}", self._for(Scope.READ, self.objective)),
            Route("/slo/alerts", self._for(Scope.READ, self.alerts)),
            *(route for kind in KINDS for route in self._decisions(kind)),
        ]

    def _decisions(self, kind: str) -> Sequence[Route]:
        """List, make and take back decisions of one kind."""
        listed = self._for(Scope.READ, partial(self.listed, kind))
        made = self._for(Scope.OPERATE, partial(self.made, kind))
        revoked = self._for(Scope.OPERATE, partial(self.revoked, kind))
        return [
            Route(f"/slo/{kind}", listed),
            Route(f"/slo/{kind}", made, methods=["POST"]),
            Route(f"/slo/{kind}/{{number:int}}", revoked, methods=["DELETE"]),
        ]

    def _for(self, scope: Scope, endpoint: Endpoint) -> Endpoint:
        return guarded(self._access, scope, endpoint)

    async def objectives(self, _: Request) -> Response:
        """GET /slo/objectives: every objective's status, judged now."""
        view = await self._threads.run(self._loop.fresh)
        return answer(view, {"objectives": [status_json(item) for item in view.statuses]})

    async def alerts(self, _: Request) -> Response:
        """GET /slo/alerts: what fires, and what was resolved just now."""
        view = await self._threads.run(self._loop.fresh)
        shown = [as_json(alert, ends_ns=view.looked_ns) for alert in view.alerts]
        return answer(view, {"alerts": shown})

    async def objective(self, request: Request) -> Response:
        """GET /slo/objectives/{name}?jobs=…&bad_ratio=…: all that is known of one objective."""
        name = request.path_params["name"]
        try:
            jobs = int(request.query_params.get("jobs", 0))
            ratio = float(request.query_params.get("bad_ratio", "nan"))
        except ValueError as error:
            return PlainTextResponse(f"objective: {error}", 400)
        try:
            found = await self._threads.run(
                partial(self._loop.detail, name, jobs=jobs, bad_ratio=ratio)
            )
        except InputError as error:
            return PlainTextResponse(str(error), 404)
        shown = {"objective": status_json(found.status), **detail_json(found)}
        return answer(self._loop.view, shown)

    async def listed(self, kind: str, _: Request) -> Response:
        """All of them, also those that are over or taken back."""
        entries = await self._threads.run(partial(self._loop.journal.entries, kind))
        shown = [asdict(entry) | dict(entry.body) for entry in entries]
        for one in shown:
            del one["body"], one["kind"]
        return JSONResponse({kind: shown})

    async def made(self, kind: str, request: Request) -> Response:
        try:
            asked = KINDS[kind].model_validate(await json_of(request, limit_bytes=BODY_LIMIT_BYTES))
        except ValidationError as error:
            return PlainTextResponse(f"{kind}: {fault(error)}", 400)
        except ValueError as error:
            return PlainTextResponse(f"{kind}: {error}", 400)
        number = await self._threads.run(partial(self._make, kind, asked))
        return JSONResponse({"number": number}, 201)

    def _make(self, kind: str, asked: Decision) -> int:
        now_ns = self._loop.now_ns()
        journal = self._loop.journal
        return journal.enter(
            kind, asked.body(), author=asked.author, reason=asked.reason, now_ns=now_ns
        )

    async def revoked(self, kind: str, request: Request) -> Response:
        """Take one back; ``author`` says who."""
        author = request.query_params.get("author", "")
        if not author:
            return PlainTextResponse(f"{kind}: author is missing", 400)
        number = request.path_params["number"]
        done = await self._threads.run(partial(self._revoke, kind, number, author))
        if not done:
            return PlainTextResponse(f"{kind}: there is no {number} that stands", 404)
        return JSONResponse({"number": number})

    def _revoke(self, kind: str, number: int, author: str) -> bool:
        return self._loop.journal.revoke(kind, number, author=author, now_ns=self._loop.now_ns())


def answer(view: View, found: dict[str, Any]) -> Response:
    """With how fresh it is; 503 while nothing can be judged."""
    body = {
        "looked_ns": view.looked_ns,
        "watermark_ns": view.watermark_ns,
        "trouble": view.trouble,
        "faults": {str(path): fault for path, fault in view.faults.items()},
        "unread": view.unread,
        **found,
    }
    return JSONResponse(body, 503 if view.trouble else 200)
