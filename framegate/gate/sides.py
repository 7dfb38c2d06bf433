"""The values of ``--baseline`` and ``--candidate``, each read or made into evidence."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from framegate.gate.settings import EvidenceSettings
from framegate.quality.gate.evidence.agreement import check_agreement
from framegate.quality.gate.evidence.archive import is_archive, load_record, split_reference
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.evidence.manifest import find_manifest
from framegate.quality.gate.policy.measures import MEASURES
from framegate.telemetry.platform.errors import InputError


def evidence_of(texts: Sequence[str], settings: EvidenceSettings) -> list[Evidence]:
    """Every side's evidence, in order; the models of a generator take turns."""
    kinds = [evidence_reader(text) for text in texts]
    check_options(texts, kinds, settings)
    found: dict[int, Evidence] = {}
    models = {n: text for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)) if not kind}
    if models and settings.generator:
        labels = {f"{n} {model}": model for n, model in models.items()}
        from framegate.gate.generation import generate_evidence

        made = generate_evidence(labels, settings, settings.generator)
        found |= dict(zip(models, made, strict=True))
    elif models:
        found |= dict(
            zip(models, evidence_from_collector(list(models.values()), settings), strict=True)
        )
    for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        if kind:
            found[n] = kind(text, replace(settings, names=settings.names[n:][:1] or settings.names))
    if evidence_from_folder in kinds:
        check_folders([found[n] for n in range(len(texts))], settings)
    return [found[n] for n in range(len(texts))]


EvidenceReader = Callable[[str, EvidenceSettings], Evidence]


def check_options(
    texts: Sequence[str], kinds: Sequence[EvidenceReader | None], settings: EvidenceSettings
) -> None:
    """Raises InputError for an option that no side would use."""
    folders = [
        text for text, kind in zip(texts, kinds, strict=True) if kind is evidence_from_folder
    ]
    given = {
        "--references": settings.references,
        "--manifest": settings.manifest,
        "--names": settings.names,
    }
    for option, value in given.items():
        if value and not folders:
            raise InputError(f"{option}: none of the sides is a folder of clips")
    if settings.generator and None not in kinds:
        raise InputError("--generator: none of the sides is a model version, which it would make")
    if settings.own_suite and all(kind is evidence_from_record for kind in kinds):
        raise InputError("--suite: every side is a recorded baseline, which has its own prompts")
    if settings.manifest and settings.names:
        raise InputError("--names: the prompts are named by --manifest; give one of them")
    if len(settings.names) not in (0, 1, len(texts)):
        raise InputError(f"--names: {len(settings.names)} patterns for {len(texts)} sides")
    if settings.names and all(find_manifest(Path(text)) for text in folders):
        raise InputError("--names: the prompts are named by the folder's own manifest")


def evidence_reader(text: str) -> EvidenceReader | None:
    """How a side is read; None for a model version. Raises InputError for a path without clips."""
    root, _ = split_reference(text)
    if is_archive(root):
        return evidence_from_record
    if Path(text).is_dir():
        return evidence_from_folder
    if "/" in text or text.startswith("."):
        raise InputError(f"{text}: is not a recorded baseline or a folder of clips")
    return None


def is_folder(text: str) -> bool:
    """Whether a side is a folder of clips."""
    return evidence_reader(text) is evidence_from_folder


def check_clips_are_kept(texts: Sequence[str]) -> None:
    """Raises InputError for a record without clips, against which golden rules have no value."""
    for text in texts:
        if evidence_reader(text) is evidence_from_record and not load_record(text)[1].keeps_clips:
            raise InputError(
                f"{text}: keeps no clips, so golden. rules have no value: record it again without "
                "--without-clips, or leave these rules out"
            )


def may_have_references(text: str) -> bool:
    """Whether a side's clips may have reference footage: not a folder, not a record without any."""
    if evidence_reader(text) is evidence_from_record:
        clips = load_record(text)[1].clips
        names = {name for clip in clips for name in clip.values}
        return any(MEASURES[name].needs_reference for name in names & MEASURES.keys())
    return evidence_reader(text) is None


def evidence_from_record(text: str, _: EvidenceSettings) -> Evidence:
    return load_record(text)[1]


# Imported here: what makes or scores clips takes a second to import, and stored scores need none.
def evidence_from_folder(text: str, settings: EvidenceSettings) -> Evidence:
    from framegate.gate.generation import score_folder

    return score_folder(text, settings)


def check_folders(sides: Sequence[Evidence], settings: EvidenceSettings) -> None:
    """Compare what the sides say of their prompts; the scores are complete now."""
    from framegate.gate.generation import forget_scores

    for other in sides[1:]:
        check_agreement(sides[0], other)
    forget_scores(settings)


def evidence_from_collector(models: Sequence[str], settings: EvidenceSettings) -> list[Evidence]:
    from framegate.gate.live import live_evidence
    from framegate.telemetry.client.collector_client import (
        CollectorClient,
        CollectorUnavailableError,
    )

    try:
        with CollectorClient(settings.collector) as client:
            ask, url = client.query, client.url
            return [live_evidence(ask, url, model, settings.own_suite) for model in models]
    except CollectorUnavailableError as error:
        said = "neither a folder nor a record, so taken for a model version with scores"
        raise CollectorUnavailableError(f"{' and '.join(models)}: {said}: {error}") from error
