"""Where scores come from: what must be equal on both sides for their scores to be comparable."""

from collections.abc import Mapping

from framegate.telemetry.platform.machine import machine_attributes

# Each of these turns pixels into numbers, or files into pixels.
PACKAGES = ("av", "numba", "numpy", "opencv-python-headless", "scipy", "torch")
# A gate is about small differences and its clips are short, so LPIPS takes more of the frames
# than elsewhere: one in so many.
GATE_LPIPS_EVERY = 2

LIVE = "live"  # the run of live scores
TIMES = "times"  # in the environment: the run that made the clips
MODEL = "model"  # in the environment; may differ, since a release is about another model
SCORER = "scorer."
SAMPLING = f"{SCORER}lpips_every"
# Records made before the sampling was recorded: the gate has only ever taken one frame in two.
UNRECORDED_SAMPLING = "2"


def scorer_environment(*, lpips_every: int = GATE_LPIPS_EVERY) -> Mapping[str, str]:
    """This machine as a scorer, by dotted names."""
    return {
        **machine_attributes("scorer", PACKAGES),
        "scorer.threads": "1",  # of each process that scores
        SAMPLING: str(lpips_every),
    }


def comparable_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """An environment with the sampling that a record without one was made with.

    Only records of the gate have a scorer; scores from a collector keep theirs unknown.
    """
    if any(name.startswith(SCORER) for name in environment):
        return {SAMPLING: UNRECORDED_SAMPLING, **environment}
    return environment
