"""What makes two clips comparable: one name for the same prompt, seed and parameters."""

import hashlib
import json
from collections.abc import Sequence


def prompt_id(
    prompt: str, *, seed: int, width: int, height: int, seconds: float, fps: float
) -> str:
    """Content hash of what decides a clip's scene: clips with equal ids may be compared."""
    return content_id([prompt, seed, width, height, float(seconds), fps])


def content_id(content: Sequence[str | float]) -> str:
    """Sixteen hexadecimal digits of a SHA-256."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
