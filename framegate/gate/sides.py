"""What ``--baseline`` and ``--candidate`` may be, brought to evidence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from framegate.gate.means import EvidenceSettings
from framegate.quality.gate.evidence.archive import is_archive, load_record, split_reference
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.telemetry.platform.errors import InputError


def evidence_of(texts: Sequence[str], means: EvidenceSettings) -> list[Evidence]:
    """Every side's evidence, in order; models that a generator makes take turns."""
    kinds = [evidence_reader(text) for text in texts]
    found: dict[int, Evidence] = {}
    models = {n: text for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)) if not kind}
    if models and means.generator:
        labels = {f"{n} {model}": model for n, model in models.items()}
        from framegate.gate.fresh import generate_evidence

        made = generate_evidence(labels, means, means.generator)
        found |= dict(zip(models, made, strict=True))
    elif models:
        found |= dict(
            zip(models, evidence_from_collector(list(models.values()), means), strict=True)
        )
    for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        if kind:
            found[n] = kind(text, means)
    return [found[n] for n in range(len(texts))]


EvidenceReader = Callable[[str, EvidenceSettings], Evidence]


def evidence_reader(text: str) -> EvidenceReader | None:
    """How a side is read; None for a model's name. Raises InputError for what cannot be one."""
    root, _ = split_reference(text)
    if is_archive(root):
        return evidence_from_record
    if Path(text).is_dir():
        return evidence_from_folder
    if "/" in text or text.startswith("."):
        raise InputError(f"{text}: is neither a recorded baseline nor a folder of clips")
    return None


def evidence_from_record(text: str, _: EvidenceSettings) -> Evidence:
    return load_record(text)[1]


# What makes or scores clips takes a second to import, which stored scores need not wait for.
def evidence_from_folder(text: str, means: EvidenceSettings) -> Evidence:
    from framegate.gate.fresh import score_folder

    return score_folder(text, means)


def evidence_from_collector(models: Sequence[str], means: EvidenceSettings) -> list[Evidence]:
    from framegate.gate.live import live_evidence
    from framegate.telemetry.client.collector_client import CollectorClient

    with CollectorClient(means.collector) as client:
        suite = means.suite if means.own_suite else None
        return [live_evidence(client.query, client.url, model, suite) for model in models]
