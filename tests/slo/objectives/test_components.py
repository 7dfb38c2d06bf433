"""Objectives of several parts: what they come to, what quiet parts hide, who spent it."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from framegate.slo.counting.series import Counts, MinuteSpan, Series, series_of
from framegate.slo.judging.alerts import judge_condition
from framegate.slo.judging.causes import component_contributions, worst_component
from framegate.slo.judging.forecast import forecast
from framegate.slo.judging.status import SloState, exit_code, status
from framegate.slo.objectives.alert_rules import Condition, Severity
from framegate.slo.objectives.components import ObjectiveSeries, objective_target
from framegate.slo.objectives.error_budget import (
    Budgeting,
    burn_rate,
    burns_faster,
    is_met,
    success_ratio,
)
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.slo.objectives.summary import (
    ObjectiveSummary,
    default_files,
    summarize_files,
)
from framegate.slo.openslo.fields import TimeWindow
from framegate.slo.openslo.kinds import BudgetingMethod
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import JobState
from tests.slo.documents import yaml_text
from tests.slo.records import NOW, evidence, job, measured

SPAN = MinuteSpan(100, 110)
TIMESLICES = Budgeting(BudgetingMethod.TIMESLICES, 1, Decimal("0.9"))
RATIOS = Budgeting(BudgetingMethod.RATIO_TIMESLICES)
METHODS = (Budgeting(), TIMESLICES, RATIOS)

rows = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 6)), min_size=SPAN.minutes, max_size=SPAN.minutes
)


def minutes(counted: Sequence[tuple[int, int]]) -> Series:
    return series_of({100 + n: Counts(good, bad) for n, (good, bad) in enumerate(counted)})


def steady(good: int, bad: int) -> Series:
    return minutes([(good, bad)] * SPAN.minutes)


def with_targets(
    found: ObjectiveSeries, *targets: str, weights: Sequence[int] = ()
) -> ObjectiveSeries:
    parts = tuple(
        replace(part, target=Decimal(target), weight=Decimal(weight))
        for part, target, weight in zip(
            found.parts, targets, weights or [1] * len(targets), strict=True
        )
    )
    return ObjectiveSeries(parts, found.series, objective_target(parts))


def test_ratio_timeslices_add_up_what_is_missing_as_openslo_says() -> None:
    both = measured(steady(95, 5), steady(95, 5), target=Decimal("0.95"), budgeting=RATIOS)
    assert success_ratio(both.share(SPAN)) == pytest.approx(0.9)
    assert both.target == Decimal("0.9")
    assert is_met(both.share(SPAN), both.target) is True


def test_a_slice_is_bad_when_any_parts_is() -> None:
    first = minutes([(0, 1), *[(1, 0)] * 9])
    second = minutes([(1, 0), (0, 1), *[(1, 0)] * 8])
    both = measured(first, second, target=Decimal("0.9"), budgeting=TIMESLICES)
    assert both.share(SPAN).bad == 2
    same = measured(first, first, target=Decimal("0.9"), budgeting=TIMESLICES)
    assert same.share(SPAN).bad == 1


def test_occurrences_weigh_burn_rates() -> None:
    # One part burns ten times too fast, the other twice; the first weighs three times as much.
    found = with_targets(
        measured(steady(90, 10), steady(80, 20), target=Decimal("0.9")),
        "0.99",
        "0.9",
        weights=(3, 1),
    )
    assert burn_rate(found.share(SPAN), found.target) == pytest.approx((3 * 10 + 2) / 4)


def test_where_all_fails_nothing_good_is_left() -> None:
    found = with_targets(
        measured(steady(0, 10), steady(0, 3), target=Decimal("0.9")), "0.999", "0.9"
    )
    assert success_ratio(found.share(SPAN)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("budgeting", METHODS)
@given(rows, rows, st.sampled_from(["0.5", "0.8", "0.95"]), st.sampled_from(["0.6", "0.9"]))
def test_where_every_part_is_met_so_is_the_whole(
    budgeting: Budgeting,
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    one: str,
    other: str,
) -> None:
    found = with_targets(
        measured(minutes(first), minutes(second), target=Decimal("0.9"), budgeting=budgeting),
        one,
        other,
    )
    parts = [
        is_met(part.budgeting.share(series, SPAN), part.target)
        for part, series in zip(found.parts, found.series, strict=True)
    ]
    if all(parts):
        assert is_met(found.share(SPAN), found.target) is True
    if None in parts:
        assert is_met(found.share(SPAN), found.target) is not True


@pytest.mark.parametrize("budgeting", METHODS)
@given(rows, rows, st.integers(0, 9), st.sampled_from([1, 3, 6]))
def test_a_bad_job_more_never_ends_a_burn(
    budgeting: Budgeting,
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    minute: int,
    factor: int,
) -> None:
    worse = list(second)
    worse[minute] = (second[minute][0], second[minute][1] + 1)
    before, after = (
        measured(minutes(first), minutes(one), target=Decimal("0.9"), budgeting=budgeting)
        for one in (second, worse)
    )
    # A slice without jobs is none; its first job makes one more to divide by.
    counted = budgeting.method is BudgetingMethod.OCCURRENCES or second[minute] != (0, 0)
    if counted and burns_faster(before.share(SPAN), before.target, Fraction(factor)):
        assert burns_faster(after.share(SPAN), after.target, Fraction(factor)) is True


def test_a_quiet_part_hides_no_fire_and_shows_no_calm() -> None:
    condition = Condition("page", Severity.PAGE, Fraction(3), 10)

    def found(*series: Series) -> bool | None:
        of_both = measured(*series, target=Decimal("0.9"))
        return judge_condition(condition, of_both, end_minute=SPAN.last, known=True).holds

    assert found(steady(20, 80), Series()) is True  # 8 times, and at least half of it is there
    assert found(steady(100, 0), Series()) is None
    assert found(steady(100, 0), steady(1, 0)) is False
    unknown = measured(steady(9, 1), Series(), target=Decimal("0.9"))
    assert burn_rate(unknown.share(SPAN), unknown.target) is None


def test_few_bad_jobs_of_a_part_with_little_traffic_may_be_chance() -> None:
    condition = Condition("page", Severity.PAGE, Fraction(3), 10)

    def found(*series: Series) -> tuple[bool | None, str]:
        of_both = measured(*series, target=Decimal("0.9"))
        judgement = judge_condition(condition, of_both, end_minute=SPAN.last, known=True)
        return judgement.holds, judgement.why

    few = minutes([(0, 2), *[(0, 0)] * 9])
    assert found(steady(20, 80), few) == (True, "")  # the other part alone has burned enough
    assert found(steady(100, 0), few) == (None, "2 bad jobs, at least 3 needed")
    some = minutes([(1, 3), *[(0, 0)] * 9])
    holds, why = found(steady(100, 0), some)
    assert holds is None
    assert "not significant" in why
    assert found(steady(100, 0), minutes([(0, 30), *[(0, 0)] * 9])) == (True, "")


def test_the_worst_part_is_named() -> None:
    found = measured(steady(99, 1), steady(80, 20), target=Decimal("0.95"))
    first, second = component_contributions(found, SPAN)
    assert (first.value, second.value) == ("part-1", "part-0")
    assert first.bad_share == pytest.approx(20 / 21)
    assert first.lift == pytest.approx(20)
    assert worst_component(found, SPAN).name == "part-1"
    assert component_contributions(measured(steady(1, 1), target=Decimal("0.9")), SPAN) == []


@pytest.mark.parametrize("budgeting", METHODS)
def test_a_forecast_is_of_the_whole(budgeting: Budgeting) -> None:
    """Against the same shares, computed anew with so many minutes more at the same pace."""
    window = TimeWindow.model_validate({"duration": "2h", "isRolling": True})
    calm = [(20, 0)] * 60
    first, second = calm + [(20, 3)] * 60, calm + [(30, 2)] * 60
    end_ns = 219 * 60 * 10**9
    found = forecast(
        measured(minutes(first), minutes(second), target=Decimal("0.9"), budgeting=budgeting),
        window,
        end_ns=end_ns,
    )
    assert found
    longer = measured(
        minutes(first + [(20, 3)] * 120),
        minutes(second + [(30, 2)] * 120),
        target=Decimal("0.9"),
        budgeting=budgeting,
    )
    later = [
        n
        for n in range(1, 121)
        if is_met(longer.share(MinuteSpan(100 + n, 220 + n)), longer.target) is False
    ]
    expected = end_ns + later[0] * 60 * 10**9 if later else None
    assert found.exhausted_ns == expected
    if budgeting.method is BudgetingMethod.TIMESLICES:
        assert expected


SPEC: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {
        "name": "interactive",
        "annotations": {
            "framegate/owner": "me",
            "framegate/runbook": "docs/runbooks/jobs-fail.md",
            "framegate/reason": "one number for one kind of work",
        },
    },
    "spec": {
        "service": "video-generation",
        "timeWindow": [{"duration": "7d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [
            {
                "target": "0.99",
                "compositeWeight": 2,
                "indicator": {
                    "metadata": {"name": "success"},
                    "spec": {
                        "ratioMetric": {
                            "counter": True,
                            "good": {
                                "metricSource": {
                                    "type": "framegate",
                                    "spec": {"where": "state = 'complete'"},
                                }
                            },
                            "total": {
                                "metricSource": {
                                    "type": "framegate",
                                    "spec": {"where": "workload = 'interactive'"},
                                }
                            },
                        }
                    },
                },
            },
            {
                "target": "0.9",
                "op": "lte",
                "value": "2",
                "indicator": {
                    "metadata": {"name": "ttfp"},
                    "spec": {
                        "thresholdMetric": {
                            "metricSource": {
                                "type": "framegate",
                                "spec": {
                                    "where": "ttfp_seconds IS NOT NULL",
                                    "value": "ttfp_seconds",
                                },
                            }
                        }
                    },
                },
            },
        ],
    },
}


def loaded(folder: Path, spec: dict[str, Any] = SPEC) -> Objective:
    path = folder / "composite.yaml"
    path.write_text(yaml_text(spec))
    (found,) = load_objectives([path])
    return found


def test_a_document_with_indicators_in_its_objectives_is_one_objective(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.name == "interactive"
    assert [part.name for part in found.parts] == ["success", "ttfp"]
    assert found.good_when == "success: state = 'complete'; ttfp: ttfp_seconds <= 2"
    # The budgets' harmonic mean: two thirds of 1/100, one third of 1/10.
    assert 1 - float(found.target) == pytest.approx(1 / (2 / 3 / 0.01 + 1 / 3 / 0.1))


def test_a_composite_is_listed_as_it_is_evaluated(tmp_path: Path) -> None:
    objective = loaded(tmp_path)
    assert summarize_files([tmp_path / "composite.yaml"]) == [summary_of(objective)]


def summary_of(objective: Objective) -> ObjectiveSummary:
    return ObjectiveSummary(
        objective.name,
        objective.target,
        objective.good_when,
        objective.window,
        objective.owner,
    )


FAULTS = (
    ({"value": 2}, "a thresholdMetric needs op and value"),
    ({"op": "lte"}, "a thresholdMetric needs op and value"),
    ({"op": "lte", "value": 2, "target": 0}, "target must be above 0"),
)


@pytest.mark.parametrize(("change", "message"), FAULTS)
@pytest.mark.parametrize("read", [load_objectives, summarize_files])
def test_an_objective_that_does_not_fit_its_indicator_is_neither_listed_nor_evaluated(
    read: Callable[[Sequence[Path]], object], change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    spec = deepcopy(SPEC)
    entry = spec["spec"]["objectives"][1]
    spec["spec"]["objectives"][1] = {
        key: value for key, value in entry.items() if key not in ("op", "value", "target")
    } | {"target": 0.9, **change}
    path = tmp_path / "faulty.yaml"
    path.write_text(yaml_text(spec))
    with pytest.raises(InputError, match=message):
        read([path])


def test_the_built_in_objectives_are_listed_as_they_are_evaluated() -> None:
    assert summarize_files(default_files()) == list(map(summary_of, default_objectives()))


def test_a_composites_status_is_of_all_its_parts(tmp_path: Path) -> None:
    objective = loaded(tmp_path)
    fast = [job(f"j{n}", ttfp=1.0) for n in range(98)]
    slow = [job(f"k{n}", ttfp=3.0) for n in range(2)]
    found = status(objective, evidence([objective], [*fast, *slow]))
    assert (found.counts.good, found.counts.bad) == (198, 2)
    assert found.met is True
    # A third of what the second part burned: 2 % where 10 % may be.
    assert found.budget_left == pytest.approx(1 - 0.2 / 3)
    failed = [job(f"f{n}", state=JobState.FAILED, ttfp=1.0) for n in range(10)]
    missed = status(objective, evidence([objective], [*fast, *slow, *failed]))
    assert missed.met is False
    assert missed.budget_jobs_left is None


def test_a_part_without_traffic_leaves_a_gap_unless_the_rest_is_enough_to_miss(
    tmp_path: Path,
) -> None:
    objective = loaded(tmp_path)
    fine = status(objective, evidence([objective], [job(f"j{n}") for n in range(100)]))
    assert (fine.state, fine.met, fine.ratio, fine.budget_left) == (SloState.GAP, None, None, None)
    assert exit_code([fine]) == 3
    failed = [job(f"f{n}", state=JobState.FAILED) for n in range(50)]
    missed = status(objective, evidence([objective], failed))
    assert (missed.state, missed.met) == (SloState.MEASURED, False)
    assert missed.budget_left == pytest.approx(1 - 100 * 2 / 3)
    assert exit_code([missed]) == 1
    quiet = status(objective, evidence([objective], [], watermark_ns=NOW))
    assert quiet.state is SloState.NO_TRAFFIC


def changed(path: Sequence[str | int], value: object) -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SPEC))
    place: Any = spec
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return spec


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("spec", "objectives", 1, "indicator", "metadata", "name"),
            "success",
            r"spec\.objectives: two components have the same name",
        ),
        (
            ("metadata", "annotations", "framegate/group-by"),
            "model",
            "'framegate/group-by' is not supported for composites",
        ),
        (
            ("spec", "objectives", 1, "indicator", "spec", "thresholdMetric", "metricSource"),
            {"type": "other", "spec": {"a": 1}},
            r"spec\.objectives\.1\.indicator\.spec\.thresholdMetric\.metricSource\.type: 'other'",
        ),
    ],
)
def test_errors_of_parts_name_their_place(
    tmp_path: Path, path: Sequence[str | int], value: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        loaded(tmp_path, changed(path, value))


def test_slices_have_no_weights_and_cannot_allow_everything(tmp_path: Path) -> None:
    spec = changed(("spec", "budgetingMethod"), "RatioTimeslices")
    for objective in spec["spec"]["objectives"]:
        objective["timeSliceWindow"] = "1m"
    with pytest.raises(InputError, match="compositeWeight is allowed only with Occurrences"):
        loaded(tmp_path, spec)
    del spec["spec"]["objectives"][0]["compositeWeight"]
    assert loaded(tmp_path, spec).target == Decimal("0.89")
    for objective in spec["spec"]["objectives"]:
        objective["target"] = "0.4"
    with pytest.raises(InputError, match="together allow everything to be bad"):
        loaded(tmp_path, spec)
    spec["spec"]["objectives"][0]["timeSliceWindow"] = "5m"
    with pytest.raises(InputError, match="need the same timeSliceWindow"):
        loaded(tmp_path, spec)
