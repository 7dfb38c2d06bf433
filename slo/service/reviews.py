"""Hindsight over HTTP: reports, backtests, and how the objectives of files would stand."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from framegate.slo.judging.status import status_json
from framegate.slo.openslo.files import LARGEST_BYTES
from framegate.slo.openslo.strict_model import fault
from framegate.slo.replay.period_pages import FORMATS, Form
from framegate.slo.replay.period_report import Length, exit_code
from framegate.slo.replay.scenario import Past, incidents_of
from framegate.slo.service.engine import Loop
from framegate.slo.service.guard import Endpoint, Threads, guarded, json_of
from framegate.slo.service.recount import Hindsight
from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import UnavailableError

BODY_LIMIT_BYTES = 2 * LARGEST_BYTES

Found = dict[str, Any]


class Review(BaseModel):
    """What every question may have: files of objectives, by their names; none: the engine's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: Mapping[str, str] = {}


class Judgement(Review):
    documents: Annotated[Mapping[str, str], Field(min_length=1)]


class PeriodReview(Review):
    length: Length
    form: Form = Form.MARKDOWN


class Backtest(Review):
    days: Annotated[int, Field(ge=1, le=400)]
    incidents: tuple[Past, ...] = ()


Asked = TypeVar("Asked", bound=Review)


class Reviews:
    """For those who may read."""

    def __init__(self, loop: Loop, access: Access) -> None:
        self._hindsight = Hindsight(loop)
        self._access = access
        self._threads = Threads(1)  # a review may take all jobs of a month into memory

    def routes(self) -> list[Route]:
        return [
            self._route("judgements", Judgement, self.judged),
            self._route("reports", PeriodReview, self.reported),
            self._route("backtests", Backtest, self.replayed),
        ]

    def _route(self, name: str, kind: type[Asked], review: Callable[[Asked], Found]) -> Route:
        endpoint = guarded(self._access, Scope.READ, answering(kind, review, self._threads))
        return Route(f"/slo/{name}", endpoint, methods=["POST"])

    def judged(self, asked: Judgement) -> Found:
        """POST /slo/judgements: how the objectives of files stand now."""
        found, watermark_ns = self._hindsight.statuses(asked.documents)
        return {"watermark_ns": watermark_ns, "objectives": [status_json(one) for one in found]}

    def reported(self, asked: PeriodReview) -> Found:
        """POST /slo/reports: the last week or month that is over, as text, and an exit code."""
        found = self._hindsight.report(asked.length, asked.documents)
        return {"text": FORMATS[asked.form](found), "code": exit_code(found)}

    def replayed(self, asked: Backtest) -> Found:
        """POST /slo/backtests: whom the newest days would have called."""
        incidents = incidents_of(asked.incidents)
        found = self._hindsight.backtest(asked.days, incidents, asked.documents)
        return {"objectives": [asdict(one) for one in found]}


def answering(kind: type[Asked], review: Callable[[Asked], Found], threads: Threads) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            asked = kind.model_validate(await json_of(request, limit_bytes=BODY_LIMIT_BYTES))
            return JSONResponse(await threads.run(partial(review, asked)))
        except ValidationError as error:
            return PlainTextResponse(fault(error), 400)
        except (UnavailableError, duckdb.Error) as error:
            return PlainTextResponse(str(error), 503)
        except (InputError, ValueError) as error:
            return PlainTextResponse(str(error), 400)

    return answer
