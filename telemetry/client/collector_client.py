"""How every other process asks the collector."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import pyarrow as pa
import pyarrow.ipc

from framegate.telemetry.client.records import ClientOutcome, Job, Score, Span
from framegate.telemetry.platform.access import authorization_headers
from framegate.telemetry.platform.errors import InputError

ARROW_STREAM = "application/vnd.apache.arrow.stream"
DEFAULT_URL = "http://127.0.0.1:4318"

Record = TypeVar("Record", Job, Score, ClientOutcome, Span)


class CollectorUnavailableError(ConnectionError):
    """The collector did not answer, or answered that it cannot."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of one named query, and how fresh they are.

    ``commit`` counts the collector's commits, ``watermark_ns`` is the newest event time it has
    stored (None when it has stored nothing), ``read_ns`` its clock when it read the rows;
    ``truncated``: there are more rows than the limit let through.
    """

    table: pa.Table
    commit: int
    watermark_ns: int | None
    read_ns: int
    truncated: bool


class CollectorClient:
    """Asks one collector; safe to share between threads.

    Sends the token of the variable FRAMEGATE_TOKEN if there is one.
    """

    def __init__(self, url: str | None = None, *, timeout_seconds: float = 30.0) -> None:
        self.url = url or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_URL
        self._http = httpx.Client(
            base_url=self.url, timeout=timeout_seconds, headers=authorization_headers()
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

        So does an answer that was cut short, unless the caller set its limit: half of the rows
        must not pass for all of them.
        """
        with self._translate_transport_errors():
            response = self._http.get(
                f"/query/{name}", params=parameters, headers={"accept": ARROW_STREAM}
            )
        self._raise_for_status(response)
        truncated = "framegate-truncated" in response.headers
        if truncated and "limit" not in parameters:
            raise InputError(f"query {name!r} has more rows than one answer holds: ask for less")
        watermark = response.headers.get("framegate-watermark")
        return QueryResult(
            table=pa.ipc.open_stream(response.content).read_all(),
            commit=int(response.headers["framegate-commit"]),
            watermark_ns=int(watermark) if watermark else None,
            read_ns=int(response.headers["framegate-read"]),
            truncated=truncated,
        )

    def jobs(self, **parameters: str | float) -> list[Job]:
        """Parameters: since_ns, until_ns (of submission), state, model, job_id, limit."""
        return records_from_table(Job, self.query("jobs", **parameters).table)

    def unscored_jobs(self, **parameters: str | float) -> list[Job]:
        """Complete jobs that have a clip and no evaluation yet, oldest first; since_ns, limit."""
        return records_from_table(Job, self.query("unscored", **parameters).table)

    def scores(self, **parameters: str | float) -> list[Score]:
        """Parameters: since_ns, until_ns (of scoring), metric, model, job_id, limit."""
        return records_from_table(Score, self.query("scores", **parameters).table)

    def client_outcomes(self, **parameters: str | float) -> list[ClientOutcome]:
        """Parameters: since_ns, until_ns, limit."""
        return records_from_table(ClientOutcome, self.query("client_outcomes", **parameters).table)

    def spans(self, **parameters: str | float) -> list[Span]:
        """Spans in order of start; parameters: trace_id or job_id, since_ns, limit."""
        return records_from_table(Span, self.query("spans", **parameters).table)

    def wait_for_commit(self, after: int, *, timeout_seconds: float = 10.0) -> int:
        """The newest commit's number, as soon as it is above ``after`` or the time is up."""
        with self._translate_transport_errors():
            response = self._http.get(
                "/commits",
                params={"after": after, "timeout_seconds": timeout_seconds},
                timeout=timeout_seconds + 10.0,
            )
        self._raise_for_status(response)
        return int(response.json()["commit"])

    def lease(
        self, holder: str, names: Sequence[str], *, seconds: float, most: int | None = None
    ) -> list[str]:
        """The names that only ``holder`` has for so many seconds from now; 0 gives them back.

        Asks in order, up to ``most`` of them; what it has already is prolonged.
        """
        ask: dict[str, Any] = {"holder": holder, "names": list(names), "seconds": seconds}
        with self._translate_transport_errors():
            response = self._http.post(
                "/leases", json=ask if most is None else ask | {"most": most}
            )
        self._raise_for_status(response)
        return list(response.json()["held"])

    def _raise_for_status(self, response: httpx.Response) -> None:
        if response.is_client_error:
            raise InputError(f"the collector at {self.url}: {response.text}")
        if not response.is_success:
            raise CollectorUnavailableError(
                f"{self.url} answered {response.status_code}: {response.text}"
            )

    @contextmanager
    def _translate_transport_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            message = f"no answer from the collector at {self.url}: {error}"
            raise CollectorUnavailableError(message) from error


def records_from_table(kind: type[Record], table: pa.Table) -> list[Record]:
    """The table's rows as frozen records; columns the record does not have are left out."""
    columns = [table.column(field.name).to_pylist() for field in fields(kind)]
    return [kind(*row) for row in zip(*columns, strict=True)]
