"""One side of a comparison: what is known of every clip that a model was asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from framegate.quality.gate.policy.suite import ClipSpec


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are kept elsewhere, under their own SHA-256."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of one model.

    ``key`` is the same for the clips of two models that may be compared (prompt, seed,
    parameters), ``unit`` for all seeds of a prompt. A measure has a value or a reason why it has
    none; one that nobody tried to take has neither. ``blobs`` are ``clip``, ``reference`` and
    ``frames``, as far as they are kept.
    """

    key: str
    unit: str
    prompt: str
    seed: int | None = None
    category: str = "all"
    weight: float = 1.0
    values: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, Blob] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known of one side.

    ``environment`` says where it comes from, by dotted names; ``model`` and what begins with
    ``model.`` may differ between two sides, all else must not unless the policy says so. ``times``
    is the run in which clips were made, so that sides which were made in turns have the same.
    """

    name: str
    source: str
    environment: Mapping[str, str]
    clips: tuple[Clip, ...]
    suite: str | None = None
    id: str | None = None


CLIP, EVIDENCE = TypeAdapter(Clip), TypeAdapter(Evidence)


def clip_from_spec(wanted: ClipSpec) -> Clip:
    """A clip of which nothing is known yet."""
    return Clip(
        key=wanted.key,
        unit=wanted.unit,
        prompt=wanted.prompt,
        seed=wanted.seed,
        category=wanted.category,
        weight=wanted.weight,
    )


def finite_evidence(evidence: Evidence) -> Evidence:
    """The same with reasons in the place of values that are no numbers."""
    return replace(evidence, clips=tuple(finite_clip(clip) for clip in evidence.clips))


def finite_clip(clip: Clip) -> Clip:
    wrong = {name: value for name, value in clip.values.items() if not math.isfinite(value)}
    return replace(
        clip,
        values={name: value for name, value in clip.values.items() if name not in wrong},
        reasons={
            **{name: f"{value} is not finite" for name, value in wrong.items()},
            **clip.reasons,
        },
    )
