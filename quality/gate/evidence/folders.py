"""Evidence from a folder of clips; clips of two folders are paired by their paths."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.clip_scoring import ClipFiles, score_all
from framegate.quality.gate.evidence.evidence import Clip, Evidence, clip_from_spec
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.kept_clips import clips_in
from framegate.quality.gate.policy.suite import ClipSpec, Suite
from framegate.quality.scoring.pools import local_pool
from framegate.telemetry.platform.errors import InputError


def folder_evidence(
    folder: Path,
    metrics: Sequence[str],
    *,
    workers: int,
    references: Path | None = None,
    suite: Suite | None = None,
    archive: Archive | None = None,
    done: Callable[[Clip], None],
) -> Evidence:
    """Score a folder; clips named by a suite's keys have that suite's categories and weights.

    A clip's reference is the video of the same path below ``references``.
    """
    found = clips_in(folder)
    if not found:
        raise InputError(f"{folder}: contains no video files")
    beside = clips_in(references) if references else {}
    footage = list(
        match_clip_files(found, beside, {one.key: one for one in suite.clips} if suite else {})
    )
    with local_pool(workers) as pool:
        clips = score_all(footage, metrics, pool=pool, archive=archive, done=done)
    return Evidence(
        name=folder.name,
        source=str(folder),
        environment={"model": folder.name, **scorer_environment()},
        clips=tuple(clips),
        suite=suite.digest if suite else None,
    )


def match_clip_files(
    found: Mapping[str, Path], references: Mapping[str, Path], wanted: Mapping[str, ClipSpec]
) -> Iterator[ClipFiles]:
    for key, path in found.items():
        known = wanted.get(Path(key).name)
        clip = clip_from_spec(known) if known else plain_clip(key)
        yield ClipFiles(clip, path, references.get(key))


def plain_clip(key: str) -> Clip:
    """A clip that no suite knows; its category is its folder."""
    category = Path(key).parent.as_posix()
    return Clip(key=key, unit=key, prompt=key, category="all" if category == "." else category)
