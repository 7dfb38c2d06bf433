"""Real processes: a collector whose alert arrives in a real Alertmanager, and outlives SIGKILL."""

import getpass
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from framegate.local.slo_engine import slo_service
from framegate.telemetry.platform.listen import listening_socket
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.signals.names import JobState
from tests.conftest import RunningCollector, running
from tests.processes import Mortal
from tests.prometheus import running_alertmanager
from tests.slo.live_collector import run, send_jobs, until
from tests.slo.receivers import receiving
from tests.slo.specs import write


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    with receiving() as pager:
        config = {
            "route": {
                "receiver": "pager",
                "group_by": ["service"],
                "group_wait": "1s",
                "group_interval": "1s",
            },
            "receivers": [{"name": "pager", "webhook_configs": [{"url": pager.url}]}],
        }
        with running_alertmanager(tmp_path / "alertmanager", config) as url:
            yield url


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """Two objectives that page."""
    specs = tmp_path / "specs"
    specs.mkdir()
    for name in ("one", "two"):
        path = write(specs, name, target="0.9")
        simple = "    framegate/alerting: simple\n    framegate/owner"
        path.write_text(path.read_text().replace("    framegate/owner", simple))
    return specs


@pytest.fixture
def served(tmp_path: Path, specs: Path) -> Iterator[RunningCollector]:
    """A collector in this process that tells nobody."""
    receiver = Collector(tmp_path / "store")
    engine = slo_service(receiver, specs=[specs], notify=None)
    with running(application(receiver, engine)) as started:
        yield started


@pytest.fixture
def collector(tmp_path: Path, specs: Path, alertmanager: str) -> Iterator[Mortal]:
    notify = tmp_path / "notify.yaml"
    target = {"kind": "alertmanager", "name": "ours", "url": alertmanager}
    notify.write_text(yaml.safe_dump({"targets": [target]}))
    options = ("--slo", str(specs), "--notify", str(notify))
    with listening_socket("127.0.0.1", 0) as listening:
        collector = Mortal(tmp_path / "store", listening, options)
        yield collector
        collector.process.terminate()
        assert collector.process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_an_alert_arrives_groups_outlives_a_kill_and_resolves(
    collector: Mortal, alertmanager: str
) -> None:
    def active() -> Any:
        return httpx.get(f"{alertmanager}/api/v2/alerts", params={"active": "true"}).json()

    send_jobs(collector.url, 30, JobState.FAILED, "bad")
    alerts = until(active, lambda found: len(found) == 2)
    assert {alert["labels"]["slo"] for alert in alerts} == {"one", "two"}
    assert {alert["labels"]["severity"] for alert in alerts} == {"page"}
    assert "30 of 30 jobs bad in 1 h" in alerts[0]["annotations"]["summary"]
    assert "Example: job bad" in alerts[0]["annotations"]["description"]
    assert alerts[0]["annotations"]["runbook_url"] == "docs/runbooks/jobs-fail.md"
    (group,) = httpx.get(f"{alertmanager}/api/v2/alerts/groups").json()
    assert (group["labels"], len(group["alerts"])) == ({"service": "video-generation"}, 2)

    collector.kill()
    collector.start()
    shown = run("alerts", "--collector", collector.url, "--json")
    assert shown.exit_code == 1, shown.stderr
    since = {alert["since_ns"] for alert in json.loads(shown.stdout)["alerts"]}
    assert {int(time_ns // 1e9) for time_ns in since} == {
        int(time.mktime(time.strptime(alert["startsAt"][:19], "%Y-%m-%dT%H:%M:%S"))) - time.timezone
        for alert in active()
    }

    send_jobs(collector.url, 100, JobState.COMPLETE, "good")
    until(active, lambda found: not found)
    text = httpx.get(f"{collector.url}/metrics").text
    assert "framegate_slo_jobs 130.0" in text
    assert 'framegate_slo_good_events{service="video-generation",slo="one"} 100.0' in text
    assert (
        'framegate_slo_alerts{condition="page",phase="resolved",service="video-generation",'
        'severity="page",slo="one"} 1.0' in text
    )


def test_the_commands_show_alerts_and_silence_them(served: RunningCollector) -> None:
    where = ("--collector", served.url)
    nothing = run("alerts", *where)
    assert (nothing.exit_code, nothing.stdout) == (3, "No alerts are firing.\n")
    send_jobs(served.url, 30, JobState.FAILED, "bad")
    shown = run("alerts", *where)
    assert shown.exit_code == 1
    assert "one: 30 of 30 jobs bad in 1 h: burn rate 10," in shown.stdout
    assert max(map(len, shown.stdout.splitlines()[:5])) <= 80
    number = run("silence", "slo=one", "--for", "1h", "--reason", "a test", *where).stdout.strip()
    second = run("silence", "slo=two", "--for", "1h", "--reason", "a test", *where)
    assert second.exit_code == 0, second.stderr
    assert run("alerts", *where).exit_code == 0
    listed = json.loads(run("silences", "--json", *where).stdout)["silences"]
    assert [(one["labels"], one["reason"]) for one in listed] == [
        ({"slo": "one"}, "a test"),
        ({"slo": "two"}, "a test"),
    ]
    assert run("unsilence", number, *where).exit_code == 0
    assert run("unsilence", number, *where).exit_code == 2
    assert run("alerts", *where).exit_code == 1
    for wrong in (("slo", "--for", "1h"), ("slo=one", "--for", "1 h"), ("slo=one", "--for", "1M")):
        refused = run("silence", *wrong, "--reason", "x", *where)
        assert refused.exit_code == 2
        assert refused.stderr.count("\n") == 1


def test_the_gate_shows_and_bypasses(served: RunningCollector) -> None:
    where = ("--collector", served.url)
    assert run("gate", *where).exit_code == 3
    send_jobs(served.url, 60, JobState.FAILED, "bad")
    send_jobs(served.url, 60, JobState.COMPLETE, "good")
    stopped = run("gate", *where)
    assert (stopped.exit_code, stopped.stdout.split()[-2:]) == (1, ["FAIL:", "feature"])
    assert run("gate", "--change", "security", *where).exit_code == 0
    assert run("gate", "--slo", "nothing", *where).exit_code == 2
    assert run("gate", "--change", "fun", *where).exit_code == 2
    for name in ("one", "two"):
        made = run("bypass", f"slo={name}", "--for", "1h", "--reason", "a launch", *where)
        assert made.exit_code == 0, made.stderr
    passed = run("gate", "--json", *where)
    assert passed.exit_code == 0
    assert {one["bypass"].partition(" ")[2] for one in json.loads(passed.stdout)["rulings"]} == {
        f"by {getpass.getuser()}: a launch"
    }
    assert run("bypass", "slo=one", "--for", "8d", "--reason", "x", *where).exit_code == 2

    shown = run("show", "one", "--canary-jobs", "100", *where)
    assert shown.exit_code == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "canary of 100 jobs: 50 expected bad" in shown.stdout
    assert run("show", "nothing", *where).exit_code == 2

    now = datetime.now(UTC)
    times = [(now + timedelta(minutes=minutes)).isoformat() for minutes in (-5, 5)]
    add = ("corrections", "add", "slo=one", "--from", times[0], "--to", times[1])
    added = run(*add, "--reason", "a drill", "--maintenance", *where)
    assert added.exit_code == 0, added.stderr
    assert run("gate", "--slo", "one", *where).exit_code == 0
    listed = json.loads(run("corrections", "list", "--json", *where).stdout)["corrections"]
    assert [(one["reason"], one["revoked_by"]) for one in listed] == [("a drill", None)]
    assert run("corrections", "revoke", str(listed[0]["number"]), *where).exit_code == 0
    assert "a drill" in run("corrections", "list", *where).stdout
    assert run(*add[:4], "soon", *add[5:], "--reason", "x", *where).exit_code == 2


def test_a_hostile_silence_is_a_clear_error(served: RunningCollector) -> None:
    good = {"labels": {"slo": "one"}, "start_ns": 0, "end_ns": 1, "author": "me", "reason": "r"}
    url = f"{served.url}/slo/silences"
    changes: list[dict[str, Any]] = [
        {"labels": {}},
        {"end_ns": 0},
        {"end_ns": 2**62},
        {"author": ""},
        {"start_ns": -1},
        {"more": 1},
    ]
    for change in changes:
        answer = httpx.post(url, json=good | change)
        assert answer.status_code == 400, change
        assert answer.text.startswith("silences: ")
    for body in (b"{", b"[" * 60_000, b"[1]", b"x" * 100_000, b"\xff"):
        assert httpx.post(url, content=body).status_code == 400
    assert httpx.delete(f"{url}/1").status_code == 400
    assert httpx.delete(f"{url}/1?author=me").status_code == 404
