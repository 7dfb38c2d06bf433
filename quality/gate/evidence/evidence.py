"""One side of a comparison: the values of every clip of one model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field, TypeAdapter

from framegate.quality.gate.policy.measures import LARGEST_VALUE
from framegate.quality.gate.policy.suite import ClipSpec, Weight
from framegate.telemetry.platform.errors import InputError

Count = Annotated[int, Field(ge=0, le=2**53)]
Amount = Annotated[float, Field(ge=0, le=LARGEST_VALUE, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes stored in an archive under their SHA-256."""

    sha256: str
    size_bytes: Count


@dataclass(frozen=True, slots=True)
class DeliveredClip:
    """What a clip's file delivers, measured from its decoded frames.

    ``pixel_format`` is the sampling and depth of its planes, for example ``yuv420p10le``;
    ``faults`` are the ids of its files' faults. Two clips with the same ``digest`` show the same
    frames; ``reference_digest`` is that of the reference footage.
    """

    frames: Count
    seconds: Amount
    frame_rate: Amount
    width: Count
    height: Count
    pixel_format: str
    has_audio: bool
    digest: str
    reference_digest: str | None = None
    faults: tuple[str, ...] = ()


NOT_FINITE = "is not finite"  # ends the reason in place of a NaN or an infinite value
NO_REFERENCE = "no reference footage"  # the reason of a metric that needs it
DELIVERY = "delivery"  # in a clip's reasons: why its file could not be decoded


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of one model.

    ``key`` is equal for the clips of two models that are compared (same prompt, seed and
    parameters); ``unit`` is equal for all seeds of a prompt. A measure has a value, or a reason
    why it has none; a measure that was not taken has neither. ``blobs`` are ``clip``,
    ``reference`` and ``frames``, if they are stored. ``delivery`` is None for a clip whose file
    was not measured. ``file`` is the path of its file below the folder that was scored.
    """

    key: str
    unit: str
    prompt: str
    seed: int | None = None
    category: str = "all"
    weight: Weight = 1.0
    values: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    delivery: DeliveredClip | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Rescoring:
    """Some of a record's clips, scored again by another scorer: that of ``environment``."""

    environment: Mapping[str, str]
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One side of a comparison.

    ``environment`` says where the values come from, under dotted names. ``model`` and names that
    begin with ``model.`` may differ between two sides; all others must be equal unless the policy
    lists them. ``times`` identifies the run that made the clips: two sides whose clips were made
    in turns have the same one. ``rescored`` is a measurement of one run, and in no record.
    """

    name: str
    source: str
    environment: Mapping[str, str]
    clips: tuple[Clip, ...]
    suite: str | None = None
    id: str | None = None
    rescored: Rescoring | None = None

    @property
    def keeps_clips(self) -> bool:
        return any("clip" in clip.blobs for clip in self.clips)


CLIP, EVIDENCE = TypeAdapter(Clip), TypeAdapter(Evidence)


def clip_from_spec(wanted: ClipSpec, *, file: str | None = None) -> Clip:
    """A clip of the suite, without values."""
    return Clip(
        key=wanted.key,
        unit=wanted.unit,
        prompt=wanted.prompt,
        seed=wanted.seed,
        category=wanted.category,
        weight=wanted.weight,
        file=file,
    )


def finite_evidence(evidence: Evidence) -> Evidence:
    """The evidence with a reason in place of every value that is not finite."""
    return replace(evidence, clips=tuple(finite_clip(clip) for clip in evidence.clips))


def is_measurement(value: float) -> bool:
    """Whether a value can be judged: a number that is not absurdly large."""
    return abs(value) <= LARGEST_VALUE  # False for NaN


def require_measurements(evidence: Evidence) -> None:
    """Raises InputError naming the first value that cannot be judged."""
    for clip in evidence.clips:
        for name, value in clip.values.items():
            if not is_measurement(value):
                raise InputError(f"{evidence.source}: {clip.prompt}: {name}: {beyond_text(value)}")


def beyond_text(value: float) -> str:
    """Why a value cannot be judged."""
    if math.isfinite(value):
        return f"{value:g} is beyond {LARGEST_VALUE:g}, which no measurement is"
    return f"{value} {NOT_FINITE}"


def finite_clip(clip: Clip) -> Clip:
    wrong = {name: value for name, value in clip.values.items() if not math.isfinite(value)}
    return replace(
        clip,
        values={name: value for name, value in clip.values.items() if name not in wrong},
        reasons={
            **{name: f"{value} {NOT_FINITE}" for name, value in wrong.items()},
            **clip.reasons,
        },
    )
