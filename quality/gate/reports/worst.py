"""The clips that a page shows: those of the rules that decide the verdict, worst first."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from framegate.quality.gate.evidence.evidence import DELIVERY, Clip, DeliveredClip
from framegate.quality.gate.evidence.pairing import SIDE_NAMES
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.judge import INVALIDATING
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import RuleTier
from framegate.quality.gate.reports.numbers import amount, limit_text
from framegate.telemetry.platform.verdict import Verdict

MOST_CLIPS = 6
HOLDS = 4  # the rank of rules that decide nothing


@dataclass(frozen=True, slots=True)
class WorstClip:
    """A clip of the suite on both sides, and the rule because of which it is shown.

    A side that has no such clip is None.
    """

    check: Check
    sides: tuple[Clip | None, Clip | None]

    @property
    def clip(self) -> Clip:
        """What both sides have in common: prompt, seed, category."""
        found = self.sides[1] or self.sides[0]
        assert found
        return found


def worst_clips(document: VerdictDocument) -> list[WorstClip]:
    """Clips of rules that decide; of rules that hold only where no other rule names any.

    Rules of one rank take turns, so that each of several broken rules is seen.
    """
    ranked: dict[int, list[Check]] = defaultdict(list)
    for check in document.checks:
        ranked[rank_of(check)].append(check)
    before, after = (clips_by_key(side.clips) for side in (document.baseline, document.candidate))
    found: dict[str, WorstClip] = {}
    for rank in sorted(ranked):
        if rank < HOLDS or not found:
            for check, key in take_turns(ranked[rank], document):
                if key in before or key in after:
                    found.setdefault(key, WorstClip(check, (before.get(key), after.get(key))))
    return list(found.values())[:MOST_CLIPS]


def rank_of(check: Check) -> int:
    """Rules without which no other counts, broken rules, undecided ones, broken ones that wait."""
    if check.rule in INVALIDATING and check.blocks:
        return 0
    if check.blocks:
        return 1 if check.verdict is Verdict.FAIL else 2
    return 3 if check.verdict is Verdict.FAIL else HOLDS


def take_turns(checks: Sequence[Check], document: VerdictDocument) -> Iterator[tuple[Check, str]]:
    """The worst clip of each rule, then the second of each, and so on."""
    named = [[(check, key) for key in keys_of(check, document)] for check in checks]
    for row in zip_longest(*named):
        yield from (one for one in row if one)


def keys_of(check: Check, document: VerdictDocument) -> list[str]:
    """The clips of a rule that got worse, are beyond its limit, or that it misses."""
    if check.blocks and (check.is_limit or not check.evidenced or not check.measure):
        return list(check.clips)
    if check.verdict is Verdict.PASS and check.tier is not RuleTier.CRITICAL:
        return []
    return [worst_seed(check, one.unit, document) for one in check.worst] or list(check.clips)


def worst_seed(check: Check, unit: str, document: VerdictDocument) -> str:
    """The clip of a prompt, of several seeds the one that got worse the most."""
    before = clips_by_key(document.baseline.clips)
    own = [clip for clip in document.candidate.clips if clip.unit == unit and clip.key in before]
    harms = {clip.key: harm_of(check.measure or "", before[clip.key], clip) or 0.0 for clip in own}
    size = abs if check.rule.is_two_sided else float
    return max(harms, key=lambda key: size(harms[key]), default="")


def clips_by_key(clips: Sequence[Clip]) -> Mapping[str, Clip]:
    return {clip.key: clip for clip in reversed(clips)}


def harm_of(measure: str, before: Clip, after: Clip) -> float | None:
    """How much worse a clip is; None where a side has no value."""
    old, new = before.values.get(measure), after.values.get(measure)
    return None if old is None or new is None else MEASURES[measure].sign * (old - new)


def explain_choice(one: WorstClip) -> str:
    """What is wrong with the clip, in the terms of the rule."""
    check = one.check
    if not check.measure:
        return side_texts([delivery_text(clip) for clip in one.sides])
    limit = f"; the limit is {limit_text(check)}" if check.is_limit else ""
    return side_texts([value_text(check.measure, clip) for clip in one.sides]) + limit


def side_texts(texts: Sequence[str]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in zip(SIDE_NAMES, texts, strict=True))


def value_text(measure: str, clip: Clip | None) -> str:
    if clip is None:
        return "no clip"
    if measure in clip.values:
        return amount(clip.values[measure])
    return clip.reasons.get(measure, "no value")


def delivery_text(clip: Clip | None) -> str:
    if clip is None:
        return "no clip"
    if clip.delivery is None:
        return clip.reasons.get(DELIVERY, "not measured")
    return format_text(clip.delivery)


def format_text(one: DeliveredClip) -> str:
    """What a file delivers, on one line."""
    rate = f"{one.frames} frames in {one.seconds:.4g} s, {one.frame_rate:.4g} per second"
    sound = "with audio" if one.has_audio else "no audio"
    faults = f", {', '.join(one.faults)}" if one.faults else ""
    return f"{rate}, {one.width}x{one.height}, {one.pixel_format}, {sound}{faults}"
