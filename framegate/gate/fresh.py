"""Evidence that is made now: clips generated, folders scored; what was done is never lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from framegate.gate.generation import environment_of, make_clips
from framegate.gate.means import EvidenceSettings, Generator
from framegate.gate.work_ledger import WorkLedger
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.clip_scoring import ClipFiles, score_all
from framegate.quality.gate.evidence.evidence import CLIP, Clip, Evidence
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.folders import folder_evidence
from framegate.quality.gate.judging.judge import TIMES


def score_folder(text: str, means: EvidenceSettings) -> Evidence:
    with progress_bar("clips scored", total=None) as tell:
        return folder_evidence(
            Path(text),
            means.metrics,
            workers=means.workers,
            references=means.references,
            suite=means.suite,
            archive=means.archive,
            done=lambda _: tell(),
        )


def generate_evidence(
    labels: Mapping[str, str], means: EvidenceSettings, generator: Generator
) -> list[Evidence]:
    """Make and score; what an earlier, interrupted run of the same terms did is taken over."""
    environments = {model: environment_of(generator, model) for model in labels.values()}
    archive = means.archive
    terms = {
        "suite": means.suite.digest,
        "sides": dict(labels),
        "metrics": sorted(means.metrics),
        "environments": {name: dict(one) for name, one in environments.items()},
    }
    ledger = WorkLedger(means.out / "partial", terms)
    total = len(labels) * len(means.suite.clips)
    with progress_bar("clips made", total=total) as tell:
        made = make_clips(generator, labels, means.suite, archive=archive, ledger=ledger, tell=tell)
    with progress_bar("clips scored", total=total) as tell:
        scored = {
            label: score_clips(label, clips, means, ledger, tell) for label, clips in made.items()
        }
    run_id = uuid4().hex
    found = [
        archive.record(
            Evidence(
                name=model,
                source=generator.url,
                environment={**environments[model], **scorer_environment(), TIMES: run_id},
                clips=tuple(scored[label]),
                suite=means.suite.digest,
            ),
            name=model,
        )
        for label, model in labels.items()
    ]
    ledger.forget()
    return found


def score_clips(
    label: str,
    clips: Sequence[Clip],
    means: EvidenceSettings,
    ledger: WorkLedger,
    tell: Callable[[], None],
) -> list[Clip]:
    kind = f"scored {label}"
    todo = [clip for clip in clips if not ledger.has(kind, clip.key)]
    for _ in range(len(clips) - len(todo)):
        tell()

    def keep(clip: Clip) -> None:
        ledger.keep(kind, clip.key, CLIP.dump_json(clip))
        tell()

    footage = [files_from_archive(clip, means.archive) for clip in todo]
    found = score_all(
        footage, means.metrics, workers=means.workers, archive=means.archive, done=keep
    )
    known = {clip.key: clip for clip in found}
    return [
        known.get(clip.key) or CLIP.validate_json(ledger.read(kind, clip.key)) for clip in clips
    ]


def files_from_archive(clip: Clip, archive: Archive) -> ClipFiles:
    paths = {name: archive.path(blob) for name, blob in clip.blobs.items()}
    return ClipFiles(clip, paths.get("clip"), paths.get("reference"))


@contextmanager
def progress_bar(what: str, *, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar on stderr, while the block lasts."""
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
