"""The suite: the prompts that models are compared on, and a key for every clip."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import StrictModel, read_model
from framegate.telemetry.signals.clip_ids import content_id, prompt_id
from framegate.telemetry.signals.names import Workload

DEFAULT_SUITE = Path(__file__).parents[1] / "suites" / "default.yaml"
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")

Size = Annotated[str, Field(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Fps = Annotated[int, Field(ge=1, le=240)]
Weight = Annotated[float, Field(ge=0.001, le=1000, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[\w.-]+$")]


class Defaults(StrictModel):
    """Values for prompts that have none of their own."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (1,)
    workload: Workload = Field(default=Workload.INTERACTIVE, validation_alias="class")
    category: Word = "all"
    size: Size = "256x256"
    duration: Seconds = 2.0
    fps: Fps = 24
    weight: Weight = 1.0


class Prompt(StrictModel):
    """One prompt; each of its seeds is a clip, and all of them are one statistical unit."""

    prompt: Annotated[str, Field(min_length=1, max_length=10_000)]
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None
    seed: Seed | None = None
    workload: Workload | None = Field(default=None, validation_alias="class")
    category: Word | None = None
    size: Size | None = None
    duration: Seconds | None = None
    fps: Fps | None = None
    weight: Weight | None = None

    @model_validator(mode="after")
    def check_seed_or_seeds(self) -> Self:
        if self.seed is not None and self.seeds is not None:
            raise ValueError("has both seed and seeds")
        return self


class SuiteFile(StrictModel):
    """The content of the file."""

    version: Literal[1]
    name: Word
    defaults: Defaults = Defaults()
    prompts: Annotated[tuple[Prompt, ...], Field(min_length=1, max_length=100_000)]


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """One clip to be made; ``unit`` is equal for all seeds of a prompt."""

    key: str
    unit: str
    prompt: str
    seed: int
    workload: Workload
    category: str
    width: int
    height: int
    seconds: float
    fps: int
    weight: float

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Suite:
    """``digest`` covers what decides the clips and their weights, not the layout of the file."""

    name: str
    clips: tuple[ClipSpec, ...]

    @property
    def digest(self) -> str:
        rows = sorted(json.dumps(asdict(one), sort_keys=True) for one in self.clips)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    @property
    def prompts(self) -> int:
        return len({one.unit for one in self.clips})


def load_suite(path: Path = DEFAULT_SUITE) -> Suite:
    """Read a suite; raises InputError naming the file, the place and what is wrong."""
    written = read_model(path, SuiteFile)
    wanted = tuple(one for prompt in written.prompts for one in clips_of(prompt, written.defaults))
    seen: dict[str, str] = {}
    for one in wanted:
        if one.key in seen:
            raise InputError(f"{path}: {one.prompt!r} with seed {one.seed} is a duplicate")
        seen[one.key] = one.prompt
    return Suite(written.name, wanted)


def clips_of(prompt: Prompt, defaults: Defaults) -> Iterator[ClipSpec]:
    size = SIZE.fullmatch(prompt.size or defaults.size)
    if size is None:
        raise AssertionError(f"{prompt.size} passed the model")
    width, height = int(size[1]), int(size[2])
    seconds, fps = prompt.duration or defaults.duration, prompt.fps or defaults.fps
    seeds = (prompt.seed,) if prompt.seed is not None else prompt.seeds or defaults.seeds
    for seed in seeds:
        yield ClipSpec(
            key=prompt_id(
                prompt.prompt, seed=seed, width=width, height=height, seconds=seconds, fps=fps
            ),
            unit=content_id([prompt.prompt, width, height, float(seconds), fps]),
            prompt=prompt.prompt,
            seed=seed,
            workload=prompt.workload or defaults.workload,
            category=prompt.category or defaults.category,
            width=width,
            height=height,
            seconds=float(seconds),
            fps=fps,
            weight=prompt.weight or defaults.weight,
        )
