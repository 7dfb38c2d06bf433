"""The frame of a clip where a rule is worst, from the values by frame that a run keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.evidence.kept_clips import ClipSource
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.reports.numbers import amount
from framegate.quality.gate.reports.worst import WorstClip

# Metrics whose value is how far the frames' values move away from where they begin.
DRIFTS = frozenset({"luma_drift_v1", "colour_drift_v1"})
NOT_KEPT = "; no values by frame are kept"

Footage = tuple[ClipSource, ClipSource]
Values = Mapping[int, float]  # by frame number


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """A frame by its number, from 0, and why it is this one."""

    index: int
    why: str


def worst_frame(one: WorstClip, footage: Footage) -> ClipFrame:
    """The worst frame; the first one of a rule that is not about frames, or without values."""
    check = one.check
    before, after = (
        frame_values(check.measure, clip, source)
        for clip, source in zip(one.sides, footage, strict=True)
    )
    if after and (check.is_limit or not before.keys() & after.keys()):
        return farthest_frame(check, after)
    if before.keys() & after.keys():
        return largest_harm(one, before, after)
    scored = check.measure and MEASURES[check.measure].scored and all(one.sides)
    return ClipFrame(0, "the first of each side" + (NOT_KEPT if scored else ""))


def frame_values(measure: str | None, clip: Clip | None, source: ClipSource) -> Values:
    """A metric's values; of a drift, how far each frame is from the first one."""
    document = source.read(clip, "frames") if clip and measure else None
    if document is None:
        return {}
    try:
        found = json.loads(document)["metrics"][measure]
        pairs = zip(found["indices"], found["values"], strict=True)
        values = {int(n): float(one) for n, one in pairs}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # written by another version, or by somebody else
    start = values[min(values)] if measure in DRIFTS and values else 0.0
    return {n: abs(one - start) if measure in DRIFTS else one for n, one in values.items()}


def farthest_frame(check: Check, values: Values) -> ClipFrame:
    """The candidate's own worst frame, for a limit of its values."""
    sign = MEASURES[check.measure or ""].sign
    sign = sign if not check.is_limit else -1.0 if check.above else 1.0
    index = min(values, key=lambda n: (sign * values[n], n))
    extreme = "lowest" if sign > 0 else "highest"
    return ClipFrame(
        index, f"where the candidate's {check.measure} is {extreme}: {amount(values[index])}"
    )


def largest_harm(one: WorstClip, before: Values, after: Values) -> ClipFrame:
    measure, two_sided = one.check.measure or "", one.check.rule.is_two_sided
    shared = before.keys() & after.keys()
    sign = MEASURES[measure].sign
    if two_sided:  # the way in which the clip as a whole moved
        sign = -1.0 if sum(after[n] - before[n] for n in shared) > 0 else 1.0
    index = min(shared, key=lambda n: (sign * (after[n] - before[n]), n))
    numbers = f"{amount(before[index])} in the baseline, {amount(after[index])} in the candidate"
    said = "differs the most" if two_sided else "is worse by most"
    return ClipFrame(index, f"where {measure} {said}: {numbers}")
