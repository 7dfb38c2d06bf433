"""A policy with the margins that a calibration leaves room for, as the text of a file."""

from collections.abc import Callable, Iterator

from framegate.quality.gate.judging.stats import SMALLEST_BASE
from framegate.quality.gate.margins.noise import Calibration, MeasureNoise, propose_margin, round_up
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import BandRule, Policy, Rule

NO_NOISE = "no noise was seen; the margin is that of the policy before"
WIDER = "wider than before: the noise of these prompts leaves no room for less"
UNKNOWN = "its noise was not measured; the margin is that of the policy before"
MOST_SHARE = 9.9  # a relative margin is below ten

Change = Callable[[str, Rule, MeasureNoise, float], Rule]  # with the proposed margin, in the unit


def propose_policy(policy: Policy, calibration: Calibration) -> str:
    """The policy's rules, with the smallest useful margin where the noise is known."""
    return policy_text(policy, calibration, with_margin)


def widen_policy(policy: Policy, calibration: Calibration) -> str:
    """The policy's rules, with wider margins where the noise leaves no room for the policy's."""
    return policy_text(policy, calibration, with_wider_margin)


def policy_text(policy: Policy, calibration: Calibration, change: Change) -> str:
    lines = [
        "version: 1",
        f"minimum_prompts: {policy.minimum_prompts}",
        f"unmatched_share: {policy.unmatched_share:g}",
        f"tolerated_broken_share: {policy.tolerated_broken_share:g}",
        "metrics:",
    ]
    for name, rule in policy.metrics.items():
        lines += rule_lines(name, rule, calibration.measures.get(name), change)
    return "".join(f"{line}\n" for line in lines)


def rule_lines(name: str, rule: Rule, noise: MeasureNoise | None, change: Change) -> Iterator[str]:
    margin = propose_margin(noise) if noise else None
    if has_margin(rule) and margin is None:
        yield f"  # {UNKNOWN if noise is None else NO_NOISE}"
    found = rule if noise is None or margin is None else change(name, rule, noise, margin)
    if change is with_wider_margin and found != rule:
        yield f"  # {WIDER}"
    yield f"  {name}:"
    for key, value in found.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True
    ).items():
        yield f"    {key}: {flow_text(value)}"


def has_margin(rule: Rule) -> bool:
    return any(one is not None for one in (rule.margin, rule.relative_margin, rule.band))


def flow_text(value: object) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow_text(one)}" for key, one in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def with_margin(name: str, rule: Rule, noise: MeasureNoise, margin: float) -> Rule:
    """The rule with the margin in place of its own; times and costs have it as a share."""
    if rule.relative_margin is not None and not MEASURES[name].scored:
        share = margin / noise.mean if noise.mean > SMALLEST_BASE else MOST_SHARE
        if share < MOST_SHARE:
            return rule.model_copy(update={"relative_margin": round_up(share)})
        return rule
    if rule.margin is not None or rule.relative_margin is not None:
        return rule.model_copy(update={"margin": margin, "relative_margin": None})
    if rule.band is not None:
        return rule.model_copy(update={"band": BandRule(margin=margin, sides=rule.band.sides)})
    return rule


def with_wider_margin(name: str, rule: Rule, noise: MeasureNoise, margin: float) -> Rule:
    """The rule as it is, or with the margin where its own is smaller."""
    own = [rule.margin, (rule.relative_margin or 0.0) * abs(noise.mean)]
    if rule.band is not None:
        own.append(band_width(rule.band, noise))
    return (
        rule if max(one or 0.0 for one in own) >= margin else with_margin(name, rule, noise, margin)
    )


def band_width(band: BandRule, noise: MeasureNoise) -> float:
    """How far a band's mean may move, in the measure's unit."""
    return max(band.margin or 0.0, (band.spreads or 0.0) * (noise.spread or 0.0))
