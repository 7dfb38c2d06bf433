"""A service that makes no clips: the run ends without a verdict, and no model is blamed."""

from collections.abc import Mapping, Sequence

from framegate.gate.service.failure import REFUSED_BY_MODERATION, ServiceFaultError
from framegate.gate.service.shared_failures import failure_text, is_failed
from framegate.quality.gate.evidence.evidence import Clip

OUTAGE_CLIPS = 3  # the last ones of a run, that no side has


def require_clips(made: Mapping[str, Sequence[Clip]], url: str) -> None:
    """Raise ServiceFaultError when no side has a clip, or none from some clip of the suite on.

    A service that breaks in the middle of a run fails for both models from then on.
    """
    rows = list(zip(*made.values(), strict=True))
    last = trailing_failures(rows)
    if last < len(rows) and not is_outage(rows, last):
        return
    what = "no clip at all" if last == len(rows) else f"no clip for the last {last} prompts"
    said = "; ".join(dict.fromkeys(failure_text(clip) for clip in rows[-1]))
    raise ServiceFaultError(f"{url}: {what}, from no model: {said}")


def trailing_failures(rows: Sequence[tuple[Clip, ...]]) -> int:
    """How many clips at the end of the suite failed on every side."""
    for count, row in enumerate(reversed(rows)):
        if not all(is_failed(clip) for clip in row):
            return count
    return len(rows)


def is_outage(rows: Sequence[tuple[Clip, ...]], last: int) -> bool:
    """Whether several sides lost their last clips; one side alone may have a weakness."""
    if last < OUTAGE_CLIPS or len(rows[0]) < 2:
        return False
    return not any(
        failure_text(clip).startswith(REFUSED_BY_MODERATION) for row in rows[-last:] for clip in row
    )
