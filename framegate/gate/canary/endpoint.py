"""GET /gate/standing: a canary's verdict, for deployment tools."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.gate.live import live_evidence
from framegate.quality.gate.canary.canary import judge_canary
from framegate.quality.gate.canary.canary_result import result_json
from framegate.quality.gate.policy.policy import POLICIES, load_policy
from framegate.telemetry.platform.access import Scope
from framegate.telemetry.platform.clock import HOUR_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.http import ThreadLimit, error_response, require_scope
from framegate.telemetry.server.collector import Collector, CollectorExtension
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.named_queries import bind_query
from framegate.telemetry.store.store_result import StoreResult

MAX_CONCURRENT = 2

Name = Annotated[str, Field(min_length=1, max_length=200)]


class CanaryQuery(BaseModel):
    """``policy`` is the name of a built-in policy: callers cannot name files of this machine."""

    model_config = ConfigDict(extra="forbid")

    baseline: Name
    candidate: Name
    policy: str = "live"
    back: Annotated[float, Field(ge=0, le=24 * 400)] = 24.0  # hours


class CanaryEndpoint:
    """The endpoint; a token needs the scope to read."""

    def __init__(self, collector: Collector) -> None:
        self._store = collector.store
        self._threads = ThreadLimit(MAX_CONCURRENT)
        self._access = collector.access

    def routes(self) -> list[Route]:
        return [Route("/gate/standing", require_scope(self._access, Scope.READ, self.get_verdict))]

    async def get_verdict(self, request: Request) -> Response:
        """The canary's verdict on its live scores so far."""
        try:
            query = CanaryQuery.model_validate(dict(request.query_params))
            found = await self._threads.run(lambda: self._judge(query))
        except ValidationError as error:
            first = error.errors()[0]
            return error_response(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except InputError as error:
            return error_response(400, error)
        except (StoreUnavailableError, duckdb.Error) as error:
            return error_response(503, error)
        return JSONResponse(found)

    def _judge(self, query: CanaryQuery) -> Mapping[str, Any]:
        if query.policy not in POLICIES:
            raise InputError(f"policy: {query.policy!r} is not known; known: {', '.join(POLICIES)}")
        rules = load_policy(POLICIES[query.policy]).policy
        since_ns = time.time_ns() - int(query.back * HOUR_NS)
        baseline, candidate = (
            live_evidence(self._query, "store", model, since_ns=since_ns)
            for model in (query.baseline, query.candidate)
        )
        return {"version": 1, **result_json(judge_canary(baseline, candidate, rules))}

    def _query(self, name: str, /, **parameters: str | float) -> StoreResult:
        query, values = bind_query(name, {key: str(value) for key, value in parameters.items()})
        return self._store.read(query, values)


def canary_service(collector: Collector) -> CollectorExtension:
    """The endpoint beside a collector."""
    return CollectorExtension(CanaryEndpoint(collector).routes(), do_nothing, do_nothing)


def do_nothing() -> None:
    """The endpoint has nothing to start or stop."""
