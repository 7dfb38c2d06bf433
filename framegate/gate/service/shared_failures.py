"""Clips that failed on both sides: they say nothing of the difference, and are left out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.judging.environment import is_scored_by_the_gate
from framegate.quality.gate.policy.measures import FAILED, TTFP


def is_failed(clip: Clip) -> bool:
    return clip.values.get(FAILED.id, 0.0) > 0


def failure_text(clip: Clip) -> str:
    """Why a clip failed: the reason in place of its times."""
    return clip.reasons.get(TTFP.id, "no reason given")


def without_shared_failures(sides: Sequence[Evidence], measures: Iterable[str]) -> list[Evidence]:
    """The sides, with no value of these measures for the clips that both failed to make.

    To the rules these are clips on which a metric abstains on both sides: left out, and counted.
    Scores of a collector keep all failures: there jobs are not paired.
    """
    if not all(is_scored_by_the_gate(side) for side in sides):
        return list(sides)
    failures = [frozenset(clip.key for clip in side.clips if is_failed(clip)) for side in sides]
    shared = frozenset.intersection(*failures)
    names = (FAILED.id, *measures)
    return [
        replace(
            side,
            clips=tuple(
                left_out(clip, names) if clip.key in shared else clip for clip in side.clips
            ),
        )
        for side in sides
    ]


def left_out(clip: Clip, measures: Iterable[str]) -> Clip:
    why = f"failed on both sides: {failure_text(clip)}"
    return replace(clip, values={}, reasons=dict.fromkeys(measures, why))
