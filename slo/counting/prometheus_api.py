"""Client of the Prometheus HTTP API, also of compatible stores.

prometheus.io/docs/prometheus/latest/querying/api: values are texts, times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
import orjson

from framegate.slo.counting.prometheus_indicator import PrometheusServer
from framegate.slo.counting.series import FloatArray
from framegate.slo.openslo.fields import environment_variable
from framegate.telemetry.client.certificates import verification

TIMEOUT_SECONDS = 30.0
MAX_RESPONSE_BYTES = 256 * 2**20

Labels = tuple[tuple[str, str], ...]


class PrometheusError(Exception):
    """A server did not answer, or its answer is invalid."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One series: labels, ascending times in seconds (n,), and values (n,)."""

    labels: Labels
    times: FloatArray
    values: FloatArray


class PrometheusClient:
    """Sends queries to one server; must be closed."""

    def __init__(self, server: PrometheusServer) -> None:
        token = environment_variable(server.token_env) if server.token_env else None
        self._url = server.url.rstrip("/")
        self._client = httpx.Client(
            timeout=TIMEOUT_SECONDS,
            headers={"authorization": f"Bearer {token}"} if token else {},
            verify=verification(self._url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def samples(self, selector: str, *, first: int, last: int) -> list[Samples]:
        """All raw samples of the series from ``first`` to before ``last``, in seconds."""
        asked = {"query": f"{selector}[{last - first}s]", "time": str(last - 0.001)}
        return [one for one in self._series("query", asked) if len(one.times)]

    def points(self, expression: str, *, first: int, last: int, step: int) -> list[Samples]:
        """The values of an expression from ``first`` to ``last`` in steps, in seconds."""
        asked = {"query": expression, "start": str(first), "end": str(last), "step": str(step)}
        return self._series("query_range", asked)

    def _series(self, path: str, asked: Mapping[str, str]) -> list[Samples]:
        body = self._ask(path, asked)
        try:
            data = body["data"]
            if data["resultType"] != "matrix":
                raise PrometheusError(f"{self._url} returned a {data['resultType']}, not a matrix")
            return [parse_samples(one) for one in data["result"]]
        except (KeyError, TypeError, ValueError) as error:
            raise PrometheusError(f"{self._url} returned an invalid matrix: {error!r}") from error

    def _ask(self, path: str, asked: Mapping[str, str]) -> Any:
        """Raises PrometheusError."""
        url = f"{self._url}/api/v1/{path}"
        try:
            with self._client.stream("POST", url, data=dict(asked)) as answer:
                found = orjson.loads(read_body(answer))
        except (httpx.HTTPError, ValueError) as error:
            raise PrometheusError(f"no answer from {self._url}: {error}") from error
        if not isinstance(found, dict) or found.get("status") != "success":
            reason = found.get("error") if isinstance(found, dict) else None
            raise PrometheusError(f"{self._url} rejected {asked['query']!r}: {reason}")
        return found


def read_body(answer: httpx.Response) -> bytes:
    """The body; raises ValueError if it is too large or not a JSON object."""
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MAX_RESPONSE_BYTES:
            raise ValueError(f"response is larger than {MAX_RESPONSE_BYTES} bytes")
        parts.append(part)
    body = b"".join(parts)
    if not body.lstrip()[:1] == b"{":
        raise ValueError(f"{answer.status_code}: {body[:200].decode(errors='replace')}")
    return body


def parse_samples(raw: Mapping[str, Any]) -> Samples:
    """Raises KeyError, TypeError or ValueError for an invalid series."""
    times = np.array([pair[0] for pair in raw["values"]], np.float64)
    values = np.array([float(pair[1]) for pair in raw["values"]], np.float64)
    return Samples(tuple(sorted(raw["metric"].items())), times, values)
