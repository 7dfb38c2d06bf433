"""The environment of a clip: weights, settings and machine that it depends on."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache

from framegate.generator.model.versions import WEIGHTS_PATH, model_version
from framegate.generator.video.encoder import DEFAULT_CRF
from framegate.telemetry.platform.machine import machine_attributes

PACKAGES = ("av", "numpy", "torch")


def environment(model: str) -> Mapping[str, str]:
    """The environment by dotted names; two versions on one service differ only below ``model``."""
    version = {name: format_value(value) for name, value in asdict(model_version(model)).items()}
    return {
        "model.weights_sha256": weights_sha256(),
        **{f"model.{name}": value for name, value in version.items() if name != "note"},
        **machine_attributes("service", PACKAGES),
        "service.device": "cpu",
        "service.threads": "1",  # of each worker
        "service.crf": str(DEFAULT_CRF),
    }


@cache
def weights_sha256() -> str:
    return hashlib.sha256(WEIGHTS_PATH.read_bytes()).hexdigest()


def format_value(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
