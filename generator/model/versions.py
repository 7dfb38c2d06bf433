"""The registry of model versions."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from framegate.generator.request import RequestError
from framegate.generator.scene.vocabulary import ActorMotion

DEFAULT_MODEL = "ref-1"
WEIGHTS_PATH = Path(__file__).parents[1] / "weights" / "ref.safetensors"


class NoiseSource(StrEnum):
    """Where a frame's starting noise comes from."""

    SHARED = "shared"  # one noise for the whole clip, so that neighbouring frames agree
    FRESH = "fresh"  # new noise for every frame


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One release of the model; ``weight_bits`` below 16 are rounded weights.

    The last three are faults that a release may have: the share of a clip after which the
    picture stands still, motions whose things it does not paint, and how often it works each
    frame out, of which one is kept.
    """

    name: str
    note: str
    steps: int = 4
    noise: NoiseSource = NoiseSource.SHARED
    weight_bits: int = 16
    still_after: float = 1.0
    blind_to: frozenset[ActorMotion] = frozenset()
    passes: int = 1


MODELS = {
    version.name: version
    for version in (
        ModelVersion(name="ref-1", note="the reference model"),
        ModelVersion(
            name="ref-2-draft",
            steps=1,
            noise=NoiseSource.FRESH,
            weight_bits=5,
            note="a cheaper model that is worse: 1 step, 5-bit weights, noise not shared",
        ),
        # One fault each, to try a release gate on.
        ModelVersion(name="drill-steps", steps=1, note="drill: 1 step in the place of 4"),
        ModelVersion(name="drill-noise", noise=NoiseSource.FRESH, note="drill: noise not shared"),
        ModelVersion(name="drill-coarse", weight_bits=5, note="drill: 5-bit weights"),
        ModelVersion(name="drill-frozen", still_after=0.7, note="drill: the last third stands"),
        ModelVersion(
            name="drill-category",
            blind_to=frozenset({ActorMotion.ORBIT}),
            note="drill: does not paint what orbits",
        ),
        ModelVersion(name="drill-slow", passes=2, note="drill: every frame takes twice as long"),
    )
}


def model_version(name: str) -> ModelVersion:
    """The named version; raises RequestError naming those that exist."""
    if name not in MODELS:
        raise RequestError("model", f"{name!r} is unknown; known: {', '.join(MODELS)}")
    return MODELS[name]
