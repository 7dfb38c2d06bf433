"""A real Prometheus scrapes the collector and evaluates the exported rules beside the engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from framegate.slo.export.prometheus import rules_yaml
from framegate.slo.objectives.objective import load_objectives
from framegate.telemetry.platform.listen import listening_socket
from framegate.telemetry.signals.names import JobState
from tests.processes import Mortal
from tests.prometheus import Prometheus, running_prometheus
from tests.slo.live_collector import run, send_jobs, until
from tests.slo.specs import write

GOOD, BAD = 40, 25


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    write(folder, "calm", target="0.5")
    write(folder, "burning", target="0.99")
    return folder


@pytest.fixture
def collector(tmp_path: Path, specs: Path) -> Iterator[Mortal]:
    with listening_socket("127.0.0.1", 0) as listening:
        collector = Mortal(tmp_path / "store", listening, ("--slo", str(specs)))
        yield collector
        collector.process.terminate()
        collector.process.wait(timeout=30)


@pytest.fixture
def prometheus(tmp_path: Path, specs: Path, collector: Mortal) -> Iterator[Prometheus]:
    rules = rules_yaml(load_objectives(sorted(specs.iterdir())))
    folder = tmp_path / "prometheus"
    with running_prometheus(folder, {"collector": collector.url}, rules=rules) as running:
        yield running


def counted(prometheus: Prometheus) -> dict[tuple[str, str], float]:
    """What Prometheus has scraped of the engine's counters, by objective and verdict."""
    found = prometheus.get("query", query="framegate_slo_events_total")["result"]
    return {
        (one["metric"]["slo"], one["metric"]["verdict"]): float(one["value"][1]) for one in found
    }


def fire(prometheus: Prometheus) -> set[tuple[str, str]]:
    found = prometheus.get("alerts")["alerts"]
    return {
        (one["labels"]["slo"], one["labels"]["severity"])
        for one in found
        if one["state"] == "firing"
    }


def engines(collector: Mortal) -> set[tuple[str, str]]:
    found: Any = httpx.get(f"{collector.url}/slo/alerts").json()["alerts"]
    return {(one["objective"], one["severity"]) for one in found if one["phase"] == "firing"}


def test_the_same_is_counted_and_the_same_alerts_fire(
    collector: Mortal, prometheus: Prometheus
) -> None:
    def judged() -> dict[str, Any]:
        shown = run("report", "--collector", collector.url, "--json")
        return {one["name"]: one["counts"] for one in json.loads(shown.stdout)["objectives"]}

    # What was before the first scrape tells nothing; the counters are there, at 0, from the start.
    until(lambda: counted(prometheus), lambda found: len(found) == 4 and not any(found.values()))
    assert not engines(collector)
    send_jobs(collector.url, GOOD, JobState.COMPLETE, "good")
    send_jobs(collector.url, BAD, JobState.FAILED, "bad")
    expected = {
        (name, verdict): float(count)
        for name in ("calm", "burning")
        for verdict, count in (("good", GOOD), ("bad", BAD))
    }
    until(lambda: counted(prometheus), lambda found: found == expected)
    for counts in judged().values():
        assert (counts["good"], counts["bad"]) == (GOOD, BAD)
    firing = until(lambda: engines(collector), lambda found: len(found) == 2)
    assert firing == {("burning", "page"), ("burning", "ticket")}
    assert until(lambda: fire(prometheus), lambda found: len(found) == 2) == firing
    (ratio,) = prometheus.until("query", query='slo:sli_error:ratio_rate5m{sloth_slo="burning"}')
    assert float(ratio["value"][1]) == pytest.approx(BAD / (GOOD + BAD), rel=0.02)
