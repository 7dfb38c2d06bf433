"""HTTP endpoints of the SLO engine, beside those of the collector."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.slo.alerting.deliveries import alert_json
from framegate.slo.judging.detail import detail_json
from framegate.slo.judging.status import status_json
from framegate.slo.service.decision_requests import DECISION_REQUESTS, DecisionRequest
from framegate.slo.service.engine import SloEngine
from framegate.slo.service.snapshot import SloSnapshot
from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.http import (
    BodyError,
    Endpoint,
    ThreadLimit,
    error_response,
    read_json,
    require_scope,
)
from framegate.telemetry.platform.strict_file import describe_fault

BODY_LIMIT_BYTES = 65_536
THREAD_COUNT = 8  # evaluations run one at a time, so more threads would only wait


class SloEndpoints:
    """Endpoints that show state need the scope ``read``, those that change it ``operate``."""

    def __init__(self, loop: SloEngine, access: Access) -> None:
        self._loop = loop
        self._access = access
        self._threads = ThreadLimit(THREAD_COUNT)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/slo/objectives", self._guard_endpoint(Scope.READ, self.objectives)),
            Route("/slo/objectives/{name}", self._guard_endpoint(Scope.READ, self.objective)),
            Route("/slo/alerts", self._guard_endpoint(Scope.READ, self.alerts)),
            *(route for kind in DECISION_REQUESTS for route in self._decision_routes(kind)),
        ]

    def _decision_routes(self, kind: str) -> Sequence[Route]:
        """Routes that list, add and revoke decisions of one kind."""
        listed = self._guard_endpoint(Scope.READ, partial(self.list_decisions, kind))
        made = self._guard_endpoint(Scope.OPERATE, partial(self.add_decision, kind))
        revoked = self._guard_endpoint(Scope.OPERATE, partial(self.revoke_decision, kind))
        return [
            Route(f"/slo/{kind}", listed),
            Route(f"/slo/{kind}", made, methods=["POST"]),
            Route(f"/slo/{kind}/{{number:int}}", revoked, methods=["DELETE"]),
        ]

    def _guard_endpoint(self, scope: Scope, endpoint: Endpoint) -> Endpoint:
        return require_scope(self._access, scope, endpoint)

    async def objectives(self, _: Request) -> Response:
        """GET /slo/objectives: the current status of every objective."""
        view = await self._threads.run(self._loop.fresh_snapshot)
        return snapshot_response(
            view, {"objectives": [status_json(item) for item in view.statuses]}
        )

    async def alerts(self, _: Request) -> Response:
        """GET /slo/alerts: alerts that fire or were resolved recently."""
        view = await self._threads.run(self._loop.fresh_snapshot)
        shown = [alert_json(alert, ends_ns=view.looked_ns) for alert in view.alerts]
        return snapshot_response(view, {"alerts": shown})

    async def objective(self, request: Request) -> Response:
        """GET /slo/objectives/{name}?jobs=…&bad_ratio=…: one objective in detail."""
        name = request.path_params["name"]
        try:
            jobs = int(request.query_params.get("jobs", 0))
            ratio = float(request.query_params.get("bad_ratio", "nan"))
        except ValueError as error:
            return error_response(400, f"objective: {error}")
        try:
            found = await self._threads.run(
                partial(self._loop.detail, name, jobs=jobs, bad_ratio=ratio)
            )
        except InputError as error:
            return error_response(404, error)
        shown = {"objective": status_json(found.status), **detail_json(found)}
        return snapshot_response(self._loop.snapshot, shown)

    async def list_decisions(self, kind: str, _: Request) -> Response:
        """GET /slo/{kind}: all decisions of a kind, including expired and revoked ones."""
        entries = await self._threads.run(partial(self._loop.journal.entries, kind))
        shown = [asdict(entry) | dict(entry.body) for entry in entries]
        for one in shown:
            del one["body"], one["kind"]
        return JSONResponse({kind: shown})

    async def add_decision(self, kind: str, request: Request) -> Response:
        try:
            asked = DECISION_REQUESTS[kind].model_validate(
                await read_json(request, limit_bytes=BODY_LIMIT_BYTES)
            )
        except ValidationError as error:
            fault = describe_fault(error, DECISION_REQUESTS[kind])
            return error_response(400, f"{kind}: {fault}")
        except BodyError as error:
            return error_response(400, f"{kind}: body {error}")
        number = await self._threads.run(partial(self._enter_decision, kind, asked))
        return JSONResponse({"number": number}, 201)

    def _enter_decision(self, kind: str, asked: DecisionRequest) -> int:
        now_ns = self._loop.now_ns()
        journal = self._loop.journal
        return journal.add_entry(
            kind, asked.body(), author=asked.author, reason=asked.reason, now_ns=now_ns
        )

    async def revoke_decision(self, kind: str, request: Request) -> Response:
        """DELETE /slo/{kind}/{number}?author=…: revoke a decision."""
        author = request.query_params.get("author", "")
        if not author:
            return error_response(400, f"{kind}: query parameter author is required")
        number = request.path_params["number"]
        done = await self._threads.run(partial(self._revoke_entry, kind, number, author))
        if not done:
            return error_response(404, f"{kind}: {number} does not exist or is already revoked")
        return JSONResponse({"number": number})

    def _revoke_entry(self, kind: str, number: int, author: str) -> bool:
        return self._loop.journal.revoke(kind, number, author=author, now_ns=self._loop.now_ns())


def snapshot_response(view: SloSnapshot, found: dict[str, Any]) -> Response:
    """The answer with its freshness; 503 while objectives cannot be evaluated."""
    body = {
        "looked_ns": view.looked_ns,
        "watermark_ns": view.watermark_ns,
        "trouble": view.trouble,
        "faults": {str(path): fault for path, fault in view.faults.items()},
        "unread": view.unread,
        **found,
    }
    return JSONResponse(body, 503 if view.trouble else 200)
