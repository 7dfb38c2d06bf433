"""The candidate's clips scored against the baseline's: for releases that should change nothing.

The baseline's value is that of a clip compared with itself, so every rule of a policy means the
same as for other measures: how much worse the candidate is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.kept_clips import ClipFiles, ClipSource
from framegate.quality.gate.evidence.pairing import SIDE_NAMES
from framegate.quality.gate.policy.measures import GOLDEN_PREFIX, PERFECT_VALUES
from framegate.quality.scoring.pools import local_pool

NO_VALUE = "no value"


def score_against_baseline(
    baseline: Evidence, candidate: Evidence, metrics: Sequence[str], *, workers: int
) -> tuple[Evidence, Evidence]:
    """Both sides with a value or a reason for each metric, for the clips that both have.

    The side whose clip is gone has the reason.
    """
    before = {clip.key: clip for clip in baseline.clips}
    shared = [clip for clip in candidate.clips if clip.key in before]
    kept = ClipSource(baseline), ClipSource(candidate)
    with TemporaryDirectory(prefix="framegate-") as folder, local_pool(workers) as pool:
        footage = list(write_clip_files(shared, before, kept, Path(folder)))
        scored = score_all(footage, metrics, pool=pool, archive=None, done=ignore)
    found = {clip.key: clip for clip in scored}
    return (
        with_clips(
            baseline, [with_perfect_values(clip, found, metrics) for clip in baseline.clips]
        ),
        with_clips(
            candidate, [with_golden(clip, found.get(clip.key), metrics) for clip in candidate.clips]
        ),
    )


def write_clip_files(
    clips: Sequence[Clip],
    before: Mapping[str, Clip],
    kept: tuple[ClipSource, ClipSource],
    folder: Path,
) -> Iterator[ClipFiles]:
    """The clips' files, without values; without a file, ``reasons`` says why by side."""
    for number, clip in enumerate(clips):
        bare = Clip(clip.key, clip.unit, clip.prompt)
        sides = before[clip.key], clip
        files = [source.read(one, "clip") for source, one in zip(kept, sides, strict=True)]
        absent = {
            name: source.explain_absence(one)
            for name, source, one, data in zip(SIDE_NAMES, kept, sides, files, strict=True)
            if data is None
        }
        if absent:
            yield ClipFiles(replace(bare, reasons=absent), None)
            continue
        paths = [folder / f"{number}-{name}.mp4" for name in SIDE_NAMES]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data or b"")
        yield ClipFiles(bare, paths[1], paths[0])


def with_golden(clip: Clip, found: Clip | None, metrics: Sequence[str]) -> Clip:
    if found is None:
        return clip
    if found.reasons.keys() & set(SIDE_NAMES):
        return with_reason(clip, found.reasons.get(SIDE_NAMES[1]), metrics)
    values = {f"{GOLDEN_PREFIX}{name}": value for name, value in found.values.items()}
    reasons = {
        f"{GOLDEN_PREFIX}{name}": found.reasons.get(name, NO_VALUE)
        for name in metrics
        if name not in found.values
    }
    return replace(clip, values={**clip.values, **values}, reasons={**clip.reasons, **reasons})


def with_perfect_values(clip: Clip, found: Mapping[str, Clip], metrics: Sequence[str]) -> Clip:
    if clip.key not in found:
        return clip
    absent = found[clip.key].reasons.get(SIDE_NAMES[0])
    if absent:
        return with_reason(clip, absent, metrics)
    perfect = {f"{GOLDEN_PREFIX}{name}": PERFECT_VALUES[name] for name in metrics}
    return replace(clip, values={**clip.values, **perfect})


def with_reason(clip: Clip, reason: str | None, metrics: Sequence[str]) -> Clip:
    """Without a reason the clip is there, and the other side has one."""
    if reason is None:
        return clip
    reasons = {f"{GOLDEN_PREFIX}{name}": reason for name in metrics}
    return replace(clip, reasons={**clip.reasons, **reasons})


def with_clips(side: Evidence, clips: Sequence[Clip]) -> Evidence:
    return replace(side, clips=tuple(clips))


def ignore(_: Clip) -> None:
    """No progress is shown."""
