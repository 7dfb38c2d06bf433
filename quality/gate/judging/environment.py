"""The environment: were both sides made alike, so that a difference comes from the model?

Scorers of two machines may give the same values. A record keeps its clips, so the other side's
scorer can score a few of them again. If it gives other values by up to a twentieth of a margin,
the mean difference moves by no more than that: at a margin of twice the noise, a PASS of a
candidate at the margin becomes 7 % likely, not 5 %.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev

from framegate.quality.gate.evidence.evidence import Clip, Evidence, is_measurement
from framegate.quality.gate.evidence.fingerprint import (
    LIVE,
    MODEL,
    SAMPLING,
    SCORER,
    TIMES,
    comparable_environment,
)
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.policy.policy import Policy, Rule, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

ENVIRONMENT = RuleRef(None, RuleKind.ENVIRONMENT)
LEAST_CLIPS = 3
TOLERATED_SHARE = 0.05  # of a margin

Pairs = Sequence[tuple[Clip, Clip]]  # as recorded, and as scored again


def environment_check(baseline: Evidence, candidate: Evidence, policy: Policy) -> Check:
    """Whether the sides' environments differ only in the model and in what the policy allows.

    A scorer of another machine is allowed where it was measured to give the same values.
    """
    check = Check(ENVIRONMENT, RuleTier.CRITICAL, Verdict.INCONCLUSIVE, "", evidenced=False)
    if is_self_comparison(baseline, candidate):
        return replace(
            check, reason=f"baseline and candidate are the same evidence: {baseline.source}"
        )
    if not (baseline.environment and candidate.environment):
        lacking = " and ".join(side.name for side in (baseline, candidate) if not side.environment)
        return replace(check, reason=f"{lacking}: environment not recorded")
    differ = environment_differences(baseline, candidate, policy)
    if not differ:
        return replace(check, verdict=Verdict.PASS, reason="only the model differs")
    named = ", ".join(differ.values())
    said = f"the sides differ in more than the model: {named}"
    check = replace(check, reason=said, missing=tuple(differ.values()))
    if not are_of_scorers(differ):
        return check
    measured = compare_scorers((baseline, candidate), policy)
    if not measured.agree:
        return replace(check, reason=f"{said}; {measured.text}")
    reason = f"the scorers differ ({named}) but {measured.text}"
    return replace(check, verdict=Verdict.PASS, reason=reason, missing=())


def environment_differences(
    baseline: Evidence, candidate: Evidence, policy: Policy
) -> Mapping[str, str]:
    """Every name that may not differ and does, with both values as text."""
    sides = [comparable_environment(side.environment) for side in (baseline, candidate)]
    allowed = (MODEL, TIMES, *policy.environment.may_differ)
    values = {
        name: [side.get(name, "not recorded") for side in sides]
        for name in sorted(sides[0].keys() | sides[1].keys())
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }
    return {
        name: f"{name} ({before} and {after})"
        for name, (before, after) in values.items()
        if before != after
    }


def are_of_scorers(names: Sequence[str] | Mapping[str, str]) -> bool:
    """Whether a measurement of the scorers tells if the differences matter.

    Other LPIPS frames are another measure, and the service's environment makes other clips.
    """
    return bool(names) and all(name.startswith(SCORER) and name != SAMPLING for name in names)


def have_same_times(baseline: Evidence, candidate: Evidence, policy: Policy) -> bool:
    """Whether one run made both sides' clips, or the policy lets ``times`` differ."""
    runs = [side.environment.get(TIMES) for side in (baseline, candidate)]
    return TIMES in policy.environment.may_differ or (runs[0] is not None and runs[0] == runs[1])


def is_scored_by_the_gate(side: Evidence) -> bool:
    """Whether the gate itself decoded the clips, unlike scores that it read from a collector."""
    return any(name.startswith(SCORER) for name in side.environment)


def is_self_comparison(baseline: Evidence, candidate: Evidence) -> bool:
    """Whether both sides are one piece of evidence, which would always pass."""
    same_id = baseline.id is not None and baseline.id == candidate.id
    return baseline == candidate or same_id or is_one_live_model(baseline, candidate)


def is_one_live_model(baseline: Evidence, candidate: Evidence) -> bool:
    """Whether both sides are the live scores of one model, which grow from query to query."""
    sides = (baseline, candidate)
    live = all(side.environment.get(TIMES) == LIVE for side in sides)
    return live and (baseline.name, baseline.source) == (candidate.name, candidate.source)


@dataclass(frozen=True, slots=True)
class ScorerComparison:
    """Whether two scorers agree, and the measurement, or what it lacks."""

    agree: bool
    text: str


def compare_scorers(sides: tuple[Evidence, Evidence], policy: Policy) -> ScorerComparison:
    """By the clips of either side that the other side's scorer scored again."""
    for one, other in (sides, sides[::-1]):
        if one.rescored and scorer_of(one.rescored.environment) == scorer_of(other.environment):
            return compare_scores(one, one.rescored.clips, policy)
    return ScorerComparison(False, "no kept clips were scored again to compare the scorers")


def scorer_of(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What an environment says of its scorer."""
    known = comparable_environment(environment)
    return {name: value for name, value in known.items() if name.startswith(SCORER)}


def compare_scores(record: Evidence, again: Sequence[Clip], policy: Policy) -> ScorerComparison:
    known = {clip.key: clip for clip in record.clips}
    pairs = [(known[clip.key], clip) for clip in again if clip.key in known]
    keys = {clip.key for clip, _ in pairs}
    if len(keys) < LEAST_CLIPS:
        said = f"{len(keys)} kept clips could be scored again to compare the scorers"
        return ScorerComparison(False, f"{said}, {LEAST_CLIPS} needed")
    fault = decoding_fault(pairs)
    if fault:
        return ScorerComparison(False, fault)
    worst = "", 0.0
    for name, margin in least_margins(record, policy):
        difference = largest_difference(name, pairs)
        if difference is None:
            return ScorerComparison(False, f"the scorers do not both have a value of {name}")
        if difference > TOLERATED_SHARE * margin:
            said = f"{name} of the same clip differs by up to {difference:.3g}"
            return ScorerComparison(False, f"{said}, more than a twentieth of {margin:.3g}")
        worst = max(worst, (name, difference / margin if margin else 0.0), key=lambda one: one[1])
    share = f"{worst[1]:.2%} of the margin of {worst[0]}" if worst[0] else "all digits"
    return ScorerComparison(True, f"agree on {len(keys)} re-scored clips to within {share}")


def decoding_fault(pairs: Pairs) -> str | None:
    """Other frames from the same file: then neither values nor identical clips can be compared."""
    for before, after in pairs:
        if before.delivery is None or before.delivery != after.delivery:
            return f"the scorers do not decode {before.prompt} alike"
    return None


def least_margins(record: Evidence, policy: Policy) -> Iterator[tuple[str, float]]:
    """The smallest limit of a difference that the policy has for each scored metric."""
    for name in policy.scored_metrics:
        values = [clip.values[name] for clip in record.clips if name in clip.values]
        usable = [value for value in values if is_measurement(value)]
        margins = list(margins_in_unit(policy.metrics[name], usable)) if usable else []
        if margins:
            yield name, min(margins)


def margins_in_unit(rule: Rule, values: Sequence[float]) -> Iterator[float]:
    """Every limit of a difference; floors and ceilings are of the candidate's own values."""
    yield from (
        one
        for one in (
            rule.margin,
            rule.worst and rule.worst.margin,
            rule.broken and rule.broken.worse_by,
            rule.categories and rule.categories.margin,
        )
        if isinstance(one, float)
    )
    if rule.relative_margin is not None:
        yield rule.relative_margin * abs(fmean(values))
    for band in (rule.band, rule.outside):
        if band is not None:
            yield max(band.margin or 0.0, (band.spreads or 0.0) * pstdev(values))


def largest_difference(metric: str, pairs: Pairs) -> float | None:
    """None where a scorer has no value that can be judged."""
    values = [(one.values.get(metric), other.values.get(metric)) for one, other in pairs]
    found = [
        abs(before - after)
        for before, after in values
        if before is not None and after is not None
        if is_measurement(before) and is_measurement(after)
    ]
    return max(found) if len(found) == len(pairs) else None
