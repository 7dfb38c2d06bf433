"""Where scores come from: what must be the same for two sides to be comparable."""

from collections.abc import Mapping

from framegate.telemetry.platform.machine import machine_attributes

# Each of these turns pixels into numbers, or files into pixels.
PACKAGES = ("av", "numba", "numpy", "opencv-python-headless", "scipy", "torch")


def scorer_environment() -> Mapping[str, str]:
    """This machine as a scorer, by dotted names."""
    return {
        **machine_attributes("scorer", PACKAGES),
        "scorer.threads": "1",
    }  # of each process that scores
