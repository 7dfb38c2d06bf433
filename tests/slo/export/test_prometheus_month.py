"""A month through a real Prometheus and through the engine: the same counts, the same alerts."""

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from framegate.slo.counting.prometheus_followers import PrometheusPoller
from framegate.slo.counting.prometheus_indicator import (
    PrometheusIndicator,
    PrometheusServer,
    SampleKind,
)
from framegate.slo.counting.series import IntArray, MinuteSpan, Series
from framegate.slo.export.prometheus import EVENTS_METRIC, rules_document
from framegate.slo.judging.alerts import judge_condition
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.objectives.objective import Objective, load_objectives
from framegate.telemetry.platform.clock import SECOND_NS
from tests.prometheus import Prometheus, program_of, running_prometheus
from tests.slo.records import measured
from tests.slo.specs import write
from tests.volume import examples

DAYS_BEFORE, LOOKED_DAYS = examples(30), examples(3)
DAYS = DAYS_BEFORE + LOOKED_DAYS
DAY_MINUTES, HOUR = 1440, 3600
STEP = 300
END = int(time.time()) // (2 * HOUR) * (2 * HOUR) - 4 * HOUR
BEGIN = END - DAYS * 86_400
SPAN = MinuteSpan(BEGIN // 60, END // 60)
LOOKS = range(END - LOOKED_DAYS * 86_400, END + 1, STEP)


@dataclass(frozen=True, slots=True)
class Month:
    """Good and bad (n, 2) by the minute, and the rules' objective."""

    counts: IntArray
    objective: Objective

    def series(self) -> Series:
        series = Series()
        rest = np.zeros_like(self.counts)
        series.put(np.arange(SPAN.first, SPAN.last), np.column_stack([self.counts, rest]))
        return series

    def text(self) -> str:
        """The engine's counters as they are scraped at each minute's end."""
        lines = [f"# TYPE {EVENTS_METRIC.removesuffix('_total')} counter"]
        for place, verdict in enumerate(("good", "bad")):
            name = f'{EVENTS_METRIC}{{slo="jobs",verdict="{verdict}"}}'
            values = np.concatenate([[0], np.cumsum(self.counts[:, place])])
            lines += [f"{name} {value} {BEGIN + 60 * n}" for n, value in enumerate(values)]
        return "\n".join([*lines, "# EOF\n"])


def traffic(seed: int) -> IntArray:
    """Day and night, a steady ratio of bad ones, and two incidents in each of the last days."""
    chance = np.random.default_rng(seed)
    minutes = np.arange(DAYS * DAY_MINUTES)
    busy = np.where(minutes % DAY_MINUTES > 480, 400, 60)
    ratio = np.full(len(minutes), 0.004)
    for day in range(DAYS_BEFORE, DAYS):
        for high in (0.3, 0.03):
            first = day * DAY_MINUTES + int(chance.integers(DAY_MINUTES - 300))
            ratio[first : first + int(chance.integers(10, 300))] = high
    total = chance.integers(busy // 2, busy)
    bad = chance.binomial(total, ratio)
    return np.column_stack([total - bad, bad])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = tmp_path_factory.mktemp("specs")
    (objective,) = load_objectives([write(folder, "jobs", target="0.99")])
    return Month(traffic(5), objective)


@pytest.fixture(scope="module")
def prometheus(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With the month's counters."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "month.txt").write_text(month.text())
    promtool = [program_of("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    made = [*promtool, str(folder / "month.txt"), str(folder / "data")]
    subprocess.run(made, check=True, capture_output=True)
    with running_prometheus(folder, {}) as running:
        yield running


def test_both_count_the_same_in_every_minute(month: Month, prometheus: Prometheus) -> None:
    selector = f'{EVENTS_METRIC}{{slo="jobs"}}'
    one = PrometheusIndicator(
        PrometheusServer(prometheus.url),
        SampleKind.COUNTERS,
        selector,
        selector.replace("}", ', verdict="bad"}'),
        of_bad=True,
    )
    followers = PrometheusPoller(clock=lambda: (END + 60) * SECOND_NS)
    followers.follow([one], horizon_ns=(END + 60 - BEGIN) * SECOND_NS)
    followers.poll()
    assert not followers.troubles
    counts = followers.take()[one].tally.whole.parts(SPAN, 1)[:, :2]
    # A sample at a minute's end is in the next minute.
    assert (counts[1:] == month.counts[:-1] * one.units_per_event).all()
    assert not counts[0].any()


def exported(objective: Objective, kind: str, name: str) -> list[dict[str, Any]]:
    return [
        rule
        for group in rules_document([objective])["groups"]
        for rule in group["rules"]
        if rule.get(kind) == name
    ]


def written_out(objective: Objective, expression: str) -> str:
    """A rule's expression with the recorded series that it reads written out.

    Prometheus evaluates a group at an instant of its own within a minute; so all are of one.
    """
    found = [rule for group in rules_document([objective])["groups"] for rule in group["rules"]]
    recorded = {one["record"]: one["expr"] for one in found if "record" in one}
    ranged = re.sub(
        r"(slo:[\w:]+)\{[^}]*\}\[(\w+)\]",
        lambda match: f"({recorded[match[1]]})[{match[2]}:5m]",
        expression,
    )
    return re.sub(r"(slo:[\w:]+)\{[^}]*\}", lambda match: f"({recorded[match[1]]})", ranged)


def test_alerts_fire_in_the_same_evaluations(month: Month, prometheus: Prometheus) -> None:
    series, objective = month.series(), month.objective
    of_engine: dict[str, set[int]] = {severity.value: set() for severity in Severity}
    for at in LOOKS:
        for rule in objective.rules:
            measure = measured(series, target=objective.target)
            if judge_condition(rule.condition, measure, end_minute=at // 60, known=True).holds:
                of_engine[rule.condition.severity.value].add(at)
    for written in exported(objective, "alert", "ErrorBudgetBurn"):
        fired = prometheus.get(
            "query_range",
            query=written_out(objective, written["expr"]),
            start=LOOKS[0],
            end=END,
            step=STEP,
        )["result"]
        times = {int(at) for one in fired for at, _ in one["values"]}
        assert times == of_engine[written["labels"]["severity"]]
    assert all(0 < len(times) < len(LOOKS) for times in of_engine.values())


def test_the_period_is_weighed_by_events(month: Month, prometheus: Prometheus) -> None:
    (rule,) = exported(month.objective, "record", "slo:sli_error:ratio_rate30d")
    asked = written_out(month.objective, rule["expr"])
    (found,) = prometheus.get("query", query=asked, time=END)["result"]
    # A range of 30 days has both of its ends, and so one look of five minutes more.
    counts = month.series().counts_over(MinuteSpan(SPAN.last - 30 * DAY_MINUTES, SPAN.last))
    assert float(found["value"][1]) == pytest.approx(counts.bad / counts.total, rel=1e-3)
