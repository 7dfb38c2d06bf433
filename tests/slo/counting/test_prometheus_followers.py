"""What a real Prometheus counts: exact over resets, starts and gaps, and closed when it is gone."""

import random
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from framegate.slo.counting.increases import CounterState, increases
from framegate.slo.counting.prometheus_api import Samples
from framegate.slo.counting.prometheus_followers import FollowedIndicator, PrometheusPoller
from framegate.slo.counting.prometheus_indicator import (
    PrometheusIndicator,
    PrometheusServer,
    SampleKind,
)
from framegate.slo.counting.series import MinuteSpan
from framegate.slo.judging.alerts import AlertPhase
from framegate.slo.judging.status import SloState
from framegate.slo.objectives.objective import load_objectives
from framegate.slo.openslo.kinds import ComparisonOperator
from framegate.slo.replay.period_report import PeriodLength, exit_code, last_full_period
from framegate.slo.service.engine import SloEngine
from framegate.slo.service.recount import StoreReplay
from framegate.telemetry.platform.clock import MINUTE_NS, SECOND_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.store import Store
from tests.prometheus import Prometheus, program_of, running_prometheus
from tests.slo.job_events import event, send
from tests.slo.prometheus_spec import SPEC
from tests.slo.records import evidence
from tests.slo.specs import write

HOURS = 9
SCRAPE = 15
END = int(time.time()) // 3600 * 3600 - 3 * 3600
BEGIN = END - HOURS * 3600
SPAN = MinuteSpan(BEGIN // 60, END // 60)
ALL, BAD = 'made_jobs_total{job="made"}', 'made_jobs_total{job="made",code=~"5.."}'


@dataclass
class Made:
    """Counters of three instances, scraped every 15 seconds, and what they rose by the minute."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    total: np.ndarray = field(default_factory=lambda: np.zeros(HOURS * 60, np.int64))
    bad: np.ndarray = field(default_factory=lambda: np.zeros(HOURS * 60, np.int64))

    def text(self) -> str:
        samples = "\n".join(line for lines in self.lines.values() for line in lines)
        gauge = "\n".join(
            f"made_ratio {ratio(minute)} {BEGIN + minute * 60 + 30}" for minute in range(HOURS * 60)
        )
        return f"# TYPE made_jobs counter\n{samples}\n# TYPE made_ratio gauge\n{gauge}\n# EOF\n"


def ratio(minute: int) -> float:
    return 0.5 if 100 <= minute < 130 else 1.0


def made(seed: int) -> Made:
    """With restarts, codes that come late, a network that is gone, an instance that is new."""
    chance = random.Random(seed)
    found = Made()
    for number in range(3):
        begin = BEGIN if number < 2 else BEGIN + 7200
        gone = chance.randrange(BEGIN + 3600, END - 3600)
        instance = Instance(f"i{number}", {"200": chance.randrange(10**6)})
        restarts = {chance.randrange(BEGIN, END, SCRAPE) for _ in range(4)}
        for now in range(begin, END, SCRAPE):
            scraped = not gone <= now < gone + 900
            if now in restarts and scraped and now > begin:
                instance.values = dict.fromkeys(instance.values, 0)
            instance.works(chance)
            if scraped:
                instance.is_scraped(found, now, counted=now > begin)
    return found


@dataclass
class Instance:
    """One process: its counters, and what they rose since somebody looked."""

    name: str
    values: dict[str, int]
    unseen: dict[str, int] = field(default_factory=dict)

    def works(self, chance: random.Random) -> None:
        for code, most in (("200", 20), ("500", 2), ("503", 1)):
            if code in self.values or chance.random() < 0.01:
                rise = chance.randrange(most + 1)
                self.values[code] = self.values.get(code, 0) + rise
                self.unseen[code] = self.unseen.get(code, 0) + rise

    def is_scraped(self, found: Made, now: int, *, counted: bool) -> None:
        """The first time tells nothing of what was before."""
        if counted:
            minute = (now - BEGIN) // 60
            found.total[minute] += sum(self.unseen.values())
            found.bad[minute] += sum(n for code, n in self.unseen.items() if code != "200")
        self.unseen = {}
        for code, value in self.values.items():
            series = f'made_jobs_total{{code="{code}",instance="{self.name}",job="made"}}'
            found.lines.setdefault(series, []).append(f"{series} {value} {now}")


@pytest.fixture(scope="module")
def counters() -> Made:
    return made(7)


@pytest.fixture(scope="module")
def prometheus(counters: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "made.txt").write_text(counters.text())
    promtool = [program_of("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    made_blocks = [*promtool, str(folder / "made.txt"), str(folder / "data")]
    subprocess.run(made_blocks, check=True, capture_output=True)
    with running_prometheus(folder, {}) as running:
        yield running


class Clock:
    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return self.seconds * SECOND_NS


def asked(
    prometheus: Prometheus, how: SampleKind, total: str, part: str | None = None, **more: object
) -> PrometheusIndicator:
    return PrometheusIndicator(PrometheusServer(prometheus.url), how, total, part, **more)  # type: ignore[arg-type]


def followed(one: PrometheusIndicator, *looks: int) -> FollowedIndicator:
    """After looks at these seconds."""
    clock = Clock(looks[0])
    followers = PrometheusPoller(clock=clock)
    followers.follow([one], horizon_ns=(looks[0] - BEGIN) * SECOND_NS)
    for seconds in looks:
        clock.seconds = seconds
        followers.poll()
        assert not followers.troubles
        found = followers.take()[one]
    return found


def by_minute(found: FollowedIndicator, span: MinuteSpan = SPAN) -> np.ndarray:
    return found.tally.whole.parts(span, 1)


@pytest.mark.parametrize(
    "looks", [[END + 60], [BEGIN + 3600, BEGIN + 5000, END - 7203, END - 600, END + 60]]
)
def test_counters_are_counted_exactly(
    counters: Made, prometheus: Prometheus, looks: Sequence[int]
) -> None:
    one = asked(prometheus, SampleKind.COUNTERS, ALL, BAD, of_bad=True)
    found = followed(one, *looks)
    counts = by_minute(found)
    assert (counts[:, 1] == counters.bad * one.units_per_event).all()
    assert (counts[:, 0] == (counters.total - counters.bad) * one.units_per_event).all()
    assert not counts[:, 2:].any()
    assert found.until == SPAN.last


def test_what_no_window_holds_any_more_is_forgotten(prometheus: Prometheus) -> None:
    one, clock = asked(prometheus, SampleKind.RATIOS, "made_ratio"), Clock(END + 60)
    followers = PrometheusPoller(clock=clock)
    followers.follow([one], horizon_ns=(END + 60 - BEGIN) * SECOND_NS)
    followers.poll()
    assert followers.take()[one].presence.covered_minutes(SPAN) == SPAN.minutes
    for days in range(1, 5):
        clock.seconds = END + 60 + days * 86_400
        followers.follow([one], horizon_ns=3600 * SECOND_NS)
        followers.poll()
        found = followers.take()[one]
    assert found.presence.covered_minutes(SPAN) == 0
    assert found.tally.whole.first > SPAN.last


def test_ratios_and_readings_are_read_by_the_minute(prometheus: Prometheus) -> None:
    shares = by_minute(followed(asked(prometheus, SampleKind.RATIOS, "made_ratio"), END + 60))
    expected = np.array([round(ratio(minute) * 1_000_000) for minute in range(HOURS * 60)])
    assert (shares[:, 0] == expected).all()
    assert (shares[:, 0] + shares[:, 1] == 1_000_000).all()
    failures = by_minute(
        followed(asked(prometheus, SampleKind.RATIOS, "1 - made_ratio", of_bad=True), END + 60)
    )
    assert (failures == shares).all()
    high = asked(
        prometheus,
        SampleKind.READINGS,
        "made_ratio",
        op=ComparisonOperator.GT,
        value=Decimal("0.9"),
    )
    readings = by_minute(followed(high, END + 60))
    assert (readings[:, 0] == [minute < 100 or minute >= 130 for minute in range(HOURS * 60)]).all()
    assert (readings[:, :2].sum(axis=1) == 1).all()


def test_what_is_no_ratio_is_not_judged(prometheus: Prometheus) -> None:
    for impossible in ("made_ratio * 3", "made_ratio * NaN"):
        found = by_minute(followed(asked(prometheus, SampleKind.RATIOS, impossible), END + 60))
        assert not found[:, 0].any()
        assert found[:, 2].any()


def test_amounts_are_of_whole_slots(counters: Made, prometheus: Prometheus) -> None:
    """Rates over five minutes, as Sloth asks for them: Prometheus's own arithmetic, not ours."""
    rate = "sum(rate({}[{{{{.window}}}}]))"
    one = asked(
        prometheus,
        SampleKind.AMOUNTS,
        rate.format(ALL),
        rate.format(BAD),
        of_bad=True,
        minutes=5,
        scale=300,
    )
    found = followed(one, END + 60, END + 600)
    counts = by_minute(found)
    assert not counts[np.arange(HOURS * 60) % 5 != 4].any()
    total, bad = counts[:, :2].sum() / 1_000, counts[:, 1].sum() / 1_000
    assert total == pytest.approx(counters.total.sum(), rel=0.05)
    assert bad == pytest.approx(counters.bad.sum(), rel=0.1)
    assert found.presence.coverage(MinuteSpan(SPAN.first + 5, SPAN.last)) == 1.0


@pytest.mark.parametrize("unknown", ["made_ratio * NaN", "made_ratio * Inf", "made_ratio * 1e300"])
@pytest.mark.parametrize("of_bad", [True, False])
def test_what_is_no_amount_is_neither_good_nor_no_traffic(
    prometheus: Prometheus, unknown: str, of_bad: bool
) -> None:
    """A part, or a total, that nobody can count leaves every slot open."""
    for total, part in (("made_ratio * 0 + 10", unknown), (unknown, "made_ratio * 0")):
        one = asked(prometheus, SampleKind.AMOUNTS, total, part, of_bad=of_bad)
        found = by_minute(followed(one, END + 60))
        assert not found[:, :2].any()
        assert (found[:, 2] > 0).all()
        assert (found[:, 2] <= 2**53).all()


def series(*values: float, **labels: str) -> Samples:
    times = np.array([600.0 + 15 * n for n in range(len(values))])
    return Samples(tuple(sorted(labels.items())), times, np.array(values))


def test_a_sample_that_is_no_number_loses_nothing_that_rose() -> None:
    known = CounterState({(("instance", "i"),): (590.0, 5.0)}, {(("instance", "i"),): 500.0})
    found = increases(
        [series(6.0, float("nan"), float("inf"), 9.0, instance="i")], known, first=10, last=11
    )
    assert found.tolist() == [4.0]


def test_a_new_series_of_nobody_in_particular_is_not_counted_from_its_start() -> None:
    """Without job and instance nobody knows whether it is new, or was only not seen."""
    known = CounterState({(("code", "200"),): (590.0, 5.0)}, {(): 500.0})
    found = increases([series(1e6, 1e6 + 2, code="500")], known, first=10, last=11)
    assert found.tolist() == [2.0]


def test_more_good_than_all_is_not_judged(prometheus: Prometheus) -> None:
    found = by_minute(followed(asked(prometheus, SampleKind.COUNTERS, BAD, ALL), END + 60))
    assert not found[:, :2][found[:, 2] > 0].any()
    assert (found[:, 2] > 0).sum() > HOURS * 50


def test_no_series_are_no_traffic_of_nobody(prometheus: Prometheus) -> None:
    found = followed(
        asked(prometheus, SampleKind.COUNTERS, "nothing_total", "nothing_total"), END + 60
    )
    assert not by_minute(found).any()
    assert found.presence.coverage(SPAN) == 0.0


def test_a_server_that_is_gone_or_refuses_is_said_and_spoils_no_other(
    prometheus: Prometheus,
) -> None:
    clock = Clock(END + 60)
    followers = PrometheusPoller(clock=clock)
    good = asked(prometheus, SampleKind.RATIOS, "made_ratio")
    refused = asked(prometheus, SampleKind.COUNTERS, "sum(made_ratio)", ALL)
    gone = PrometheusIndicator(
        PrometheusServer("http://127.0.0.1:1"), SampleKind.RATIOS, "made_ratio"
    )
    followers.follow([gone, refused, good], horizon_ns=3600 * SECOND_NS)
    followers.poll()
    found = followers.take()
    assert set(followers.troubles) == {"http://127.0.0.1:1", prometheus.url}
    assert "rejected 'sum(made_ratio)[" in followers.troubles[prometheus.url]
    assert found[good].watermark_ns == (END + 60 - 60) * SECOND_NS - 1
    assert found[gone].watermark_ns is None
    assert found[refused].watermark_ns is None
    assert followers.failures == 2


def spec(folder: Path, url: str, **more: str) -> Path:
    path = folder / "made.yaml"
    path.write_text(
        SPEC.format(**{"url": url, "counter": "true", "total": ALL, "bad": BAD, **more})
    )
    return path


def test_an_objective_over_a_prometheus_burns_and_freezes_when_it_is_gone(
    counters: Made, prometheus: Prometheus, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    clock = Clock(END + 60)
    loop = SloEngine(store, [spec(tmp_path, prometheus.url)], clock=clock)
    try:
        assert loop.fresh_snapshot().statuses[0].state is SloState.GAP  # nobody was asked yet
        assert loop.poller
        loop.poller.poll()
        view = loop.fresh_snapshot()
        (found,) = view.statuses
        assert found.counts.bad == counters.bad[-7 * 60 :].sum()
        assert found.counts.good == (counters.total - counters.bad)[-7 * 60 :].sum()
        assert (found.state, found.met) == (SloState.MEASURED, False)
        firing = [alert for alert in view.alerts if alert.state.phase is AlertPhase.FIRING]
        assert "events bad in" in firing[0].summary
        assert loop.detail("made", jobs=0, bad_ratio=float("nan")).causes == ()
        clock.seconds += 3600  # all this time nothing was heard
        view = loop.fresh_snapshot()
        assert view.statuses[0].state is SloState.STALE
        (same,) = [alert for alert in view.alerts if alert.key == firing[0].key]
        assert same.state.frozen_ns is not None
    finally:
        loop.close()
        store.close()


def test_servers_are_polled_from_the_first_indicator_that_needs_them(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    specs = tmp_path / "specs"
    specs.mkdir()
    write(specs, "jobs")
    loop = SloEngine(store, [specs], clock=lambda: END * SECOND_NS)
    loop.start()
    try:
        loop.fresh_snapshot()
        assert loop.poller is None
        assert "slo-followers" not in {one.name for one in threading.enumerate()}
        spec(specs, "http://127.0.0.1:1")
        loop.fresh_snapshot()
        assert "slo-followers" in {one.name for one in threading.enumerate()}
    finally:
        loop.close()
        store.close()
    assert "slo-followers" not in {one.name for one in threading.enumerate()}


def test_a_report_over_a_server_that_is_away_is_not_whole(tmp_path: Path) -> None:
    """It says so, and ends with 3, however well all else is."""
    now = int(time.time())
    store = Store(tmp_path / "store")
    specs = tmp_path / "specs"
    specs.mkdir()
    write(specs, "jobs", target="0.5")
    loop = SloEngine(store, [specs], clock=lambda: now * SECOND_NS)
    try:
        span = last_full_period(now * SECOND_NS, PeriodLength.WEEK)
        signs = [event("j1", "complete", (span.first + 60) * MINUTE_NS)]
        send(store, [*signs, event("j2", "complete", now * SECOND_NS)])
        assert exit_code(StoreReplay(loop).report(PeriodLength.WEEK, {})) == 0
        spec(specs, "http://127.0.0.1:1")
        found = StoreReplay(loop).report(PeriodLength.WEEK, {})
        assert [one.met for one in found.objectives] == [True, None]
        assert not found.whole
        assert exit_code(found) == 3
    finally:
        loop.close()
        store.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"total": "sum(made_jobs_total)"},
            r"total\.metricSource\.spec\.query: .* must be a plain",
        ),
        ({"bad": "made_jobs_total["}, r"bad\.metricSource\.spec\.query: .* is not valid PromQL"),
        (
            {"counter": "false", "bad": "sum("},
            r"bad\.metricSource\.spec\.query: .* is not valid PromQL",
        ),
        ({"url": "ftp://here"}, r"spec\.url: .*pattern"),
        ({"total": ""}, r"spec\.query: "),
    ],
)
def test_questions_that_are_none_are_errors_of_their_file(
    tmp_path: Path, change: Mapping[str, str], message: str
) -> None:
    path = spec(tmp_path, **{"url": "http://127.0.0.1:1", **change})
    with pytest.raises(InputError, match=message):
        load_objectives([path])


def test_the_documented_files_are_read(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "use-prometheus-metrics.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    found = []
    for block in blocks:
        path = tmp_path / "block.yaml"
        path.write_text(block)
        found += load_objectives([path])
    assert [one.name for one in found] == ["uploads", "web-requests"]
    counted = [sli for one in found for sli in one.slis if isinstance(sli, PrometheusIndicator)]
    assert [one.sample_kind for one in counted] == [SampleKind.COUNTERS, SampleKind.COUNTERS]


def test_only_the_loop_asks_a_prometheus(tmp_path: Path) -> None:
    objectives = load_objectives([spec(tmp_path, "http://127.0.0.1:1")])
    with pytest.raises(InputError, match="needs an SLO engine"):
        evidence(objectives, [])
    assert objectives[0].good_when == f"not {BAD}"
