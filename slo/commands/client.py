"""Requests of the commands to a running SLO engine, and the decisions that people send to it."""

import getpass
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framegate.slo.openslo.fields import duration_minutes, unix_ns
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.platform.clock import MINUTE_NS
from framegate.telemetry.platform.errors import InputError


class SloClient:
    """The SLO engine beside a collector, for commands that ask it once; see CollectorClient."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url

    def get(self, path: str) -> Mapping[str, Any]:
        with CollectorClient(self._url) as client:
            return client.get_slo(path)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with CollectorClient(self._url) as client:
            return client.post_slo(path, body)

    def delete(self, path: str, **parameters: str) -> Mapping[str, Any]:
        with CollectorClient(self._url) as client:
            return client.delete_slo(path, **parameters)

    def post_review(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As ``post``, for requests that read all that is stored."""
        with CollectorClient(self._url) as client:
            return client.post_slo_review(path, body)


def read_texts(paths: Iterable[Path]) -> dict[str, str]:
    """The text of each file by its name; raises InputError for an unreadable file."""
    try:
        return {str(path): path.read_text() for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"objectives: {error}") from error


def decision_body(labels: list[str], length: str, reason: str, author: str) -> Mapping[str, Any]:
    """The body of a decision that starts now; raises InputError naming what is wrong."""
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
    """The body of a decision with start and end; raises InputError naming what is wrong."""
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
    """Labels from texts of the form ``name=value``."""
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
    """The login name of the current user, for the author of a decision."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
