"""The table of model versions, and the path of their weights."""

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
    """One release of the model; with ``weight_bits`` below 16 its weights are rounded.

    The last three fields are faults that a release may have: ``still_after`` is the share of the
    clip after which the picture is frozen, ``blind_to`` are motions whose objects are left out,
    ``passes`` is how many times every frame is computed (only one result is used).
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
            note="a cheaper, worse model: 1 step, 5-bit weights, fresh noise for every frame",
        ),
        # Models with one fault each, to test a release gate with.
        ModelVersion(name="drill-steps", steps=1, note="drill: 1 step instead of 4"),
        ModelVersion(
            name="drill-noise", noise=NoiseSource.FRESH, note="drill: fresh noise for every frame"
        ),
        ModelVersion(name="drill-coarse", weight_bits=5, note="drill: 5-bit weights"),
        ModelVersion(
            name="drill-frozen", still_after=0.7, note="drill: the last 30 % of the clip is frozen"
        ),
        ModelVersion(
            name="drill-category",
            blind_to=frozenset({ActorMotion.ORBIT}),
            note="drill: leaves out orbiting objects",
        ),
        ModelVersion(name="drill-slow", passes=2, note="drill: every frame takes twice as long"),
    )
}


def model_version(name: str) -> ModelVersion:
    """The named version; raises RequestError listing the versions that exist."""
    if name not in MODELS:
        raise RequestError("model", f"{name!r} is unknown; known: {', '.join(MODELS)}")
    return MODELS[name]
