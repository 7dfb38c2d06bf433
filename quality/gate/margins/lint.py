"""Finds rules of a policy that can never pass or fail, and margins smaller than twice the noise."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from framegate.quality.gate.judging.shares import prompts_to_see, share_bounds
from framegate.quality.gate.margins.noise import NOISE_FACTOR, Calibration, MeasureNoise
from framegate.quality.gate.margins.proposal import band_width, has_margin
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import (
    Policy,
    PolicyFile,
    Rule,
    RuleTier,
    WorstPromptsRule,
)
from framegate.quality.gate.policy.rule_ref import METRIC_KINDS, RuleKind, RuleRef, metric_path
from framegate.quality.gate.policy.suite import Suite
from framegate.quality.metrics.definitions import DEFINITIONS

FEW_PROMPTS = 7  # a PASS with fewer says little of the next ones
CRITICAL, CATEGORIES = RuleTier.CRITICAL, RuleKind.CATEGORIES


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding; ``rule`` is a path in the policy."""

    level: Level
    line: int
    rule: str
    message: str


Complaint = tuple[Level, str, str]  # about a rule


def lint_policy(
    policy: PolicyFile, suite: Suite | None = None, noise: Calibration | None = None
) -> list[LintFinding]:
    """All findings, in the order of the file."""
    found = [
        *lint_rules(policy),
        *(lint_suite_size(policy, suite) if suite else ()),
        *(lint_noise(policy, suite, noise) if noise else ()),
    ]
    return as_findings(policy, found)


def as_findings(policy: PolicyFile, found: Iterable[Complaint]) -> list[LintFinding]:
    findings = [
        LintFinding(level, policy.line(rule), rule, message) for level, rule, message in found
    ]
    return sorted(findings, key=lambda finding: (finding.line, finding.rule))


def lint_rules(policy: PolicyFile) -> Iterator[Complaint]:
    rules = policy.policy.metrics
    if not any(rule.tier is CRITICAL for rule in rules.values()):
        yield Level.ERROR, "metrics", "no metric is critical, so the gate can never pass"
    elif not any(is_over_all_prompts(one) for one in rules.values() if one.tier is CRITICAL):
        said = "critical rules are of categories alone or abstentions; add a margin to pass"
        yield Level.ERROR, "metrics", said
    yield from lint_least_prompts(policy.policy)
    for name, rule in rules.items():
        yield from lint_limits(name, rule)
        guards = (rule.worst, rule.broken, rule.outside, rule.categories, rule.floor, rule.ceiling)
        guarded = any(one is not None for one in guards)
        if has_margin(rule) and rule.tier is CRITICAL and not guarded:
            yield (
                Level.WARNING,
                metric_path(name),
                "checks only the mean; add broken, outside or categories for a few bad prompts",
            )


def is_over_all_prompts(rule: Rule) -> bool:
    others = [kind for kind in METRIC_KINDS if kind not in (CATEGORIES, RuleKind.ABSTENTION)]
    return any(getattr(rule, kind) is not None for kind in others)


def lint_least_prompts(policy: Policy) -> Iterator[Complaint]:
    """A policy that passes on so few prompts that the next ones may say the opposite."""
    needed = max(policy.minimum_prompts, prompts_to_see(policy.tolerated_broken_share))
    if needed < FEW_PROMPTS:
        said = f"with tolerated_broken_share {policy.tolerated_broken_share:g}, "
        said += f"{needed} prompts are enough for a PASS"
        yield Level.WARNING, "minimum_prompts", said


def lint_limits(name: str, rule: Rule) -> Iterator[Complaint]:
    """Limits that look like slips: on the wrong side, in per cent, or wider than the metric."""
    place, measure = metric_path(name), MEASURES[name]
    wrong = RuleKind.CEILING if measure.higher_is_better else RuleKind.FLOOR
    if getattr(rule, wrong) is not None and not is_two_sided(name):
        better = "higher" if measure.higher_is_better else "lower"
        said = f"{name} is better the {better} it is, so a {wrong} refuses clips for being good"
        yield Level.WARNING, f"{place}.{wrong}", said
    if is_two_sided(name) and (rule.margin is not None or rule.relative_margin is not None):
        said = f"too much of {name} is a fault as well as too little; use band and outside"
        yield Level.WARNING, place, said
    if rule.relative_margin is not None and rule.relative_margin > 1:
        share = rule.relative_margin
        said = f"{share:g} is {share:.0%} of the baseline's mean; write {share:g} % as "
        yield Level.WARNING, f"{place}.relative_margin", f"{said}{share / 100:g}"
    for path, margin in margins_of(rule):
        if measure.span is not None and margin is not None and margin >= measure.span:
            said = f"{margin:g}, but two values of {name} are at most {measure.span:g} apart"
            yield Level.WARNING, f"{place}.{path}", f"{said}, so the rule can never fail"


def is_two_sided(name: str) -> bool:
    """Whether both too little and too much of a metric are faults."""
    return name in DEFINITIONS and DEFINITIONS[name].two_sided


def margins_of(rule: Rule) -> Iterator[tuple[str, float | None]]:
    """Every limit of a difference in the metric's unit, with its path in the rule."""
    yield RuleKind.MARGIN, rule.margin
    for kind in (RuleKind.WORST, RuleKind.BAND, RuleKind.OUTSIDE, RuleKind.CATEGORIES):
        yield f"{kind}.margin", getattr(getattr(rule, kind), "margin", None)
    yield f"{RuleKind.BROKEN}.worse_by", getattr(rule.broken, "worse_by", None)


def lint_references(policy: PolicyFile) -> list[LintFinding]:
    """Rules that need reference footage, for clips that have none."""
    said = "needs reference footage, so it has no value; golden. compares with the baseline's clips"
    needing = {
        name: Level.WARNING if rule.tier is RuleTier.ADVISORY else Level.ERROR
        for name, rule in policy.policy.metrics.items()
        if MEASURES[name].needs_reference
    }
    return as_findings(
        policy, [(level, metric_path(name), said) for name, level in needing.items()]
    )


def lint_suite_size(policy: PolicyFile, suite: Suite) -> Iterator[Complaint]:
    """Rules that need more prompts than the suite has."""
    share = policy.policy.tolerated_broken_share
    if prompts_to_see(share) > suite.prompts:
        yield (
            Level.ERROR,
            RuleKind.TOLERATED_BROKEN_SHARE.value,
            f"{share:g} takes {prompts_to_see(share)} prompts, the suite has {suite.prompts}",
        )
    if policy.policy.minimum_prompts > suite.prompts:
        yield (
            Level.ERROR,
            "minimum_prompts",
            f"the suite has {suite.prompts} prompts, so the gate can never pass",
        )
    for name, rule in policy.policy.metrics.items():
        yield from lint_rule_size(metric_path(name), rule, suite)


def lint_rule_size(place: str, rule: Rule, suite: Suite) -> Iterator[Complaint]:
    if (rule.minimum_prompts or 0) > suite.prompts:
        yield Level.ERROR, f"{place}.minimum_prompts", f"the suite has {suite.prompts} prompts"
    if rule.worst:
        yield from lint_worst_prompts(place, rule.worst, suite)
    if rule.broken:
        least = share_bounds(0, suite.prompts)[1]
        if least > rule.broken.at_most:
            yield (
                Level.ERROR,
                f"{place}.broken.at_most",
                f"with {suite.prompts} prompts the bound is {least:.1%} even if none is broken",
            )
    if rule.categories:
        for category, prompts in sorted(category_sizes(suite).items()):
            if prompts < rule.categories.minimum_prompts:
                yield (
                    Level.ERROR,
                    f"{place}.categories.minimum_prompts",
                    f"category {category} has {prompts} prompts, so the rule can never pass",
                )


def lint_worst_prompts(place: str, rule: WorstPromptsRule, suite: Suite) -> Iterator[Complaint]:
    if rule.prompts > suite.prompts:
        yield Level.ERROR, f"{place}.worst.prompts", f"the suite has {suite.prompts} prompts"
    if len(suite.clips) == suite.prompts:
        yield (
            Level.WARNING,
            f"{place}.worst",
            "prompts have one seed each, so worst can keep a candidate from passing, not show harm",
        )


def category_sizes(suite: Suite) -> Counter[str]:
    return Counter(category for _, category in {(one.unit, one.category) for one in suite.clips})


def lint_noise(policy: PolicyFile, suite: Suite | None, noise: Calibration) -> Iterator[Complaint]:
    """Margins below twice the noise, which an equal model often misses."""
    if suite and noise.suite and suite.digest != noise.suite:
        yield Level.WARNING, "metrics", "the noise was measured with another suite"
    for name, rule in policy.policy.metrics.items():
        known = noise.measures.get(name)
        if known is None:
            if has_margin(rule):
                yield Level.WARNING, metric_path(name), "its noise is not in the calibration"
            continue
        prompts = suite.prompts if suite else known.prompts
        smallest = min(category_sizes(suite).values()) if suite else None
        yield from lint_margins(name, rule, known, prompts, smallest)


def lint_margins(
    metric: str, rule: Rule, noise: MeasureNoise, prompts: int, smallest: int | None
) -> Iterator[Complaint]:
    limits = [(RuleKind.MARGIN, rule.margin, noise.for_prompts(prompts))]
    if rule.relative_margin is not None and noise.mean > 0:
        limits.append(
            (
                RuleKind.RELATIVE_MARGIN,
                rule.relative_margin,
                noise.for_prompts(prompts) / noise.mean,
            )
        )
    if rule.band is not None and band_width(rule.band, noise):
        limits.append((RuleKind.BAND, band_width(rule.band, noise), noise.for_prompts(prompts)))
    if rule.categories and smallest:
        limits.append((RuleKind.CATEGORIES, rule.categories.margin, noise.for_prompts(smallest)))
    if rule.worst:
        limits.append((RuleKind.WORST, rule.worst.margin, noise.worst))
    for kind, margin, least in limits:
        if margin is not None and margin < NOISE_FACTOR * least:
            yield (
                Level.ERROR,
                str(RuleRef(metric, kind)),
                f"{margin:.3g} is below twice the measured noise of {least:.3g}",
            )
