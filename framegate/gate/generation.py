"""Evidence that this run makes: clips from a generator, scores of clips.

Every finished piece is kept at once, so that an interrupted run resumes where it stopped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from framegate.gate.service.clip import ClipMaker
from framegate.gate.service.environment import fetch_environment
from framegate.gate.service.failure import ServiceFaultError
from framegate.gate.service.outage import require_clips
from framegate.gate.service.shared_failures import is_failed
from framegate.gate.settings import EvidenceSettings, Generator
from framegate.loadtest.service.connection import ServiceConnection
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import CLIP, Clip, Evidence
from framegate.quality.gate.evidence.fingerprint import TIMES, scorer_environment
from framegate.quality.gate.evidence.folders import ClipFolder, folder_evidence
from framegate.quality.gate.evidence.kept_clips import ClipFiles
from framegate.quality.gate.evidence.score_ledger import ScoreLedger
from framegate.quality.gate.evidence.work_ledger import WorkLedger
from framegate.quality.gate.policy.suite import ClipSpec, Suite
from framegate.quality.scoring.pools import Pool, local_pool

Work = TypeVar("Work")


def score_folder(text: str, settings: EvidenceSettings) -> Evidence:
    """Score a folder; an interrupted run does not score the same files twice."""
    with progress_bar("clips scored", total=None) as advance:
        return folder_evidence(
            clip_folder(text, settings),
            settings.metrics,
            workers=settings.workers,
            archive=settings.archive,
            scores=score_ledger(settings),
            done=lambda _: advance(),
        )


def clip_folder(text: str, settings: EvidenceSettings) -> ClipFolder:
    return ClipFolder(
        Path(text),
        references=settings.references,
        manifest=settings.manifest,
        pattern=next(iter(settings.names), None),
        suite=settings.own_suite,
    )


def score_ledger(settings: EvidenceSettings) -> ScoreLedger:
    return ScoreLedger(settings.out / "partial", settings.metrics, settings.archive)


def forget_scores(settings: EvidenceSettings) -> None:
    """When the folders of all sides are scored."""
    score_ledger(settings).forget()


def generate_evidence(
    labels: Mapping[str, str], settings: EvidenceSettings, generator: Generator
) -> list[Evidence]:
    """Make and score each side's clips; an interrupted run of the same terms is resumed."""
    archive, suite = settings.archive, settings.suite
    generator.require_fields(list(labels.values()), suite)
    total = len(labels) * len(suite.clips)
    with ServiceConnection(generator.url, generator.headers) as service:
        environments = {
            model: fetch_environment(service, model, generator) for model in labels.values()
        }
        terms = {
            "suite": suite.digest,
            "sides": dict(labels),
            "metrics": sorted(settings.metrics),
            "environments": {name: dict(one) for name, one in environments.items()},
        }
        ledger = WorkLedger(settings.out / "partial", terms)
        maker = ClipMaker(service, generator, archive)
        with progress_bar("clips made", total=total) as advance:
            made = make_clips(maker, labels, suite, ledger=ledger, advance=advance)
    stop_on_outage(made, ledger, generator.url)
    # One pool for all sides: a scorer takes longer to start than to score a clip.
    with (
        local_pool(settings.workers) as pool,
        progress_bar("clips scored", total=total) as advance,
    ):
        scored = {
            label: score_clips(label, clips, settings, pool=pool, ledger=ledger, advance=advance)
            for label, clips in made.items()
        }
    run_id = uuid4().hex
    found = [
        archive.record(
            Evidence(
                name=model,
                source=generator.url,
                environment={**environments[model], **scorer_environment(), TIMES: run_id},
                clips=tuple(scored[label]),
                suite=suite.digest,
            ),
            name=model,
        )
        for label, model in labels.items()
    ]
    ledger.forget()
    return found


def stop_on_outage(made: Mapping[str, Sequence[Clip]], ledger: WorkLedger, url: str) -> None:
    """Raise ServiceFaultError when the clips that are missing are the service's fault.

    They are made again when the run is; those that were made are kept.
    """
    try:
        require_clips(made, url)
    except ServiceFaultError:
        for side, clips in made.items():
            for clip in clips:
                if is_failed(clip):
                    ledger.drop(side, clip.key)
        raise


def make_clips(
    maker: ClipMaker,
    models: Mapping[str, str],
    suite: Suite,
    *,
    ledger: WorkLedger,
    advance: Callable[[], None],
) -> dict[str, list[Clip]]:
    """Every clip of the suite for each side; ``models`` names each side's model.

    The sides take turns, and which is first changes from clip to clip, so that a machine that gets
    slower is slower for all. Each model first makes one clip that does not count, since it may
    have to be loaded. Raises ConnectionError when the service is gone; finished clips are kept.
    """
    todo = [
        (side, one)
        for number, one in enumerate(suite.clips)
        for side in (list(models) if number % 2 == 0 else list(models)[::-1])
    ]
    missing = [work for work in todo if not ledger.has(work[0], work[1].key)]
    for _ in range(len(todo) - len(missing)):
        advance()
    for model in dict.fromkeys(models[side] for side, _ in missing):
        maker.warm_up(model, suite.clips[0])

    def make(work: tuple[str, ClipSpec]) -> None:
        side, one = work
        ledger.keep(side, one.key, CLIP.dump_json(maker.make(models[side], one)))
        advance()

    run_concurrently(make, missing, concurrency=maker.settings.concurrency)
    return {
        side: [CLIP.validate_json(ledger.read(side, one.key)) for one in suite.clips]
        for side in models
    }


def run_concurrently(
    make: Callable[[Work], None], todo: Sequence[Work], *, concurrency: int
) -> None:
    """Do all of it, ``concurrency`` pieces at a time; the first failure cancels the rest."""
    with ThreadPoolExecutor(concurrency) as pool:
        running = [pool.submit(make, work) for work in todo]
        try:
            for one in as_completed(running):
                one.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def score_clips(
    label: str,
    clips: Sequence[Clip],
    settings: EvidenceSettings,
    *,
    pool: Pool,
    ledger: WorkLedger,
    advance: Callable[[], None],
) -> list[Clip]:
    kind = f"scored {label}"
    todo = [clip for clip in clips if not ledger.has(kind, clip.key)]
    for _ in range(len(clips) - len(todo)):
        advance()

    def keep(clip: Clip) -> None:
        ledger.keep(kind, clip.key, CLIP.dump_json(clip))
        advance()

    footage = [files_from_archive(clip, settings.archive) for clip in todo]
    found = score_all(footage, settings.metrics, pool=pool, archive=settings.archive, done=keep)
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
