"""Delivery: do the candidate's clips have the length and the format of the baseline's?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from framegate.quality.gate.evidence.evidence import DELIVERY, Clip, DeliveredClip
from framegate.quality.gate.evidence.pairing import SIDE_NAMES, Sides
from framegate.quality.gate.judging.check import Check, NamedClip, clip_list, with_named_clips
from framegate.quality.gate.policy.measures import FAILED
from framegate.quality.gate.policy.policy import DeliveryRule, Policy, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

ANY = "any"  # in the policy: the check is switched off
MEASURED = RuleRef(None, RuleKind.DELIVERY)
INTACT = "intact"


@dataclass(frozen=True, slots=True)
class ClipPair:
    """The clips of two sides with one key, and what their files deliver."""

    key: str
    prompt: str
    baseline: DeliveredClip
    candidate: DeliveredClip


# What is compared as a ratio of the baseline's value, with its unit.
AMOUNTS: Mapping[str, tuple[Callable[[DeliveredClip], float], str]] = {
    "duration": (lambda one: one.seconds, " s"),
    "frames": (lambda one: one.frames, " frames"),
    "frame_rate": (lambda one: one.frame_rate, " frames per second"),
}
PROPERTIES: Mapping[str, Callable[[DeliveredClip], str]] = {
    "size": lambda one: f"{one.width}x{one.height}",
    "pixel_format": lambda one: one.pixel_format,
    "audio": lambda one: "audio" if one.has_audio else "no audio",
}


def clip_pairs(sides: Sides) -> list[ClipPair]:
    """The clips that were measured on both sides, in the order of their keys."""
    before = {clip.key: clip.delivery for clip in sides[0] if clip.delivery}
    return [
        ClipPair(clip.key, clip.prompt, before[clip.key], clip.delivery)
        for clip in sorted(sides[1], key=lambda clip: clip.key)
        if clip.delivery and clip.key in before
    ]


def delivery_checks(policy: Policy, sides: Sides, *, live: bool) -> Iterator[Check]:
    """One check for each part of the policy's rule; ``live`` evidence has no files to measure."""
    rule, pairs = policy.delivery, clip_pairs(sides)
    yield check_measured(sides, pairs, policy, live=live)
    if not pairs:
        return
    for name, (amount, unit) in AMOUNTS.items():
        limit = getattr(rule, name)
        if limit != ANY:
            yield check_amount(rule, name, pairs, amount, unit, limit)
    for name, text in PROPERTIES.items():
        if getattr(rule, name) != ANY:
            yield check_property(rule, name, pairs, text)
    if rule.intact != ANY:
        yield check_intact(rule, pairs)


def check_measured(sides: Sides, pairs: Sequence[ClipPair], policy: Policy, *, live: bool) -> Check:
    """Whether the files of both sides could be measured; never a PASS where one was not."""
    check = Check(
        MEASURED, policy.delivery.tier, Verdict.INCONCLUSIVE, "", evidenced=False, n=len(pairs)
    )
    broken = [
        NamedClip(clip.key, f"{clip.prompt} ({name}: {clip.reasons[DELIVERY]})")
        for name, clip in clips_by_side(sides)
        if DELIVERY in clip.reasons
    ]
    if broken:
        said = f"{len(broken)} files cannot be decoded: {clip_list(broken)}"
        return with_named_clips(replace(check, reason=said), broken)
    unknown = [
        NamedClip(clip.key, f"{clip.prompt} ({name})")
        for name, clip in clips_by_side(sides)
        if clip.delivery is None and not was_not_delivered(clip)
    ]
    if live and not pairs:
        said = "the collector does not say what both sides delivered for the same prompts"
        return replace(check, tier=RuleTier.ADVISORY, reason=said)
    if live:  # only a sample may be scored
        said = f"{len(pairs)} pairs of clips were decoded by the quality worker"
        return replace(check, verdict=Verdict.PASS, reason=said, evidenced=True)
    if not pairs or len(unknown) > policy.unmatched_share * (len(pairs) + len(unknown)):
        said = f"{len(unknown)} clips were not measured: {clip_list(unknown)}"
        said = said if unknown else "no clip was measured on both sides"
        return replace(check, reason=said, clips=tuple(one.key for one in unknown))
    said = f"{len(pairs)} pairs of clips were decoded"
    return replace(check, verdict=Verdict.PASS, reason=said, evidenced=True)


def clips_by_side(sides: Sides) -> Iterator[tuple[str, Clip]]:
    """Every clip with the name of its side, in the order of the keys."""
    for name, clips in zip(SIDE_NAMES, sides, strict=True):
        for clip in sorted(clips, key=lambda clip: clip.key):
            yield name, clip


def was_not_delivered(clip: Clip) -> bool:
    """Whether the service failed to make the clip, which ``failed_v1`` counts or leaves out."""
    return clip.values.get(FAILED.id, 0.0) > 0 or FAILED.id in clip.reasons


def check_amount(
    rule: DeliveryRule,
    name: str,
    pairs: Sequence[ClipPair],
    amount: Callable[[DeliveredClip], float],
    unit: str,
    limit: float,
) -> Check:
    def differs(pair: ClipPair) -> bool:
        before, after = amount(pair.baseline), amount(pair.candidate)
        return abs(after - before) > limit * before + 1e-9

    def text(one: DeliveredClip) -> str:
        return f"{amount(one):.4g}{unit}"

    return check_part(rule, name, pairs, differs, text, said=f"differ by more than {limit:.0%}")


def check_property(
    rule: DeliveryRule, name: str, pairs: Sequence[ClipPair], text: Callable[[DeliveredClip], str]
) -> Check:
    def differs(pair: ClipPair) -> bool:
        return text(pair.baseline) != text(pair.candidate)

    return check_part(rule, name, pairs, differs, text, said="differ")


def check_intact(rule: DeliveryRule, pairs: Sequence[ClipPair]) -> Check:
    """Faults of the files, such as missing frames, that the baseline's file does not have too."""

    def differs(pair: ClipPair) -> bool:
        return not set(pair.candidate.faults) <= set(pair.baseline.faults)

    def text(one: DeliveredClip) -> str:
        return ", ".join(one.faults) or "no fault"

    return check_part(rule, INTACT, pairs, differs, text, said="have other faults")


def check_part(
    rule: DeliveryRule,
    name: str,
    pairs: Sequence[ClipPair],
    differs: Callable[[ClipPair], bool],
    text: Callable[[DeliveredClip], str],
    *,
    said: str,
) -> Check:
    """FAIL where clips differ: a fact about these files, no statistical claim."""
    check = Check(RuleRef(None, RuleKind.DELIVERY, name), rule.tier, Verdict.PASS, "", n=len(pairs))
    different = [pair for pair in pairs if differs(pair)]
    if not different:
        return replace(check, reason=f"equal on {len(pairs)} pairs of clips")
    first = different[0]
    example = f"{first.prompt} has {text(first.candidate)}, the baseline {text(first.baseline)}"
    reason = f"{len(different)} of {len(pairs)} clips {said}: {example}"
    named = [NamedClip(pair.key, pair.prompt) for pair in different]
    return with_named_clips(replace(check, verdict=Verdict.FAIL, reason=reason), named)
