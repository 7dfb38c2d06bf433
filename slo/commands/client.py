"""What a person asks a running engine for, and tells it: over HTTP."""

import getpass
import os
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from framegate.slo.openslo.periods import duration_minutes, unix_ns
from framegate.telemetry.client.collector_client import DEFAULT_URL, CollectorUnavailableError
from framegate.telemetry.platform.access import authorization_headers
from framegate.telemetry.platform.errors import InputError

MINUTE_NS = 60 * 10**9
TIMEOUT_SECONDS, REVIEW_SECONDS = 30.0, 600.0
NOT_FOUND = "Not Found"  # what Starlette says of a path that it does not have


class NoEngineError(InputError):
    """The collector has no SLO engine beside it."""


class SloClient:
    """The SLO engine beside a collector."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_URL

    def get(self, path: str) -> Mapping[str, Any]:
        return self._request("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._request("POST", path, json=body)

    def delete(self, path: str, **parameters: str) -> Mapping[str, Any]:
        return self._request("DELETE", path, params=parameters)

    def post_review(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for what takes a reading of all that is stored."""
        return self._request("POST", path, json=body, timeout=REVIEW_SECONDS)

    def _request(
        self, method: str, path: str, timeout: float = TIMEOUT_SECONDS, **more: Any
    ) -> Mapping[str, Any]:
        """Raises InputError for what is refused, CollectorUnavailableError when nothing answers."""
        try:
            answer = httpx.request(
                method,
                f"{self.url}/slo/{path}",
                headers=authorization_headers(),
                timeout=timeout,
                **more,
            )
        except httpx.TransportError as error:
            message = f"no answer from the collector at {self.url}: {error}"
            raise CollectorUnavailableError(message) from error
        if answer.status_code == 404 and answer.text == NOT_FOUND:
            raise NoEngineError(f"the collector at {self.url} judges no objectives")
        if answer.is_client_error:
            raise InputError(f"the collector at {self.url}: {answer.text}")
        if not answer.is_success:
            raise CollectorUnavailableError(
                f"{self.url} answered {answer.status_code}: {answer.text}"
            )
        found: dict[str, Any] = answer.json()
        return found


def read_texts(paths: Iterable[Path]) -> dict[str, str]:
    """What files hold, by name; raises InputError for one that cannot be read."""
    try:
        return {str(path): path.read_text() for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"objectives: {error}") from error


def decision_body(labels: list[str], length: str, reason: str, author: str) -> Mapping[str, Any]:
    """A decision from now on; raises InputError naming what is wrong."""
    now_ns = time.time_ns()
    return {
        "labels": parse_labels(labels),
        "start_ns": now_ns,
        "end_ns": now_ns + parse_minutes(length) * MINUTE_NS,
        "author": author or current_user(),
        "reason": reason,
    }


def scheduled_decision_body(
    labels: list[str], start: str, end: str, reason: str, author: str
) -> Mapping[str, Any]:
    """A decision for a time; raises InputError naming what is wrong."""
    return {
        "labels": parse_labels(labels),
        "start_ns": parse_instant(start),
        "end_ns": parse_instant(end),
        "author": author or current_user(),
        "reason": reason,
    }


def parse_instant(text: str) -> int:
    """Unix nanoseconds of an ISO 8601 time; one without a zone is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"time {text!r}: {error}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return unix_ns(moment)


def parse_labels(texts: list[str]) -> dict[str, str]:
    """Of ``name=value`` each."""
    pairs = [text.partition("=") for text in texts]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise InputError(f"label {name!r}: must be name=value")
    return {name: value for name, _, value in pairs}


def parse_minutes(text: str) -> int:
    try:
        return duration_minutes(text)
    except ValueError as error:
        raise InputError(f"{text!r}: {error}") from error


def current_user() -> str:
    """Who asks, as far as this machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
