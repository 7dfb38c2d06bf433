"""The service that makes clips: what it says of a model, and one clip with what making it took."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import httpx
import requests

from framegate.gate.settings import Generator
from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.watch import RequestTemplate, ViewerOutcome, ViewerResult, watch_clip
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip, clip_from_spec
from framegate.quality.gate.policy.measures import COST, FAILED, FRAME_TIME, TTFP
from framegate.quality.gate.policy.suite import ClipSpec
from framegate.quality.video.fetch import download
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.errors import InputError

TIMEOUT_SECONDS = 30.0
LARGEST_BYTES = 512 * 1024 * 1024
NOT_REPORTED = "not reported by the service"
WORKING_STAGES = ("denoise", "decode", "encode")
NO_ENVIRONMENT = {"service": "does not tell its environment"}  # as stored in records


def fetch_environment(generator: Generator, model: str) -> Mapping[str, str]:
    """The environment that the service reports for a model.

    Raises InputError for a model that the service does not have, ConnectionError when the service
    does not answer.
    """
    url = f"{generator.url}/v1/models/{quote(model, safe='')}"
    try:
        answer = ask(url)
        raw = answer.json() if answer.is_success else None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise InputError(f"{url}: {error}") from error
    except httpx.HTTPError as error:
        raise ConnectionError(f"{url}: {error}") from error
    except ValueError as error:
        raise InputError(f"{url}: {error}") from error
    if answer.status_code == 404 and knows_models(generator):
        raise InputError(f"{generator.url}: {error_text(answer)}")
    reported = raw.get("environment") if isinstance(raw, dict) else None
    if not isinstance(reported, dict):
        return {"model": model, **NO_ENVIRONMENT}
    return {"model": model, **{str(name): str(value) for name, value in reported.items()}}


def ask(url: str) -> httpx.Response:
    return httpx.get(url, timeout=TIMEOUT_SECONDS, verify=verification(url))


def knows_models(generator: Generator) -> bool:
    """Whether the service lists its models, so that a 404 means an unknown model."""
    try:
        return ask(f"{generator.url}/v1/models").is_success
    except httpx.HTTPError:
        return False


def error_text(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {answer.status_code}"


def warm_up(generator: Generator, model: str, one: ClipSpec) -> None:
    with TemporaryDirectory(prefix="framegate-") as folder:
        generate_clip(generator, model, one, Path(folder) / "warm.mp4")


def generate_clip(generator: Generator, model: str, one: ClipSpec, path: Path) -> ViewerResult:
    template = RequestTemplate(generator.url, model, one.size, one.seconds, one.fps)
    request = ClipRequest(one.prompt, one.seed, one.workload)
    with requests.Session() as session, path.open("wb") as keep:
        return watch_clip(session, template, request, traceparent="", keep=keep)


def make_clip(generator: Generator, model: str, one: ClipSpec, archive: Archive) -> Clip:
    """One clip, with what making it took; an incomplete clip has only reasons and no file."""
    with TemporaryDirectory(prefix="framegate-") as folder:
        path = Path(folder) / "clip.mp4"
        seen = generate_clip(generator, model, one, path)
        job = fetch_job(generator, seen)
        clip = with_job_values(clip_from_spec(one), seen, job)
        if seen.outcome is not ViewerOutcome.COMPLETE:
            return clip
        blobs = {"clip": archive.keep_file(path)}
        reference = Path(folder) / "reference.mp4"
        if fetch_reference(job.get("reference_url"), reference):
            blobs["reference"] = archive.keep_file(reference)
        return replace(clip, blobs=blobs)


def fetch_job(generator: Generator, seen: ViewerResult) -> Mapping[str, Any]:
    """The job as the service reports it; empty for a request that the service refused as invalid.

    Raises ConnectionError when the service does not answer or is overloaded: a clip that was not
    made for that reason says nothing about the model.
    """
    if not seen.job_id:
        if (seen.error_type or "").startswith("http_4") and seen.error_type != "http_429":
            return {}
        raise ConnectionError(f"{generator.url}: does not accept jobs: {seen.error_type}")
    try:
        answer = ask(f"{generator.url}/v1/videos/{seen.job_id}")
        found = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError) as error:
        raise ConnectionError(f"{generator.url}: {error}") from error
    return found if isinstance(found, dict) else {}


def fetch_reference(url: object, path: Path) -> bool:
    """Whether the service publishes reference footage and it was downloaded."""
    if not isinstance(url, str):
        return False
    try:
        with path.open("wb") as file:
            download(url, file, LARGEST_BYTES)
    except InputError:
        return False
    return True


def with_job_values(clip: Clip, seen: ViewerResult, job: Mapping[str, Any]) -> Clip:
    """The clip with its times, its cost and whether it was delivered whole."""
    if seen.outcome is not ViewerOutcome.COMPLETE:
        why = f"{seen.outcome}: {seen.error_type or 'incomplete response'}"
        reasons = dict.fromkeys((TTFP.id, FRAME_TIME.id, COST.id), why)
        return replace(clip, values={FAILED.id: 1.0}, reasons=reasons)
    found = {
        TTFP.id: seen.playback.ttfp_seconds,
        FRAME_TIME.id: frame_seconds(job, frames=seen.playback.frames),
        COST.id: cost_per_minute(job, seconds=seen.playback.media_seconds),
    }
    values = {name: value for name, value in found.items() if value is not None}
    return replace(
        clip,
        values={FAILED.id: 0.0, **values},
        reasons={name: NOT_REPORTED for name, value in found.items() if value is None},
    )


def frame_seconds(job: Mapping[str, Any], *, frames: int) -> float | None:
    stages = job.get("stage_durations")
    if not isinstance(stages, dict) or not frames:
        return None
    known = [stages[stage] for stage in WORKING_STAGES if is_number(stages.get(stage))]
    return sum(known) / frames if known else None


def cost_per_minute(job: Mapping[str, Any], *, seconds: float) -> float | None:
    cost = job.get("cost")
    if not isinstance(cost, int | float) or isinstance(cost, bool) or seconds <= 0:
        return None
    return cost / seconds * 60


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
