"""The scores of a folder's clips while a run lasts, by the content of their files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive, blob_of
from framegate.quality.gate.evidence.evidence import CLIP, Clip
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.kept_clips import ClipFiles
from framegate.quality.gate.evidence.work_ledger import WorkLedger

KIND = "scored file"


class ScoreLedger:
    """An interrupted run scores no file twice that is unchanged, by the same scorer and metrics."""

    def __init__(self, folder: Path, metrics: Sequence[str], archive: Archive) -> None:
        terms = {"metrics": sorted(metrics), "scorer": dict(scorer_environment())}
        self._ledger = WorkLedger(folder, terms)
        self._archive = archive
        self._files: dict[str, tuple[ClipFiles, str]] = {}

    def find_all(self, footage: Iterable[ClipFiles]) -> Mapping[str, Clip]:
        """The clips with known scores, by key; the contents of the others are noted."""
        self._files = {one.clip.key: (one, content_of(one)) for one in footage if one.path}
        found = {key: self._find(one, content) for key, (one, content) in self._files.items()}
        return {key: clip for key, clip in found.items() if clip is not None}

    def _find(self, one: ClipFiles, content: str) -> Clip | None:
        if not self._ledger.has(KIND, content):
            return None
        scored = CLIP.validate_json(self._ledger.read(KIND, content))
        if not all(map(self._archive.has, scored.blobs.values())):
            return None
        return replace(
            one.clip,
            values=scored.values,
            reasons=scored.reasons,
            blobs=scored.blobs,
            delivery=scored.delivery,
        )

    def keep(self, clip: Clip) -> None:
        """Keep what is true of these bytes: not that a scorer crashed, or that a file changed."""
        one, content = self._files[clip.key]
        whole = clip.delivery and (one.reference is None or clip.delivery.reference_digest)
        if whole and content_of(one) == content:
            self._ledger.keep(KIND, content, CLIP.dump_json(clip))

    def forget(self) -> None:
        """Of a complete run."""
        self._ledger.forget()


def content_of(one: ClipFiles) -> str:
    """The digests of the clip's file and of its reference."""
    return " ".join(blob_of(path).sha256 for path in (one.path, one.reference) if path)
