"""docs/reference/policies.md: what each built-in policy needs to be able to say PASS.

``python -m framegate.quality.gate.margins.policies_page`` prints it.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from framegate.quality.gate.canary.sequential import difference_bounds
from framegate.quality.gate.judging.shares import prompts_to_see, share_bounds
from framegate.quality.gate.judging.stats import ALPHA, n_needed
from framegate.quality.gate.margins.power import band_power
from framegate.quality.gate.policy.measures import FAILED, MEASURES
from framegate.quality.gate.policy.policy import POLICIES, Policy, Rule, load_policy
from framegate.quality.gate.policy.rule_ref import METRIC_KINDS, RuleKind, RuleRef

TEMPLATE = Path(__file__).with_suffix(".md")
NOISES = (1.0, 2.0)  # deviations of a prompt's difference, in margins
CANARY_POLICY = "live"  # its bounds hold at every look; how long they take depends on the looks
MOST = 10_000  # prompts
NEEDS = ("policy", "prompts", "because of", "what else it needs")
RULES = ("policy", "rule", "limit", "tier", "at least", *(f"noise of {one:g}" for one in NOISES))


@dataclass(frozen=True, slots=True)
class RuleNeeds:
    """The prompts that one rule takes to hold: at least, and with noise of so many margins."""

    policy: str
    rule: RuleRef
    limit: str
    tier: str
    least: int
    with_noise: tuple[int | None, ...]


def policies_page() -> str:
    """The page: ``policies_page.md`` with its tables filled in."""
    policies = {name: load_policy(path).policy for name, path in POLICIES.items()}
    rules = [one for name, policy in policies.items() for one in needs_of(name, policy)]
    return TEMPLATE.read_text().format(
        needs=markdown_table(NEEDS, [policy_cells(name, one) for name, one in policies.items()]),
        rules=markdown_table(RULES, [rule_cells(one) for one in rules]),
    )


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def policy_cells(name: str, policy: Policy) -> tuple[str, ...]:
    """The policy's row: the prompts that it takes, the reason, and the evidence beside prompts."""
    reasons = {
        "`minimum_prompts`": policy.minimum_prompts,
        "`tolerated_broken_share`": prompts_to_see(policy.tolerated_broken_share),
        **{f"`{one.rule.label}`": one.least for one in needs_of(name, policy)},
    }
    prompts = max(reasons.values())
    because = [reason for reason, count in reasons.items() if count == prompts]
    more = f" and {len(because) - 1} more" if len(because) > 1 else ""
    return f"`{name}`", str(prompts), because[0] + more, "; ".join(other_needs(policy))


def other_needs(policy: Policy) -> Iterator[str]:
    measures = [MEASURES[name] for name in policy.metrics]
    if any(one.needs_reference for one in measures):
        yield "reference footage of every clip"
    else:
        yield "the clips alone"
    if FAILED in measures:
        yield "a service that makes them"
    if any(one.timed for one in measures):
        yield "both sides made in turns by one run"
    least = [rule.categories.minimum_prompts for rule in policy.metrics.values() if rule.categories]
    if least:
        yield f"{max(least)} prompts in each category"


def needs_of(name: str, policy: Policy) -> Iterator[RuleNeeds]:
    for metric, rule in policy.metrics.items():
        for kind in METRIC_KINDS:
            if getattr(rule, kind) is not None:
                ref, canary = RuleRef(metric, kind), name == CANARY_POLICY
                yield RuleNeeds(
                    policy=name,
                    rule=ref,
                    limit=limit_text(rule, kind),
                    tier=rule.tier.value,
                    least=least_prompts(ref, rule, canary=canary),
                    with_noise=(None,) * len(NOISES) if canary else prompts_with_noise(rule, kind),
                )


def limit_text(rule: Rule, kind: RuleKind) -> str:
    value = getattr(rule, kind)
    if isinstance(value, float):
        return f"{value:g}"
    known = value.model_dump(exclude_none=True).items()
    texts = (
        f"{name} {one:g}" if isinstance(one, float) else f"{name} {one}" for name, one in known
    )
    return ", ".join(texts)


def least_prompts(ref: RuleRef, rule: Rule, *, canary: bool) -> int:
    """The prompts that the rule takes where no prompt differs."""
    share = getattr(getattr(rule, ref.kind), "at_most", None)
    if share is not None:
        return next(n for n in range(2, MOST) if share_bounds(0, n)[1] <= share)
    if canary and ref.metric == FAILED.id and rule.margin is not None:
        margin = rule.margin
        return next(n for n in range(2, MOST) if rate_bound(n) < margin)
    return 1 if ref.is_limit else 2


def rate_bound(jobs: int) -> float:
    """The upper bound of the difference of two failure rates, neither of which has a failure."""
    return difference_bounds((0, jobs), (0, jobs), alpha=ALPHA)[1]


def prompts_with_noise(rule: Rule, kind: RuleKind) -> tuple[int | None, ...]:
    """The prompts with which an equal model passes in 80 of 100 cases; for margins alone."""
    if kind is RuleKind.BAND and rule.band and rule.band.sides == "both":
        found = (band_power("band", margin=1.0, deviation=one, prompts=2) for one in NOISES)
        return tuple(one.needed for one in found)
    if kind in (RuleKind.MARGIN, RuleKind.RELATIVE_MARGIN, RuleKind.BAND):
        return tuple(n_needed(0.0, one, margin=1.0) for one in NOISES)
    return (None,) * len(NOISES)


def rule_cells(one: RuleNeeds) -> tuple[str, ...]:
    noisy = ("-" if count is None else str(count) for count in one.with_noise)
    return f"`{one.policy}`", f"`{one.rule.label}`", one.limit, one.tier, str(one.least), *noisy


if __name__ == "__main__":
    sys.stdout.write(policies_page())
