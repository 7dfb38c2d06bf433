"""The prompt id: a hash of prompt, seed and parameters; clips with the same id can be compared."""

import hashlib
import json
from collections.abc import Sequence


def prompt_id(
    prompt: str, *, seed: int, width: int, height: int, seconds: float, fps: float
) -> str:
    """Hash of everything that decides a clip's scene; clips with equal ids can be compared."""
    return content_id([prompt, seed, width, height, float(seconds), fps])


def content_id(content: Sequence[str | float]) -> str:
    """The first 16 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
