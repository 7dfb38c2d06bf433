"""The engine at work: specifications that change, restarts, clocks that jump, data that stop."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from framegate.slo.alerting.targets import (
    AlertmanagerTarget,
    AlertTargets,
    AnyTarget,
    Heartbeat,
    SlackTarget,
    WebhookTarget,
    body_signature,
)
from framegate.slo.counting.series import Counts
from framegate.slo.judging.alerts import Alert, AlertPhase
from framegate.slo.judging.journal import FILE_NAME, Journal
from framegate.slo.judging.status import SloState
from framegate.slo.service.engine import SloEngine
from framegate.slo.service.snapshot import SloSnapshot
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.store import Listeners, Store
from tests.slo.job_events import DAY, MINUTE, SECOND, START, event, send
from tests.slo.mail import mail_server, mail_target, port_of
from tests.slo.receivers import Received, receiving
from tests.slo.specs import write, write_policy


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_ns = START + 2 * DAY

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    write(folder)
    return folder


@contextmanager
def looping(
    store: Store,
    specs: Path,
    clock: Clock,
    targets: AlertTargets | None = None,
) -> Iterator[SloEngine]:
    loop = SloEngine(store, [specs], targets=targets, clock=clock)
    try:
        yield loop
    finally:
        loop.close()


def alive(at_ns: int) -> dict[str, Any]:
    """A sign of life that is no job's."""
    return event("", "", at_ns) | {"job_id": None, "state": None, "name": "alive"}


def jobs(store: Store, clock: Clock, *, good: int = 0, bad: int = 0, model: str = "m1") -> None:
    """Jobs that ended just now, and a sign of life for every minute before."""
    now = clock.now_ns
    signs = [alive(now - minute * MINUTE) for minute in range(70)]
    states = ["complete"] * good + ["failed"] * bad
    ended = [
        event(f"{now}-{model}-{number}", state, now - SECOND, model=model, trace_id=f"t{number}")
        for number, state in enumerate(states)
    ]
    send(store, [*signs, *ended])


def firing(view: SloSnapshot) -> dict[str, Alert]:
    assert view.trouble is None
    return {
        alert.key.condition: alert
        for alert in view.alerts
        if alert.state.phase is AlertPhase.FIRING
    }


def hook(received: Received, **more: object) -> AlertTargets:
    target = WebhookTarget.model_validate(
        {"kind": "webhook", "name": "hook", "url": received.url, **more}
    )
    return AlertTargets(targets=(target,))


def bodies(received: Received) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in received.requests]


COMPOSITE = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: both-models
  annotations:
    framegate/owner: me
    framegate/runbook: docs/runbooks/jobs-fail.md
    framegate/reason: because
spec:
  service: video-generation
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
"""
PART = """
    - target: {target}
      indicator:
        metadata: {{name: {model}}}
        spec:
          ratioMetric:
            counter: true
            good:
              metricSource: {{type: framegate, spec: {{where: "state = 'complete'"}}}}
            total:
              metricSource: {{type: framegate, spec: {{where: "model = '{model}'"}}}}
"""


def test_an_alert_of_a_composite_names_the_part_that_burns(store: Store, specs: Path) -> None:
    parts = PART.format(model="m1", target="0.99") + PART.format(model="m2", target="0.98")
    (specs / "both.yaml").write_text(COMPOSITE + parts)
    (specs / "success.yaml").unlink()
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=60, model="m1")
        assert not firing(loop.fresh_snapshot())
        clock.now_ns += MINUTE
        jobs(store, clock, good=1, bad=59, model="m2")
        alert = firing(loop.fresh_snapshot())["page-fast"]
        assert "m1 0 of 60, m2 59 of 60 bad" in alert.summary
        assert "component m2: 100% of the bad events" in alert.description
        assert "Example: job" in alert.description
        found = loop.detail("both-models", jobs=0, bad_ratio=float("nan"))
        assert found.causes[0].value == "m2"
        assert found.forecast


def test_a_burn_fires_says_what_happened_and_resolves(store: Store, specs: Path) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=60, model="m1")
        assert not firing(loop.fresh_snapshot())
        clock.now_ns += MINUTE
        jobs(store, clock, good=10, bad=30, model="m2")
        found = firing(loop.fresh_snapshot())
        assert set(found) == {"page-fast", "page-slow", "ticket-fast", "ticket-slow"}
        page = found["page-fast"]
        assert page.summary == (
            "success: 30 of 100 jobs bad in 1 h: burn rate 30, alert threshold 14.4, target 99 %"
        )
        assert page.description.splitlines() == [
            "The 30d error budget is overspent by 29 bad jobs (1 allowed).",
            "model m2: 100% of the bad events.",
            f"Example: job {clock.now_ns}-m2-10, trace t10.",
            "Runbook: docs/runbooks/jobs-fail.md. Owner: me.",
        ]
        assert page.labels["team"] == "video"
        assert page.is_notifiable
        assert {alert.inhibited_by for key, alert in found.items() if key != "page-fast"} == {
            "page-fast"
        }
        for _ in range(70):
            clock.now_ns += MINUTE
            jobs(store, clock, good=50)
        assert not firing(loop.fresh_snapshot())
        resolved = {alert.key.condition for alert in loop.snapshot.alerts}
        assert resolved == set(found)


def test_many_readers_at_once_share_looks_that_began_after_they_asked(
    store: Store, specs: Path
) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop, ThreadPoolExecutor(16) as readers:
        for number in range(1, 6):
            clock.now_ns += SECOND
            jobs(store, clock, good=1)
            views = list(readers.map(lambda _: loop.fresh_snapshot(), range(16)))
            assert {view.statuses[0].counts.good for view in views} == {number}
        assert 5 <= loop._runs < 5 * 16


def test_the_worker_that_spent_the_budget_is_named(store: Store, specs: Path) -> None:
    clock = Clock()
    now = clock.now_ns
    with looping(store, specs, clock) as loop:
        ended = [
            event(
                f"{worker}-{number}",
                "failed" if worker == "w2" and number % 2 else "complete",
                now - SECOND,
                worker=worker,
            )
            for worker in ("w1", "w2")
            for number in range(60)
        ]
        send(store, [*(alive(now - minute * MINUTE) for minute in range(70)), *ended])
        page = firing(loop.fresh_snapshot())["page-fast"]
        assert "worker w2: 100% of the bad events." in page.description
        (cause, *_) = loop.detail("success", jobs=0, bad_ratio=float("nan")).causes
        assert (cause.dimension, cause.value, cause.bad, cause.total) == ("worker", "w2", 30, 60)


def test_telling_starts_once_repeats_late_and_ends(store: Store, specs: Path) -> None:
    clock = Clock()
    with receiving() as received, looping(store, specs, clock, hook(received)) as loop:
        jobs(store, clock, good=5, bad=30)
        loop.fresh_snapshot()
        loop.fresh_snapshot()
        loop.deliverer.deliver(changed=False)
        loop.deliverer.deliver(changed=False)
        (body,) = bodies(received)
        (alert,) = body["alerts"]
        assert (alert["phase"], alert["condition"]) == ("firing", "page-fast")
        clock.now_ns += 241 * MINUTE
        jobs(store, clock, bad=30)
        loop.fresh_snapshot()
        loop.deliverer.deliver(changed=False)
        assert len(received.requests) == 2
        for _ in range(8):
            clock.now_ns += MINUTE
            jobs(store, clock, good=1_000)
        loop.fresh_snapshot()
        loop.deliverer.deliver(changed=False)
        last = bodies(received)[-1]["alerts"]
        assert {one["phase"] for one in last if one["condition"] == "page-fast"} == {"resolved"}
        ids = [headers["framegate-delivery"] for headers, _ in received.requests]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("kind", ["webhook", "slack", "email"])
@pytest.mark.parametrize("resolved", ["true", "false"])
def test_a_resolved_message_is_sent_only_where_the_policy_asks_for_it(
    store: Store, specs: Path, kind: str, resolved: str
) -> None:
    write_policy(specs / "success.yaml", resolved=resolved)
    clock = Clock()
    with target_of_kind(kind) as (target, messages):
        targets = AlertTargets(targets=(target,))
        with looping(store, specs, clock, targets) as loop:
            jobs(store, clock, good=5, bad=30)
            assert firing(loop.fresh_snapshot())
            loop.deliverer.deliver(changed=False)
            assert len(messages()) == 1
            for _ in range(8):
                clock.now_ns += MINUTE
                jobs(store, clock, good=50)
            view = loop.fresh_snapshot()
            assert [alert.state.phase for alert in view.alerts] == [AlertPhase.RESOLVED]
            loop.deliverer.deliver(changed=False)
            assert len(messages()) == (2 if resolved == "true" else 1)
            clock.now_ns += 30 * MINUTE
            jobs(store, clock, good=1)
            assert loop.fresh_snapshot().alerts == ()
            jobs(store, clock, bad=300)
            assert firing(loop.fresh_snapshot())
            loop.deliverer.deliver(changed=False)
            assert len(messages()) == (3 if resolved == "true" else 2)


@contextmanager
def target_of_kind(kind: str) -> Iterator[tuple[AnyTarget, Callable[[], Sequence[object]]]]:
    """A real receiver of a kind, and the messages that it has."""
    if kind == "email":
        with mail_server() as server:
            yield mail_target(port_of(server), name="hook"), lambda: server.messages
        return
    with receiving() as received:
        if kind == "slack":
            target: AnyTarget = SlackTarget(kind="slack", name="hook", url=received.url)
        else:
            target = WebhookTarget(kind="webhook", name="hook", url=received.url)
        yield target, lambda: received.requests


def test_alertmanager_can_tell_alerts_that_send_no_resolved_message(
    store: Store, specs: Path
) -> None:
    write_policy(specs / "success.yaml")
    clock = Clock()
    with receiving() as received:
        fields = {"kind": "alertmanager", "name": "hook", "url": received.url}
        target = AlertmanagerTarget.model_validate(fields)
        with looping(store, specs, clock, AlertTargets(targets=(target,))) as loop:
            jobs(store, clock, good=5, bad=30)
            loop.fresh_snapshot()
            loop.deliverer.deliver(changed=True)
            (alert,) = json.loads(received.requests[0][1])
            assert alert["labels"]["send_resolved"] == "false"


def test_a_policy_that_alerts_without_data_only_has_no_burn_alert(
    store: Store, specs: Path
) -> None:
    write_policy(specs / "success.yaml", breaching="false", no_data="true")
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=5, bad=30)
        view = loop.fresh_snapshot()
        assert (firing(view), view.statuses[0].firing) == ({}, ())
        clock.now_ns += 10 * MINUTE
        loop.fresh_snapshot()
        clock.now_ns += 31 * MINUTE
        assert set(firing(loop.fresh_snapshot())) == {"no-data"}


def test_what_is_not_taken_is_sent_again_also_by_the_next_process(
    store: Store, specs: Path
) -> None:
    clock = Clock()
    with receiving(refuse=2) as received:
        with looping(store, specs, clock, hook(received)) as loop:
            jobs(store, clock, bad=30)
            loop.fresh_snapshot()
            loop.deliverer.deliver(changed=False)
            assert loop.journal.undelivered_count() == 1
        with looping(store, specs, clock, hook(received)) as loop:
            assert firing(loop.fresh_snapshot())
            clock.now_ns += 2 * SECOND
            loop.deliverer.deliver(changed=False)
            clock.now_ns += 4 * SECOND
            loop.deliverer.deliver(changed=False)
            loop.deliverer.deliver(changed=False)
            assert loop.journal.undelivered_count() == 0
            assert loop.deliverer.failures == 1
        ids = {headers["framegate-delivery"] for headers, _ in received.requests}
        assert len(received.requests) == 3
        assert len(ids) == 1


def test_a_restart_keeps_alerts_and_tells_nobody_twice(store: Store, specs: Path) -> None:
    clock = Clock()
    with receiving() as received:
        with looping(store, specs, clock, hook(received)) as loop:
            jobs(store, clock, bad=30)
            before = firing(loop.fresh_snapshot())["page-fast"].state
            loop.deliverer.deliver(changed=False)
        clock.now_ns += MINUTE
        jobs(store, clock, bad=1)
        with looping(store, specs, clock, hook(received)) as loop:
            after = firing(loop.fresh_snapshot())["page-fast"].state
            assert (after.fired_ns, after.since_ns) == (before.fired_ns, before.since_ns)
            loop.deliverer.deliver(changed=False)
        assert len(received.requests) == 1


def test_without_data_alerts_freeze_and_nothing_is_good_news(store: Store, specs: Path) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, bad=30)
        assert firing(loop.fresh_snapshot())
        for _ in range(3):
            clock.now_ns += 30 * MINUTE
            view = loop.fresh_snapshot()
            assert firing(view)["page-fast"].state.frozen_ns is not None
            assert view.statuses[0].state is SloState.STALE
        send(store, [alive(clock.now_ns)])
        # An hour of which nothing was heard is no hour without failures.
        assert firing(loop.fresh_snapshot())["page-fast"].state.frozen_ns is not None


@pytest.mark.parametrize("jump_ns", [DAY, -DAY])
def test_a_clock_that_jumps_fires_and_resolves_nothing(
    store: Store, specs: Path, jump_ns: int
) -> None:
    write(specs, "calm", where="model = 'm1'")
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=50, model="m1")
        jobs(store, clock, bad=30, model="m2")
        before = {alert.key for alert in firing(loop.fresh_snapshot()).values()}
        clock.now_ns += jump_ns
        assert {alert.key for alert in firing(loop.fresh_snapshot()).values()} == before
        clock.now_ns -= jump_ns
        assert {alert.key for alert in firing(loop.fresh_snapshot()).values()} == before


def test_a_poisoned_file_spoils_no_other_and_is_named(store: Store, specs: Path) -> None:
    clock = Clock()
    bad = specs / "bad.yaml"
    bad.write_text("kind: [")
    wrong = write(specs, "wrong", where="nothing > 1")
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=9)
        view = loop.fresh_snapshot()
        assert [item.name for item in view.statuses] == ["success"]
        assert view.statuses[0].counts.good == 9
        assert set(view.faults) == {bad, wrong}
        assert "unknown column 'nothing'" in view.faults[wrong]
        # Once good, it runs on as it was.
        write(specs, "wrong", where="model = 'm1'")
        assert {item.name for item in loop.fresh_snapshot().statuses} == {"success", "wrong"}
        wrong.write_text("kind: SLO")
        view = loop.fresh_snapshot()
        assert {item.name for item in view.statuses} == {"success", "wrong"}
        assert wrong in view.faults


def test_a_changed_file_is_counted_from_the_events_anew(store: Store, specs: Path) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=9, bad=1, model="m1")
        jobs(store, clock, good=2, model="m2")
        assert loop.fresh_snapshot().statuses[0].counts.total == 12
        write(specs, where="model = 'm2'", target="0.9999")
        view = loop.fresh_snapshot()
        assert (view.statuses[0].counts.total, view.statuses[0].counts.good) == (2, 2)
        assert not firing(view)
        (specs / "success.yaml").unlink()
        write(specs, "other")
        view = loop.fresh_snapshot()
        assert [item.name for item in view.statuses] == ["other"]
        assert all(key.objective == "other" for key in loop.journal.alerts())


def test_a_silence_is_told_to_nobody_until_it_is_over(store: Store, specs: Path) -> None:
    clock = Clock()
    with receiving() as received, looping(store, specs, clock, hook(received)) as loop:
        now = clock.now_ns
        body = {"labels": {"slo": "success"}, "start_ns": now, "end_ns": now + 10 * MINUTE}
        number = loop.journal.add_entry("silences", body, author="me", reason="test", now_ns=now)
        jobs(store, clock, bad=30)
        found = firing(loop.fresh_snapshot())["page-fast"]
        assert found.silenced_by == f"{number} by me: test"
        loop.deliverer.deliver(changed=False)
        assert not received.requests
        assert loop.journal.revoke("silences", number, author="me", now_ns=now)
        assert not loop.journal.revoke("silences", number, author="me", now_ns=now)
        loop.fresh_snapshot()
        loop.deliverer.deliver(changed=False)
        assert len(received.requests) == 1


def test_a_correction_takes_its_minutes_out_also_afterwards_and_can_be_taken_back(
    store: Store, specs: Path
) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=50)
        clock.now_ns += 10 * MINUTE
        outage_ns = clock.now_ns
        jobs(store, clock, bad=30)
        clock.now_ns += 10 * MINUTE
        jobs(store, clock, good=50)
        assert firing(loop.fresh_snapshot())
        body = {
            "labels": {"slo": "success"},
            "start_ns": outage_ns - 5 * MINUTE,
            "end_ns": outage_ns + 5 * MINUTE,
        }
        correction: Any = {"author": "me", "reason": "a drill", "now_ns": clock.now_ns}
        number = loop.journal.add_entry("corrections", body, **correction)
        view = loop.fresh_snapshot()
        assert view.statuses[0].counts == Counts(good=100, excluded=30)
        assert view.statuses[0].met
        assert not firing(view)
        found = loop.detail("success", jobs=0, bad_ratio=0.0)
        assert not found.causes
        loop.journal.revoke("corrections", number, author="me", now_ns=clock.now_ns)
        assert loop.fresh_snapshot().statuses[0].counts == Counts(good=100, bad=30)
        (entry,) = loop.journal.entries("corrections")
        assert (entry.author, entry.reason, entry.revoked_by) == ("me", "a drill", "me")
        other = body | {"labels": {"slo": "another"}}
        loop.journal.add_entry("corrections", other, **correction)
        assert loop.fresh_snapshot().statuses[0].counts.bad == 30


def test_who_spent_the_budget_and_how_long_it_lasts(store: Store, specs: Path) -> None:
    clock = Clock()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=900, bad=1, model="m1")
        clock.now_ns += MINUTE
        jobs(store, clock, good=90, bad=9, model="m2")
        found = loop.detail("success", jobs=100, bad_ratio=0.05)
        first = found.causes[0]
        assert (first.dimension, first.value, first.bad, first.total) == ("model", "m2", 9, 99)
        assert first.bad_share == pytest.approx(0.9)
        assert first.lift == pytest.approx((9 / 99) / (1 / 901))
        assert found.forecast
        assert found.forecast.jobs == 1000
        assert found.forecast.bad_ratio == pytest.approx(0.01)
        assert found.canary
        assert found.canary.budget_share == pytest.approx(5 / 11)
        assert sum(one.counts.total for one in found.past) == 1000
        assert found.past[-1].budget_left == pytest.approx(0.0, abs=1e-9)
        with pytest.raises(InputError, match="unknown objective 'nothing'"):
            loop.detail("nothing", jobs=0, bad_ratio=0.0)


def test_news_that_nobody_understands_make_it_count_everything_again(
    store: Store, specs: Path
) -> None:
    clock = Clock()
    garbled = threading.Event()

    class GarbledRows(Listeners[str, pa.Table]):
        def notify(self, table: str, rows: pa.Table) -> None:
            super().notify(table, rows.select(["trace_id"]) if garbled.is_set() else rows)

    store.committed_rows = GarbledRows()
    with looping(store, specs, clock) as loop:
        jobs(store, clock, good=3)
        assert loop.fresh_snapshot().statuses[0].counts.good == 3
        garbled.set()
        clock.now_ns += MINUTE
        jobs(store, clock, good=4)
        garbled.clear()
        view = loop.fresh_snapshot()
        assert view.trouble is None
        assert view.statuses[0].counts.good == 7


def test_the_engine_leaves_other_listeners_of_the_store(store: Store, specs: Path) -> None:
    clock = Clock()
    tables: list[str] = []
    store.committed_rows.add(lambda table, _: tables.append(table))
    with looping(store, specs, clock) as loop:
        loop.fresh_snapshot()
        jobs(store, clock, good=3)
        assert loop.fresh_snapshot().statuses[0].counts.good == 3
    assert tables == ["events"]


def test_webhooks_are_signed(store: Store, specs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a secret")
    clock = Clock()
    with (
        receiving() as received,
        looping(store, specs, clock, hook(received, secret_env="HOOK_SECRET")) as loop,
    ):
        jobs(store, clock, bad=30)
        loop.fresh_snapshot()
        loop.deliverer.deliver(changed=False)
        ((headers, body),) = received.requests
        assert headers["framegate-signature"] == body_signature(body, "a secret")
        assert headers["framegate-signature"] != body_signature(body + b" ", "a secret")


def test_the_heart_beats_only_while_objectives_are_judged(store: Store, specs: Path) -> None:
    clock = Clock()
    with receiving() as received:
        targets = AlertTargets(heartbeat=Heartbeat(url=received.url))
        with looping(store, specs, clock, targets) as loop:
            loop.deliverer.deliver(changed=False)
            assert not received.requests
            loop.fresh_snapshot()
            loop.deliverer.deliver(changed=False)
            loop.deliverer.deliver(changed=False)
            assert len(received.requests) == 1


def test_the_journal_names_its_file_when_it_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("this is no database, whatever its name says; " * 99)
    with pytest.raises(Exception, match=FILE_NAME):
        Journal(tmp_path / FILE_NAME)
