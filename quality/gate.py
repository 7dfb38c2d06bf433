"""The release gate: is the candidate worse than the baseline in any way the policy names?

PASS claims that every metric is not worse than its margin allows, so every metric must show it
(an intersection-union test, which needs no correction).
FAIL claims harm in at least one of several metrics, so the claims are corrected by Holm's method.
Everything else, and above all missing evidence, is INCONCLUSIVE.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from quality.metrics import METRICS
from quality.policy import Policy
from quality.stats import Comparison, compare, holm
from telemetry.records import Score

WORST_SHOWN = 3

PromptValues = Mapping[str, float]  # one value for each prompt id


class Verdict(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Check:
    """One metric's verdict; differences are signed so that negative is worse."""

    metric: str
    verdict: Verdict
    reason: str
    margin: float
    baseline_mean: float | None
    candidate_mean: float | None
    comparison: Comparison | None
    unmatched: tuple[str, ...]
    worst: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdict and all it rests on."""

    verdict: Verdict
    reason: str
    baseline: str
    candidate: str
    checks: tuple[Check, ...]


def gate(
    baseline: Sequence[Score],
    candidate: Sequence[Score],
    policy: Policy,
    *,
    names: tuple[str, str] = ("baseline", "candidate"),
) -> GateReport:
    """Judge a candidate's scores against a baseline's on the prompts they share."""
    checks = [
        check_metric(metric, rule.margin, baseline, candidate, policy=policy)
        for metric, rule in policy.metrics.items()
    ]
    checks = with_harm(checks)
    verdict = overall(checks)
    return GateReport(verdict, reason_of(verdict, checks), *names, tuple(checks))


def overall(checks: Iterable[Check]) -> Verdict:
    """FAIL beats INCONCLUSIVE beats PASS; having checked nothing is not a pass."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if not verdicts or Verdict.INCONCLUSIVE in verdicts:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS


def check_metric(
    metric: str,
    margin: float,
    baseline: Sequence[Score],
    candidate: Sequence[Score],
    *,
    policy: Policy,
) -> Check:
    """One metric on its own; whether harm is shown is decided beside the other metrics."""
    before, after = prompt_values(baseline, metric), prompt_values(candidate, metric)
    wanted = prompts_of(baseline, metric) | prompts_of(candidate, metric)
    shared = sorted(before.keys() & after.keys())
    unmatched = tuple(sorted(wanted - set(shared)))
    empty = Check(
        metric, Verdict.INCONCLUSIVE, "", margin, None, None, None, unmatched=unmatched, worst=()
    )
    if len(shared) < policy.minimum_prompts:
        need = policy.minimum_prompts
        return replace(empty, reason=f"{len(shared)} prompts scored on both sides, {need} needed")
    sign = 1.0 if METRICS[metric].higher_is_better else -1.0
    differences = {prompt: sign * (after[prompt] - before[prompt]) for prompt in shared}
    check = replace(
        empty,
        baseline_mean=fmean(before[prompt] for prompt in shared),
        candidate_mean=fmean(after[prompt] for prompt in shared),
        comparison=compare([differences[prompt] for prompt in shared], margin=margin),
        worst=tuple(sorted(differences.items(), key=lambda item: item[1])[:WORST_SHOWN]),
    )
    broken = {score.prompt_id for score in (*baseline, *candidate) if unscorable(score, metric)}
    if broken:
        return replace(check, reason=f"{len(broken)} prompts have a clip that cannot be scored")
    if len(unmatched) > policy.unmatched_share * len(wanted):
        return replace(check, reason=f"{len(unmatched)} prompts lack a score on one side")
    return by_interval(check)


def unscorable(score: Score, metric: str) -> bool:
    return score.metric == metric and (score.value is None or not math.isfinite(score.value))


def by_interval(check: Check) -> Check:
    """PASS where the whole interval is better than the margin asks, else INCONCLUSIVE."""
    if check.comparison is None:
        return check
    if check.comparison.lower > -check.margin:
        return replace(check, verdict=Verdict.PASS, reason="not worse than the margin allows")
    needed = check.comparison.n_needed
    more = f"; about {needed} prompts would decide it" if needed else ""
    return replace(check, reason=f"the interval spans the margin{more}")


def with_harm(checks: Sequence[Check]) -> list[Check]:
    """The checks with FAIL where harm is shown; all claims of harm are corrected together."""
    harms = [check.comparison.harm_p if check.comparison else 1.0 for check in checks]
    return [
        replace(check, verdict=Verdict.FAIL, reason="worse by more than the margin")
        if shown and check.comparison
        else check
        for check, shown in zip(checks, holm(harms), strict=True)
    ]


def prompt_values(scores: Iterable[Score], metric: str) -> PromptValues:
    """The mean over a prompt's clips; a prompt with an unscorable clip has no value."""
    clips: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        if score.metric == metric and score.prompt_id is not None:
            clips[score.prompt_id].append(math.nan if score.value is None else score.value)
    means = {prompt: fmean(values) for prompt, values in clips.items()}
    return {prompt: mean for prompt, mean in means.items() if math.isfinite(mean)}


def prompts_of(scores: Iterable[Score], metric: str) -> set[str]:
    """Every prompt with a clip that was looked at, scored or not."""
    return {
        score.prompt_id
        for score in scores
        if score.metric == metric and score.prompt_id is not None
    }


def reason_of(verdict: Verdict, checks: Sequence[Check]) -> str:
    """One sentence that names the metrics the verdict comes from."""
    if not checks:
        return "the policy names no metric"
    deciding = [check for check in checks if check.verdict is verdict]
    if verdict is Verdict.PASS:
        prompts = min(check.comparison.n for check in deciding if check.comparison)
        return f"no metric is worse than its margin allows, on {prompts} prompts"
    return "; ".join(f"{check.metric}: {sentence(check)}" for check in deciding)


def sentence(check: Check) -> str:
    if check.comparison is None or check.verdict is not Verdict.FAIL:
        return check.reason
    change = f"{-check.comparison.mean:.3g} worse on average over {check.comparison.n} prompts"
    return f"{change}, margin {check.margin:g}"
