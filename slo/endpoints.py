"""The loop over HTTP, beside the collector's own endpoints."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from slo.documents import fault
from slo.loop import Loop, View
from slo.messages import as_json
from slo.scoreboard import status_json
from slo.silences import KIND
from telemetry.access import Access, AccessError, Scope, challenge

BODY_LIMIT_BYTES = 65_536
LONGEST_SILENCE_NS = 366 * 86_400 * 10**9

Endpoint = Callable[[Request], Awaitable[Response]]
Word = Annotated[str, Field(min_length=1, max_length=1_000)]


class AskedSilence(BaseModel):
    """A silence as it is asked for; labels must match exactly, times are Unix nanoseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Annotated[dict[Word, str], Field(min_length=1, max_length=20)]
    start_ns: Annotated[int, Field(ge=0, lt=2**63)]
    end_ns: Annotated[int, Field(ge=0, lt=2**63)]
    author: Word
    reason: Word


class Endpoints:
    """Reading for those who may read, changing for those who may operate."""

    def __init__(self, loop: Loop, access: Access) -> None:
        self._loop = loop
        self._access = access

    def routes(self) -> Sequence[Route]:
        return [
            Route("/slo/objectives", self._for(Scope.READ, self.objectives)),
            Route("/slo/alerts", self._for(Scope.READ, self.alerts)),
            Route("/slo/silences", self._for(Scope.READ, self.silences)),
            Route("/slo/silences", self._for(Scope.OPERATE, self.silence), methods=["POST"]),
            Route(
                "/slo/silences/{number:int}",
                self._for(Scope.OPERATE, self.revoke),
                methods=["DELETE"],
            ),
        ]

    def _for(self, scope: Scope, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            try:
                self._access.check(request.headers.get("authorization"), scope)
            except AccessError as error:
                return PlainTextResponse(str(error), error.status, challenge(error.status))
            return await endpoint(request)

        return guarded

    async def objectives(self, _: Request) -> Response:
        """GET /slo/objectives: every objective's status, judged now."""
        view = await run_in_threadpool(self._loop.fresh)
        return answer(view, {"objectives": [status_json(item) for item in view.statuses]})

    async def alerts(self, _: Request) -> Response:
        """GET /slo/alerts: what fires, and what was resolved just now."""
        view = await run_in_threadpool(self._loop.fresh)
        shown = [as_json(alert, ends_ns=view.looked_ns) for alert in view.alerts]
        return answer(view, {"alerts": shown})

    async def silences(self, _: Request) -> Response:
        """GET /slo/silences: all of them, also those over or taken back."""
        entries = await run_in_threadpool(self._loop.journal.entries, KIND)
        return JSONResponse(
            {
                "silences": [
                    {
                        **entry.body,
                        "number": entry.number,
                        "author": entry.author,
                        "reason": entry.reason,
                        "made_ns": entry.made_ns,
                        "revoked_ns": entry.revoked_ns,
                        "revoked_by": entry.revoked_by,
                    }
                    for entry in entries
                ]
            }
        )

    async def silence(self, request: Request) -> Response:
        """POST /slo/silences: tell nobody of alerts with these labels for a while."""
        try:
            asked = AskedSilence.model_validate(await small_json(request))
        except ValidationError as error:
            return PlainTextResponse(f"silence: {fault(error)}", 400)
        except ValueError as error:
            return PlainTextResponse(f"silence: {error}", 400)
        if not 0 < asked.end_ns - asked.start_ns <= LONGEST_SILENCE_NS:
            return PlainTextResponse("silence: it must end after its start, within a year", 400)
        body = asked.model_dump(include={"labels", "start_ns", "end_ns"})
        number = await run_in_threadpool(self._enter, body, asked)
        return JSONResponse({"number": number}, 201)

    def _enter(self, body: dict[str, Any], asked: AskedSilence) -> int:
        return self._loop.journal.enter(
            KIND, body, author=asked.author, reason=asked.reason, now_ns=self._loop.now_ns()
        )

    async def revoke(self, request: Request) -> Response:
        """DELETE /slo/silences/{number}?author=…: take one back."""
        author = request.query_params.get("author", "")
        if not author:
            return PlainTextResponse("silence: author is missing", 400)
        number = request.path_params["number"]
        done = await run_in_threadpool(self._revoke, number, author)
        return JSONResponse({"number": number}) if done else PlainTextResponse("none such", 404)

    def _revoke(self, number: int, author: str) -> bool:
        return self._loop.journal.revoke(KIND, number, author=author, now_ns=self._loop.now_ns())


def answer(view: View, found: dict[str, Any]) -> Response:
    """With how fresh it is; 503 while nothing can be judged."""
    body = {
        "looked_ns": view.looked_ns,
        "watermark_ns": view.watermark_ns,
        "trouble": view.trouble,
        "faults": {str(path): fault for path, fault in view.faults.items()},
        **found,
    }
    return JSONResponse(body, 503 if view.trouble else 200)


async def small_json(request: Request) -> Any:
    """Raises ValueError for what is no JSON, or too much."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            raise ValueError(f"more than {BODY_LIMIT_BYTES} bytes")
    try:
        return json.loads(body)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
