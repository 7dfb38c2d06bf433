"""What ``--baseline`` and ``--candidate`` may be, brought to evidence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from framegate.gate.means import Means
from framegate.quality.gate.evidence.archive import is_archive, load_record, split_reference
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.telemetry.platform.errors import InputError


def evidence_of(texts: Sequence[str], means: Means) -> list[Evidence]:
    """Every side's evidence, in order; models that a generator makes take turns."""
    kinds = [kind_of(text) for text in texts]
    found: dict[int, Evidence] = {}
    models = {n: text for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)) if not kind}
    if models and means.generator:
        labels = {f"{n} {model}": model for n, model in models.items()}
        from framegate.gate.fresh import generated

        made = generated(labels, means, means.generator)
        found |= dict(zip(models, made, strict=True))
    elif models:
        found |= dict(zip(models, from_collector(list(models.values()), means), strict=True))
    for n, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        if kind:
            found[n] = kind(text, means)
    return [found[n] for n in range(len(texts))]


Kind = Callable[[str, Means], Evidence]


def kind_of(text: str) -> Kind | None:
    """How a side is read; None for a model's name. Raises InputError for what cannot be one."""
    root, _ = split_reference(text)
    if is_archive(root):
        return recorded
    if Path(text).is_dir():
        return scored_now
    if "/" in text or text.startswith("."):
        raise InputError(f"{text}: is neither a recorded baseline nor a folder of clips")
    return None


def recorded(text: str, _: Means) -> Evidence:
    return load_record(text)[1]


# What makes or scores clips takes a second to import, which stored scores need not wait for.
def scored_now(text: str, means: Means) -> Evidence:
    from framegate.gate.fresh import from_folder

    return from_folder(text, means)


def from_collector(models: Sequence[str], means: Means) -> list[Evidence]:
    from framegate.gate.live import live_evidence
    from framegate.telemetry.client.collector_client import CollectorClient

    with CollectorClient(means.collector) as client:
        suite = means.suite if means.own_suite else None
        return [live_evidence(client.query, client.url, model, suite) for model in models]
