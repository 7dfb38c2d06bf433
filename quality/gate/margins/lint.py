"""Finds rules of a policy that can never pass, and margins smaller than twice the noise."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from framegate.quality.gate.judging.shares import prompts_to_see, share_bounds
from framegate.quality.gate.margins.noise import NOISE_FACTOR, Calibration, MeasureNoise
from framegate.quality.gate.margins.proposal import band_width, has_margin
from framegate.quality.gate.policy.policy import PolicyFile, Rule, RuleTier, WorstPromptsRule
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef, metric_path
from framegate.quality.gate.policy.suite import Suite


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
    findings = [
        LintFinding(level, policy.line(rule), rule, message) for level, rule, message in found
    ]
    return sorted(findings, key=lambda finding: (finding.line, finding.rule))


def lint_rules(policy: PolicyFile) -> Iterator[Complaint]:
    rules = policy.policy.metrics
    if not any(rule.tier is RuleTier.CRITICAL for rule in rules.values()):
        yield Level.ERROR, "metrics", "no metric is critical, so the gate can never pass"
    for name, rule in rules.items():
        guards = (rule.worst, rule.broken, rule.outside, rule.categories, rule.floor, rule.ceiling)
        guarded = any(one is not None for one in guards)
        if has_margin(rule) and rule.tier is RuleTier.CRITICAL and not guarded:
            yield (
                Level.WARNING,
                metric_path(name),
                "checks only the mean; add broken, outside or categories for a few bad prompts",
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
