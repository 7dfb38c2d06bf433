"""A request for a video, with the limits of its fields."""

import re
from dataclasses import dataclass

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.clip_ids import prompt_id
from framegate.telemetry.signals.names import Workload

PROMPT_CHARACTERS = (1, 500)
SIDE_PIXELS = (256, 2048)
SIDE_MULTIPLE = 16
SECONDS = (1.0, 30.0)
FPS = (1, 60)
STEPS = (1, 8)
JOB_ID = re.compile(r"video_[0-9a-f]{24}")


class RequestError(InputError):
    """A request field is invalid; ``field`` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One accepted request: every field is inside its limits."""

    prompt: str
    width: int
    height: int
    seconds: float
    fps: int
    seed: int
    model: str
    steps: int
    workload: Workload
    tenant: str
    replaces: str | None = None

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise RequestError("prompt", f"must not be empty, got {self.prompt!r}")
        _require_within("prompt", len(self.prompt), PROMPT_CHARACTERS, "characters")
        _require_within("steps", self.steps, STEPS, "steps")
        for field, side in (("width", self.width), ("height", self.height)):
            _require_within(field, side, SIDE_PIXELS, "pixels")
            if side % SIDE_MULTIPLE:
                raise RequestError(
                    field, f"must be a multiple of {SIDE_MULTIPLE} pixels, got {side}"
                )
        _require_within("seconds", self.seconds, SECONDS, "s")
        _require_within("fps", self.fps, FPS, "frames/s")
        if self.replaces is not None and not JOB_ID.fullmatch(self.replaces):
            raise RequestError("replaces", f"{self.replaces!r} is not a video id")
        if not 0 <= self.seed < 2**63:
            raise RequestError("seed", f"must be from 0 to 2^63-1, got {self.seed}")

    @property
    def frame_count(self) -> int:
        return max(1, round(self.seconds * self.fps))

    @property
    def prompt_id(self) -> str:
        """A hash of prompt, seed, size, length and frame rate; equal ids are comparable clips."""
        return prompt_id(
            self.prompt,
            seed=self.seed,
            width=self.width,
            height=self.height,
            seconds=self.seconds,
            fps=self.fps,
        )


def _require_within(field: str, value: float, limits: tuple[float, float], unit: str) -> None:
    low, high = limits
    if not low <= value <= high:
        raise RequestError(field, f"must be from {low:g} to {high:g} {unit}, got {value:g}")
