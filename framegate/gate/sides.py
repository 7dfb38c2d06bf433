"""The values of ``--baseline`` and ``--candidate``, each read or made into evidence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from framegate.gate.settings import EvidenceSettings
from framegate.quality.gate.evidence.archive import is_archive, load_record, split_reference
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.policy.measures import MEASURES
from framegate.telemetry.platform.errors import InputError


def evidence_of(texts: Sequence[str], settings: EvidenceSettings) -> list[Evidence]:
    """Every side's evidence, in order; the models of a generator take turns."""
    kinds = [evidence_reader(text) for text in texts]
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
            found[n] = kind(text, settings)
    return [found[n] for n in range(len(texts))]


EvidenceReader = Callable[[str, EvidenceSettings], Evidence]


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


def evidence_from_collector(models: Sequence[str], settings: EvidenceSettings) -> list[Evidence]:
    from framegate.gate.live import live_evidence
    from framegate.telemetry.client.collector_client import CollectorClient

    with CollectorClient(settings.collector) as client:
        return [
            live_evidence(client.query, client.url, model, settings.own_suite) for model in models
        ]
