"""How every other process asks the collector: queries, leases, and the SLO engine beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import pyarrow as pa
import pyarrow.ipc

from framegate.telemetry.client.certificates import verification
from framegate.telemetry.client.collector_url import COLLECTOR_VARIABLE, collector_url
from framegate.telemetry.client.records import ClientOutcome, Job, Score, Span
from framegate.telemetry.platform.access import authorization_headers
from framegate.telemetry.platform.errors import InputError

ARROW_STREAM = "application/vnd.apache.arrow.stream"
TIMEOUT_SECONDS = 30.0
REVIEW_TIMEOUT_SECONDS = 600.0  # a report or a backtest may read all that is stored
NOT_FOUND = "Not Found"  # Starlette's answer for a path that it does not have

Record = TypeVar("Record", Job, Score, ClientOutcome, Span)


class CollectorUnavailableError(ConnectionError):
    """The collector cannot be reached, or cannot answer now; the same request may work later."""


class NoEngineError(InputError):
    """No SLO engine is running beside the collector."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of one named query, and how fresh they are.

    ``table`` is an Arrow table with one column for each field of the matching record.
    ``commit`` is the number of the collector's newest commit; it starts at 1 with each start.
    ``watermark_ns`` is the newest event time stored, None for an empty store, and ``read_ns`` the
    collector's clock when it read the rows: both in Unix nanoseconds.
    ``truncated``: the limit cut rows off.
    """

    table: pa.Table
    commit: int
    watermark_ns: int | None
    read_ns: int
    truncated: bool


class CollectorClient:
    """Asks one collector; safe to share between threads.

    Without ``url``, asks the collector that the variable FRAMEGATE_COLLECTOR or, when that is not
    set, OTEL_EXPORTER_OTLP_ENDPOINT names; without either, http://127.0.0.1:4318.
    Sends ``token`` or, without one, the token of the variable FRAMEGATE_TOKEN if that is set.

    Every method raises InputError for a request that the collector rejects, which includes a
    missing or wrong token, and CollectorUnavailableError when it cannot be reached or cannot
    answer within ``timeout_seconds``.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.url = collector_url(url)
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout_seconds,
            headers=authorization_headers(token),
            verify=verification(self.url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def query(self, name: str, /, **parameters: str | float) -> QueryResult:
        """Rows of the named query; an unknown name or parameter raises InputError.

        A result that was cut off raises InputError too, unless the caller set ``limit``: half of
        the rows must not pass for all of them.
        """
        headers = {"accept": ARROW_STREAM}
        response = self._request("GET", f"/query/{name}", params=parameters, headers=headers)
        truncated = "framegate-truncated" in response.headers
        if truncated and "limit" not in parameters:
            raise InputError(
                f"query {name!r} has more rows than the limit; set limit or a shorter time range"
            )
        watermark = response.headers.get("framegate-watermark")
        return QueryResult(
            table=pa.ipc.open_stream(response.content).read_all(),
            commit=int(response.headers["framegate-commit"]),
            watermark_ns=int(watermark) if watermark else None,
            read_ns=int(response.headers["framegate-read"]),
            truncated=truncated,
        )

    def jobs(self, **parameters: str | float) -> list[Job]:
        """Jobs by time of submission.

        Parameters: since_ns, until_ns (Unix nanoseconds, of submission), state, model, job_id,
        limit.
        """
        return records_from_table(Job, self.query("jobs", **parameters).table)

    def unscored_jobs(self, **parameters: str | float) -> list[Job]:
        """Complete jobs that have a clip and no score yet, oldest first; since_ns, limit."""
        return records_from_table(Job, self.query("unscored", **parameters).table)

    def scores(self, **parameters: str | float) -> list[Score]:
        """One record for each metric of each scored clip.

        Parameters: since_ns, until_ns (Unix nanoseconds, of scoring), metric, model, job_id,
        limit.
        """
        return records_from_table(Score, self.query("scores", **parameters).table)

    def client_outcomes(self, **parameters: str | float) -> list[ClientOutcome]:
        """What viewers measured; parameters: since_ns, until_ns (Unix nanoseconds), limit."""
        return records_from_table(ClientOutcome, self.query("client_outcomes", **parameters).table)

    def spans(self, **parameters: str | float) -> list[Span]:
        """Spans in order of start; parameters: trace_id or job_id, since_ns, limit."""
        return records_from_table(Span, self.query("spans", **parameters).table)

    def wait_for_commit(self, after: int, *, timeout_seconds: float = 10.0) -> int:
        """The newest commit's number, as soon as it is above ``after`` or the time is up."""
        response = self._request(
            "GET",
            "/commits",
            params={"after": after, "timeout_seconds": timeout_seconds},
            timeout=timeout_seconds + 10.0,
        )
        return int(response.json()["commit"])

    def lease(
        self, holder: str, names: Sequence[str], *, seconds: float, most: int | None = None
    ) -> list[str]:
        """Reserve names for ``holder``, and nobody else, for so many seconds from now.

        Returns the names granted: in the order given, at most ``most``. A name that ``holder``
        already has is granted again for the new time; 0 seconds gives names back.
        """
        ask: dict[str, Any] = {"holder": holder, "names": list(names), "seconds": seconds}
        body = ask if most is None else ask | {"most": most}
        return list(self._request("POST", "/leases", json=body).json()["held"])

    def get_slo(self, path: str, **parameters: str | float) -> Mapping[str, Any]:
        """GET /slo/PATH as JSON; raises NoEngineError when no SLO engine is running there."""
        return self._request_slo("GET", path, params=parameters or None)

    def post_slo(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """POST JSON to /slo/PATH; raises NoEngineError when no SLO engine is running there."""
        return self._request_slo("POST", path, json=body)

    def post_slo_review(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As ``post_slo``, for requests that read all that is stored: waits up to ten minutes."""
        return self._request_slo("POST", path, json=body, timeout=REVIEW_TIMEOUT_SECONDS)

    def delete_slo(self, path: str, **parameters: str) -> Mapping[str, Any]:
        """DELETE /slo/PATH; raises NoEngineError when no SLO engine is running there."""
        return self._request_slo("DELETE", path, params=parameters or None)

    def _request_slo(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        response = self._send(method, f"/slo/{path}", **more)
        if response.status_code == 404 and response.text == NOT_FOUND:
            raise NoEngineError(f"no SLO engine is running beside the collector at {self.url}")
        self._raise_for_status(response)
        found: dict[str, Any] = response.json()
        return found

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self._send(method, path, **more)
        if response.status_code == 404:  # a framegate collector has all of these paths
            raise InputError(
                f"{self.url} is not a framegate collector: it has no {path}; "
                f"set {COLLECTOR_VARIABLE} to the URL of one"
            )
        self._raise_for_status(response)
        return response

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.TransportError as error:
            message = f"cannot reach the collector at {self.url}: {error}"
            raise CollectorUnavailableError(message) from error

    def _raise_for_status(self, response: httpx.Response) -> None:
        if response.is_client_error:
            raise InputError(f"the collector at {self.url}: {response.text}")
        if not response.is_success:
            status = response.status_code
            raise CollectorUnavailableError(
                f"the collector at {self.url} answered {status}: {response.text}"
            )


def records_from_table(kind: type[Record], table: pa.Table) -> list[Record]:
    """The table's rows as frozen records; columns the record does not have are left out."""
    columns = [table.column(field.name).to_pylist() for field in fields(kind)]
    return [kind(*row) for row in zip(*columns, strict=True)]
