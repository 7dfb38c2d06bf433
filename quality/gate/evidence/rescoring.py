"""A few of a record's clips scored again here: whether this scorer gives the recorded values."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import Clip, Evidence, Rescoring
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.golden import ignore
from framegate.quality.gate.evidence.kept_clips import ClipFiles, ClipSource
from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.quality.scoring.pools import local_pool

MOST_CLIPS = 5


def rescore(record: Evidence, metrics: Sequence[str], *, workers: int) -> Evidence:
    """The record with what this scorer says of a few of its clips, spread over the suite."""
    taken = [name for name in metrics if any(name in clip.values for clip in record.clips)]
    chosen = spread_clips([clip for clip in record.clips if can_be_scored(clip, taken)])
    with TemporaryDirectory(prefix="framegate-") as folder, local_pool(workers) as pool:
        footage = list(write_footage(chosen, ClipSource(record), Path(folder)))
        scored = score_all(footage, taken, pool=pool, archive=None, done=ignore)
    return replace(record, rescored=Rescoring(scorer_environment(), tuple(scored)))


def can_be_scored(clip: Clip, metrics: Sequence[str]) -> bool:
    """Whether everything that the clip's values were made of is kept."""
    needed = {"clip"} | {"reference" for name in metrics if DEFINITIONS[name].needs_reference}
    return needed <= clip.blobs.keys() and all(name in clip.values for name in metrics)


def spread_clips(clips: Sequence[Clip]) -> list[Clip]:
    """At most five, at equal distances in the order of the keys."""
    order = sorted(clips, key=lambda clip: clip.key)
    count = min(MOST_CLIPS, len(order))
    return [order[n * (len(order) - 1) // max(1, count - 1)] for n in range(count)]


def write_footage(clips: Sequence[Clip], source: ClipSource, folder: Path) -> Iterator[ClipFiles]:
    """The clips' files, without values; a clip whose files are gone or changed is left out."""
    for number, clip in enumerate(clips):
        files = {name: source.read(clip, name) for name in ("clip", "reference")}
        paths = {name: folder / f"{number}-{name}.mp4" for name, data in files.items() if data}
        for name, path in paths.items():
            path.write_bytes(files[name] or b"")
        if paths.keys() >= clip.blobs.keys() & files.keys():
            bare = Clip(clip.key, clip.unit, clip.prompt)
            yield ClipFiles(bare, paths["clip"], paths.get("reference"))
