"""HTTP endpoints for reports, backtests and the statuses of objectives in files."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import duckdb
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.slo.judging.status import status_json
from framegate.slo.replay.period_pages import RENDERERS, ReportFormat
from framegate.slo.replay.period_report import PeriodLength, exit_code
from framegate.slo.replay.scenario import RecordedIncident, incidents_by_minute
from framegate.slo.service.engine import SloEngine
from framegate.slo.service.recount import StoreReplay
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
from framegate.telemetry.platform.strict_file import MAX_YAML_BYTES, StrictModel, describe_fault
from framegate.telemetry.store.database import StoreUnavailableError

BODY_LIMIT_BYTES = 2 * MAX_YAML_BYTES

ReviewResult = dict[str, Any]


class ReviewRequest(StrictModel):
    """Files of objectives by their names; none means the engine's own."""

    documents: Mapping[str, str] = {}


class JudgementRequest(ReviewRequest):
    documents: Annotated[Mapping[str, str], Field(min_length=1)]


class ReportRequest(ReviewRequest):
    length: PeriodLength
    form: ReportFormat = ReportFormat.MARKDOWN


class BacktestRequest(ReviewRequest):
    days: Annotated[int, Field(ge=1, le=400)]
    incidents: tuple[RecordedIncident, ...] = ()


AnyReviewRequest = TypeVar("AnyReviewRequest", bound=ReviewRequest)


class ReviewEndpoints:
    """Endpoints that need the scope ``read``."""

    def __init__(self, loop: SloEngine, access: Access) -> None:
        self._replay = StoreReplay(loop)
        self._access = access
        self._threads = ThreadLimit(1)  # a review may take all jobs of a month into memory

    def routes(self) -> list[Route]:
        return [
            self._route("judgements", JudgementRequest, self.judge_specs),
            self._route("reports", ReportRequest, self.report_period),
            self._route("backtests", BacktestRequest, self.backtest_days),
        ]

    def _route(
        self,
        name: str,
        kind: type[AnyReviewRequest],
        review: Callable[[AnyReviewRequest], ReviewResult],
    ) -> Route:
        endpoint = require_scope(
            self._access, Scope.READ, review_endpoint(kind, review, self._threads)
        )
        return Route(f"/slo/{name}", endpoint, methods=["POST"])

    def judge_specs(self, asked: JudgementRequest) -> ReviewResult:
        """POST /slo/judgements: the current statuses of the objectives in files."""
        found, watermark_ns = self._replay.statuses(asked.documents)
        return {"watermark_ns": watermark_ns, "objectives": [status_json(one) for one in found]}

    def report_period(self, asked: ReportRequest) -> ReviewResult:
        """POST /slo/reports: the last full week or month as text, and an exit code."""
        found = self._replay.report(asked.length, asked.documents)
        return {"text": RENDERERS[asked.form](found), "code": exit_code(found)}

    def backtest_days(self, asked: BacktestRequest) -> ReviewResult:
        """POST /slo/backtests: the alerts of the newest days against known incidents."""
        incidents = incidents_by_minute(asked.incidents)
        found = self._replay.backtest(asked.days, incidents, asked.documents)
        return {"objectives": [asdict(one) for one in found]}


def review_endpoint(
    kind: type[AnyReviewRequest],
    review: Callable[[AnyReviewRequest], ReviewResult],
    threads: ThreadLimit,
) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            asked = kind.model_validate(await read_json(request, limit_bytes=BODY_LIMIT_BYTES))
            return JSONResponse(await threads.run(partial(review, asked)))
        except ValidationError as error:
            return error_response(400, describe_fault(error, kind))
        except (StoreUnavailableError, duckdb.Error) as error:
            return error_response(503, error)
        except BodyError as error:
            return error_response(400, f"body {error}")
        except (InputError, ValueError) as error:
            return error_response(400, error)

    return answer
