"""The body of a request to make a video, in the shape of OpenAI's videos API."""

import re
import secrets
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from framegate.generator.model.versions import DEFAULT_MODEL, model_version
from framegate.generator.request import RequestError, VideoRequest
from framegate.telemetry.signals.names import Workload

ModelChooser = Callable[[int], str]

SIZE_PATTERN = re.compile(r"(\d{1,5})x(\d{1,5})")


def choose_default_model(_: int) -> str:
    return DEFAULT_MODEL


class CreateVideo(BaseModel):
    """The fields of a request; those after ``size``, except ``user``, are additions to OpenAI's."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=False)

    prompt: str
    model: str | None = None
    seconds: float = 4.0
    size: str = "256x256"
    fps: int = 24
    seed: int | None = None
    steps: int | None = None
    workload: Workload = Workload.INTERACTIVE
    user: str = "anonymous"
    replaces: str | None = None


def parse_request(
    fields: Mapping[str, Any], *, choose: ModelChooser = choose_default_model
) -> VideoRequest:
    """The checked request; raises RequestError naming the first invalid field.

    ``choose`` picks the model version of a request that names none, from a hash of its prompt.
    """
    try:
        body = CreateVideo.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        given = f": {fields[name]!r}" if name in fields else ""
        raise RequestError(name, f"{first['msg'].lower()}{given}") from error
    width, height = parse_size(body.size)
    seed = secrets.randbits(31) if body.seed is None else body.seed
    version = model_version(body.model or choose(zlib.crc32(f"{seed}\n{body.prompt}".encode())))
    return VideoRequest(
        prompt=body.prompt,
        width=width,
        height=height,
        seconds=body.seconds,
        fps=body.fps,
        seed=seed,
        model=version.name,
        steps=version.steps if body.steps is None else body.steps,
        workload=body.workload,
        tenant=body.user,
        replaces=body.replaces,
    )


def parse_size(size: str) -> tuple[int, int]:
    match = SIZE_PATTERN.fullmatch(size)
    if not match:
        raise RequestError("size", f"must be WIDTHxHEIGHT, for example 256x256, got {size!r}")
    return int(match[1]), int(match[2])
