"""Error-budget policies and the gate that reads them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from framegate.slo.counting.series import Counts
from framegate.slo.judging.change_request import RolloutKind
from framegate.slo.judging.gate import RolloutDecision, decide_rollout, gate_json, select_statuses
from framegate.slo.judging.journal import StandingDecision
from framegate.slo.judging.policy import DEFAULT_POLICY, load_policy
from framegate.slo.judging.status import SloState, SloStatus, status
from framegate.slo.objectives.alert_rules import Severity
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict
from framegate.telemetry.signals.names import JobState
from tests.slo.records import BY_NAME, NOW, SECOND, evidence, job

SUCCESS = BY_NAME["interactive-success"]
POLICY = load_policy()


def of(good: int, bad: int) -> SloStatus:
    jobs = [job(f"g{number}") for number in range(good)]
    jobs += [job(f"b{number}", state=JobState.FAILED) for number in range(bad)]
    return status(SUCCESS, evidence([SUCCESS], jobs))


FINE, LOW, SPENT, QUIET = of(1000, 1), of(5000, 24), of(100, 1), of(0, 0)


def decided(
    *statuses: SloStatus,
    change: RolloutKind = RolloutKind.FEATURE,
    firing: tuple[Severity, ...] = (),
    bypass: StandingDecision | None = None,
) -> RolloutDecision:
    return decide_rollout(
        POLICY,
        statuses,
        {one.name: firing for one in statuses},
        [bypass] if bypass else [],
        change=change,
        now_ns=NOW,
    )


def test_the_document_of_a_decision_has_its_verdicts_in_small_letters() -> None:
    shown = json.loads(json.dumps(gate_json(decided(SPENT))))
    assert (shown["verdict"], shown["rulings"][0]["verdict"]) == ("fail", "fail")


def test_nothing_checked_is_inconclusive() -> None:
    assert decided().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("found", "change", "verdict"),
    [
        (FINE, RolloutKind.FEATURE, Verdict.PASS),
        (LOW, RolloutKind.FEATURE, Verdict.FAIL),
        (LOW, RolloutKind.RELIABILITY, Verdict.PASS),
        (SPENT, RolloutKind.FEATURE, Verdict.FAIL),
        (SPENT, RolloutKind.SECURITY, Verdict.PASS),
        (QUIET, RolloutKind.FEATURE, Verdict.INCONCLUSIVE),
        (replace(FINE, state=SloState.STALE), RolloutKind.FEATURE, Verdict.INCONCLUSIVE),
        (replace(SPENT, state=SloState.STALE), RolloutKind.FEATURE, Verdict.FAIL),
        (
            replace(FINE, state=SloState.GAP, budget_left=None),
            RolloutKind.FEATURE,
            Verdict.INCONCLUSIVE,
        ),
    ],
)
def test_what_may_be_rolled_out(found: SloStatus, change: RolloutKind, verdict: Verdict) -> None:
    assert decided(found, change=change).verdict is verdict


def test_a_page_that_fires_stops_features_whatever_is_left() -> None:
    assert decided(FINE, firing=(Severity.PAGE,)).verdict is Verdict.FAIL
    assert decided(FINE, firing=(Severity.TICKET,)).verdict is Verdict.PASS
    assert (
        decided(FINE, change=RolloutKind.SECURITY, firing=(Severity.PAGE,)).verdict is Verdict.PASS
    )


def test_one_that_fails_beats_many_that_pass_and_quiet_ones_say_nothing() -> None:
    assert decided(FINE, replace(SPENT, name="x")).verdict is Verdict.FAIL
    assert decided(FINE, replace(QUIET, name="x")).verdict is Verdict.PASS
    stale = replace(FINE, name="x", state=SloState.STALE)
    assert decided(FINE, stale).verdict is Verdict.INCONCLUSIVE


def test_a_file_that_is_wrong_is_no_pass() -> None:
    found = decide_rollout(
        POLICY,
        [FINE],
        {},
        [bypass()],
        change=RolloutKind.FEATURE,
        now_ns=NOW,
        faults={"mine.yaml": "kind: None"},
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.rulings[-1].objective == "mine.yaml"


def bypass(
    *, end_ns: int = NOW + SECOND, change: RolloutKind = RolloutKind.FEATURE
) -> StandingDecision:
    labels = {"slo": "interactive-success"}
    return StandingDecision(7, labels, NOW - SECOND, end_ns, "me", "a launch", frozenset({change}))


def test_a_bypass_lets_pass_until_it_ends_and_is_named() -> None:
    found = decided(SPENT, bypass=bypass())
    assert found.verdict is Verdict.PASS
    assert found.rulings[0].bypass == "7 by me: a launch"
    assert decided(SPENT, bypass=bypass(end_ns=NOW)).verdict is Verdict.FAIL
    assert decided(SPENT, bypass=bypass(change=RolloutKind.SECURITY)).verdict is Verdict.FAIL
    other = replace(bypass(), labels={"slo": "another"})
    assert decided(SPENT, bypass=other).verdict is Verdict.FAIL
    assert decided(QUIET, bypass=bypass()).verdict is Verdict.PASS


def test_an_objective_that_there_is_not_is_an_error() -> None:
    assert select_statuses([FINE], []) == [FINE]
    with pytest.raises(InputError, match="'nothing'; known: interactive-success"):
        select_statuses([FINE], ["nothing"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Policy"}, "kind: .*'Policy'"),
        ({"spec": {"steps": []}}, "spec.steps: .*at least 1"),
        (
            {"spec": {"steps": [{"name": "a", "allow": [], "say": "b"}]}},
            "needs either budgetLeftBelow",
        ),
        (
            {"spec": {"steps": [{"name": "a", "budgetLeftBelow": 2, "allow": [], "say": "b"}]}},
            "spec.steps.0.budgetLeftBelow: .*: 2",
        ),
        (
            {"spec": {"steps": [{"name": "a", "firing": "page", "allow": ["fun"], "say": "b"}]}},
            "spec.steps.0.allow.0: .*'fun'",
        ),
    ],
)
def test_mistakes_in_a_policy_are_named(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(DEFAULT_POLICY.read_text()) | change))
    with pytest.raises(InputError, match=message) as caught:
        load_policy(path)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("spec:", "spec:\n  steps: []", r"mine\.yaml:\d+: duplicate key 'steps'"),
        ("  steps:", "  step:", r"mine\.yaml:\d+: spec\.step: unknown key; did you mean 'steps'\?"),
    ],
)
def test_mistakes_in_a_policy_have_a_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(DEFAULT_POLICY.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load_policy(path)


def test_the_documented_policy_is_one(tmp_path: Path) -> None:
    guide = Path(__file__).parents[3] / "docs" / "how-to" / "guard-rollouts-with-budgets.md"
    text = guide.read_text().partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert [step.name for step in load_policy(path).spec.steps] == ["burning", "spent"]


def test_the_statuses_are_what_they_are_meant_to_be() -> None:
    assert FINE.counts == Counts(good=1000, bad=1)
    assert FINE.budget_left is not None
    assert LOW.budget_left is not None
    assert SPENT.budget_left is not None
    assert FINE.budget_left > 0.1 > LOW.budget_left > 0 > SPENT.budget_left
