"""Questions that look back: over any relation, for those who may read, of the store alone."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.local.slo_engine import slo_service
from framegate.telemetry.platform.access import Access, Scope, token_digest
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.conftest import RunningCollector, serving
from tests.slo.prometheus_spec import SPEC as ASKING

SPANS = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: uploads
  annotations: {framegate/owner: me, framegate/runbook: none, framegate/reason: because}
spec:
  service: video-generation
  indicator:
    metadata: {name: uploads}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: framegate, spec: {where: "status = 2"}}}
        total:
          metricSource:
            type: framegate
            spec: {from: spans, where: "name = 'video.upload'"}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.5}]
"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["slo", "report", *arguments])
    return result.exit_code, result.output


def upload(collector: RunningCollector, count: int) -> None:
    telemetry = start_telemetry("generator", endpoint=collector.url)
    for _ in range(count):
        telemetry.tracer.start_span(names.SPAN_UPLOAD).end()
    telemetry.shutdown()


def test_files_are_judged_over_any_relation(
    judged_collector: RunningCollector, tmp_path: Path
) -> None:
    path = tmp_path / "uploads.yaml"
    path.write_text(SPANS)
    where = (str(path), "--collector", judged_collector.url)
    assert run(*where)[0] == 3
    upload(judged_collector, 4)
    code, text = run(*where, "--json")
    assert code == 0
    (found,) = json.loads(text)["objectives"]
    assert (found["name"], found["counts"]["good"]) == ("uploads", 4)


ASKS = ASKING.format(url="http://127.0.0.1:1", counter="true", bad="a", total="b")


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("judgements", {}, "documents: Field required"),
        ("judgements", {"documents": {}}, "documents: "),
        ("judgements", {"documents": {"a": ""}}, "no objectives in a"),
        ("judgements", {"documents": {"a": "{"}}, "a:1: while parsing"),
        (
            "judgements",
            {"documents": {"a": SPANS.replace("status", "stat")}},
            "unknown column 'stat'",
        ),
        ("judgements", {"documents": {"a": ASKS}}, "Prometheus indicators are allowed only"),
        ("judgements", {"documents": {"a": SPANS}, "more": 1}, "more: unknown key"),
        ("reports", {"length": "year"}, "length: "),
        ("reports", {"length": "week", "form": "pdf"}, "form: "),
        ("backtests", {"days": 0}, "days: "),
        ("backtests", {"days": 1, "incidents": [{"name": "a"}]}, "incidents.0.start: "),
    ],
)
def test_what_cannot_be_asked_is_said(
    judged_collector: RunningCollector, path: str, body: Mapping[str, Any], message: str
) -> None:
    answer = httpx.post(f"{judged_collector.url}/slo/{path}", json=body)
    assert answer.status_code == 400
    assert message in answer.text


def test_a_body_without_end_is_refused(judged_collector: RunningCollector) -> None:
    much = json.dumps({"documents": {"a": " " * 20_000_000}}).encode()
    for body in (much, b"[" * 100_000, b"\xff"):
        assert httpx.post(f"{judged_collector.url}/slo/judgements", content=body).status_code == 400


def test_only_those_who_may_read_may_ask(tmp_path: Path) -> None:
    tokens = {Scope.READ: "r" * 20, Scope.INGEST: "i" * 20}
    access = Access({token_digest(token): frozenset({scope}) for scope, token in tokens.items()})
    receiver = Collector(tmp_path / "store", access=access)
    judge = slo_service(receiver, specs=None, notify=None)
    with serving(application(receiver, judge)) as url:
        codes = {}
        for scope in (None, *tokens):
            headers = {"authorization": f"Bearer {tokens[scope]}"} if scope else {}
            for path in ("judgements", "reports", "backtests"):
                answer = httpx.post(f"{url}/slo/{path}", json={}, headers=headers)
                codes[scope, path] = answer.status_code
    assert {code for (scope, _), code in codes.items() if scope is None} == {401}
    assert {code for (scope, _), code in codes.items() if scope is Scope.INGEST} == {403}
    assert {code for (scope, _), code in codes.items() if scope is Scope.READ} == {400}


def test_a_correction_holds_in_hindsight(
    judged_collector: RunningCollector, tmp_path: Path
) -> None:
    """A day of failures that was nobody's fault is not in a backtest's budget."""
    path = tmp_path / "jobs.yaml"
    path.write_text(
        SPANS.replace("from: spans, where: \"name = 'video.upload'\"", 'where: "TRUE"')
        .replace("status = 2", "state = 'failed'")
        .replace("duration: 1d", "duration: 30d")
    )
    now_ns = time.time_ns()
    telemetry = start_telemetry("generator", endpoint=judged_collector.url)
    for number, state in enumerate([JobState.COMPLETE] * 10 + [JobState.FAILED] * 10):
        then_ns = now_ns - (5 if state is JobState.FAILED else 2) * 3600 * 10**9
        telemetry.event(
            names.EVENT_JOB_STATE,
            {names.JOB_ID: f"j{number}", names.JOB_STATE: state.value},
            timestamp_ns=then_ns,
        )
    telemetry.event(names.EVENT_JOB_STATE, {names.JOB_ID: "n", names.JOB_STATE: "queued"})
    telemetry.shutdown()
    asked = {"days": 1, "documents": {"jobs": path.read_text()}}
    (before,) = httpx.post(f"{judged_collector.url}/slo/backtests", json=asked).json()["objectives"]
    assert before["budget_left"] == pytest.approx(1 - (10 / 21) / 0.5)
    correction = {
        "labels": {"slo": "uploads"},
        "start_ns": now_ns - 6 * 3600 * 10**9,
        "end_ns": now_ns - 4 * 3600 * 10**9,
        "author": "me",
        "reason": "a test",
    }
    assert httpx.post(f"{judged_collector.url}/slo/corrections", json=correction).status_code == 201
    (after,) = httpx.post(f"{judged_collector.url}/slo/backtests", json=asked).json()["objectives"]
    assert after["budget_left"] == 1.0
