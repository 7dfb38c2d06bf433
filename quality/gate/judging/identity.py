"""Identity: clips that show the same frames where different ones are the evidence."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.evidence.pairing import SIDE_NAMES, Sides
from framegate.quality.gate.judging.check import Check, NamedClip, clip_list, with_named_clips
from framegate.quality.gate.judging.delivery import ClipPair, clip_pairs, clips_by_side
from framegate.quality.gate.policy.policy import Policy, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

CLIPS, PROMPTS, REFERENCES = "clips", "prompts", "references"
SAME_REFERENCES = RuleRef(None, RuleKind.IDENTITY, REFERENCES)


def identity_checks(policy: Policy, sides: Sides) -> Iterator[Check]:
    """Each kind of identity that the policy does not expect; nothing for clips without files."""
    pairs = clip_pairs(sides)
    if not pairs:
        return
    allowed, expected = policy.unmatched_share, policy.expected_identity
    if CLIPS not in expected:
        yield check_clips(pairs, allowed)
    if PROMPTS not in expected:
        yield check_prompts(sides, allowed)
    if REFERENCES not in expected:
        yield check_references(sides, pairs)


def identity_check(name: str, n: int, reason: str, same: Sequence[NamedClip] = ()) -> Check:
    """INCONCLUSIVE where there are ``same``: such clips are no evidence, and no waiver makes it."""
    verdict = Verdict.INCONCLUSIVE if same else Verdict.PASS
    rule = RuleRef(None, RuleKind.IDENTITY, name)
    check = Check(rule, RuleTier.CRITICAL, verdict, reason, evidenced=not same, n=n)
    return with_named_clips(check, same)


def check_clips(pairs: Sequence[ClipPair], allowed: float) -> Check:
    """Whether the candidate's clips are the baseline's: then the candidate was not tested."""
    same = [
        NamedClip(pair.key, pair.prompt)
        for pair in pairs
        if pair.baseline.digest == pair.candidate.digest
    ]
    said = f"{len(same)} of {len(pairs)} clips show the same frames as the baseline's"
    if len(same) > allowed * len(pairs):
        said += f", so the candidate may not have been used: {clip_list(same)}"
        return identity_check(CLIPS, len(pairs), said, same)
    return identity_check(CLIPS, len(pairs), said)


def check_prompts(sides: Sides, allowed: float) -> Check:
    """Whether one clip stands for several prompts of a side."""
    worst = identity_check(PROMPTS, len(sides[1]), "no two prompts have the same clip")
    for name, clips in zip(SIDE_NAMES, sides, strict=True):
        same = prompts_with_the_same_clip(clips)
        units = len({clip.unit for clip in clips if clip.delivery})
        if len(same) > allowed * units:
            said = f"{name}: {len(same)} of {units} prompts have the clip of another prompt: "
            return identity_check(PROMPTS, units, said + clip_list(same), same)
    return worst


def prompts_with_the_same_clip(clips: Sequence[Clip]) -> list[NamedClip]:
    by_digest: dict[str, dict[str, NamedClip]] = defaultdict(dict)
    for clip in sorted(clips, key=lambda clip: clip.key):
        if clip.delivery:
            by_digest[clip.delivery.digest].setdefault(clip.unit, NamedClip(clip.key, clip.prompt))
    return [one for units in by_digest.values() if len(units) > 1 for one in units.values()]


def check_references(sides: Sides, pairs: Sequence[ClipPair]) -> Check:
    """Whether the reference footage is a side's own clip: then the comparison says nothing."""
    same = [
        NamedClip(clip.key, f"{clip.prompt} ({name})")
        for name, clip in clips_by_side(sides)
        if clip.delivery and clip.delivery.digest == clip.delivery.reference_digest
    ]
    if not same:
        return identity_check(REFERENCES, len(pairs), "no reference is a clip of either side")
    said = f"{len(same)} clips are their own reference footage: {clip_list(same)}"
    return identity_check(REFERENCES, len(pairs), said, same)
