"""The registry of model versions."""

from dataclasses import dataclass
from enum import StrEnum

from generator.request import RequestError

DEFAULT_MODEL = "ref-1"


class Noise(StrEnum):
    """Where a frame's starting noise comes from."""

    SHARED = "shared"  # one noise for the whole clip, so that neighbouring frames agree
    FRESH = "fresh"  # new noise for every frame


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One release of the model; ``weight_bits`` below 16 are rounded weights."""

    name: str
    steps: int
    noise: Noise
    weight_bits: int
    note: str


MODELS = {
    version.name: version
    for version in (
        ModelVersion(
            name="ref-1",
            steps=4,
            noise=Noise.SHARED,
            weight_bits=16,
            note="the reference model",
        ),
        ModelVersion(
            name="ref-2-draft",
            steps=1,
            noise=Noise.FRESH,
            weight_bits=5,
            note="a cheaper model that is worse: 1 step, 5-bit weights, noise not shared",
        ),
    )
}


def model_version(name: str) -> ModelVersion:
    """The named version; raises RequestError naming those that exist."""
    if name not in MODELS:
        raise RequestError("model", f"{name!r} is unknown; known: {', '.join(MODELS)}")
    return MODELS[name]
