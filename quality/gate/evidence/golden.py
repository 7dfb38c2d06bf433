"""The candidate's clips scored against the baseline's: for releases that should change nothing.

The baseline's value is that of a clip compared with itself, so every rule of a policy means the
same as for other measures: how much worse the candidate is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from framegate.quality.gate.evidence.clip_scoring import ClipFiles, score_all
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.kept_clips import ClipSource
from framegate.quality.gate.policy.measures import GOLDEN_PREFIX, PERFECT_VALUES
from framegate.quality.scoring.pools import local_pool

NOT_KEPT = "the clip is not stored"


def score_against_baseline(
    baseline: Evidence, candidate: Evidence, metrics: Sequence[str], *, workers: int
) -> tuple[Evidence, Evidence]:
    """Both sides with a value or a reason for each metric, for the clips that both have."""
    before = {clip.key: clip for clip in baseline.clips}
    shared = [clip for clip in candidate.clips if clip.key in before]
    kept = ClipSource(baseline), ClipSource(candidate)
    with TemporaryDirectory(prefix="framegate-") as folder, local_pool(workers) as pool:
        footage = list(write_clip_files(shared, before, kept, Path(folder)))
        scored = score_all(footage, metrics, pool=pool, archive=None, done=ignore)
    found = {clip.key: clip for clip in scored}
    return (
        replace(
            baseline,
            clips=tuple(with_perfect_values(clip, found, metrics) for clip in baseline.clips),
        ),
        replace(
            candidate,
            clips=tuple(
                with_golden(clip, found.get(clip.key), metrics) for clip in candidate.clips
            ),
        ),
    )


def write_clip_files(
    clips: Sequence[Clip],
    before: Mapping[str, Clip],
    kept: tuple[ClipSource, ClipSource],
    folder: Path,
) -> Iterator[ClipFiles]:
    """The clips' files, without values; a clip that is not stored on both sides has no file."""
    for number, clip in enumerate(clips):
        bare = Clip(clip.key, clip.unit, clip.prompt)
        files = kept[0].read(before[clip.key], "clip"), kept[1].read(clip, "clip")
        paths = folder / f"{number}-baseline.mp4", folder / f"{number}-candidate.mp4"
        if files[0] is None or files[1] is None:
            yield ClipFiles(bare, None)
            continue
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data or b"")
        yield ClipFiles(bare, paths[1], paths[0])


def with_golden(clip: Clip, found: Clip | None, metrics: Sequence[str]) -> Clip:
    if found is None:
        return clip
    values = {f"{GOLDEN_PREFIX}{name}": value for name, value in found.values.items()}
    reasons = {
        f"{GOLDEN_PREFIX}{name}": found.reasons.get(name, NOT_KEPT)
        for name in metrics
        if name not in found.values
    }
    return replace(clip, values={**clip.values, **values}, reasons={**clip.reasons, **reasons})


def with_perfect_values(clip: Clip, found: Mapping[str, Clip], metrics: Sequence[str]) -> Clip:
    if clip.key not in found:
        return clip
    return replace(
        clip,
        values={
            **clip.values,
            **{f"{GOLDEN_PREFIX}{name}": PERFECT_VALUES[name] for name in metrics},
        },
    )


def ignore(_: Clip) -> None:
    """No progress is shown."""
