"""Clips of a suite, made by a running generator: the models take turns, and nothing is lost.

Each clip that was made is kept at once, so that an interrupted run goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import requests

from framegate.gate.means import Generator
from framegate.gate.work_ledger import WorkLedger
from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.watch import RequestTemplate, ViewerOutcome, ViewerResult, watch_clip
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import CLIP, Clip, clip_from_spec
from framegate.quality.gate.policy.measures import COST, FAILED, FRAME_TIME, TTFP
from framegate.quality.gate.policy.suite import ClipSpec, Suite
from framegate.quality.video.fetch import download
from framegate.telemetry.platform.errors import InputError

TIMEOUT_SECONDS = 30.0
LARGEST_BYTES = 512 * 1024 * 1024
WORKING_STAGES = ("denoise", "decode", "encode")
Work = TypeVar("Work")
NO_ENVIRONMENT = {"service": "does not tell its environment"}


def environment_of(generator: Generator, model: str) -> Mapping[str, str]:
    """What the service says of itself and the model.

    Raises InputError if it knows no such one, ConnectionError if it does not answer.
    """
    url = f"{generator.url}/v1/models/{quote(model, safe='')}"
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS)
        raw = answer.json() if answer.is_success else None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise InputError(f"{url}: {error}") from error
    except httpx.HTTPError as error:
        raise ConnectionError(f"{url}: {error}") from error
    except ValueError as error:
        raise InputError(f"{url}: {error}") from error
    if answer.status_code == 404 and knows_models(generator):
        raise InputError(f"{generator.url}: {error_text(answer)}")
    told = raw.get("environment") if isinstance(raw, dict) else None
    if not isinstance(told, dict):
        return {"model": model, **NO_ENVIRONMENT}
    return {"model": model, **{str(name): str(value) for name, value in told.items()}}


def knows_models(generator: Generator) -> bool:
    """Whether the service lists its models at all."""
    try:
        return httpx.get(f"{generator.url}/v1/models", timeout=TIMEOUT_SECONDS).is_success
    except httpx.HTTPError:
        return False


def error_text(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {answer.status_code}"


def make_clips(
    generator: Generator,
    models: Mapping[str, str],
    suite: Suite,
    *,
    archive: Archive,
    ledger: WorkLedger,
    tell: Callable[[], None],
) -> dict[str, list[Clip]]:
    """Every clip of the suite for each side, whose model ``models`` names; by side.

    The sides take turns and the first one changes from clip to clip, so that what changes with
    time is the same for all. Each model makes one clip before that does not count: it may have
    to be loaded. Raises ConnectionError when the service is gone; what was made is kept.
    """
    todo = [
        (side, one)
        for number, one in enumerate(suite.clips)
        for side in (list(models) if number % 2 == 0 else list(models)[::-1])
    ]
    missing = [work for work in todo if not ledger.has(work[0], work[1].key)]
    for _ in range(len(todo) - len(missing)):
        tell()
    for model in dict.fromkeys(models[side] for side, _ in missing):
        warm_up(generator, model, suite.clips[0])

    def make(work: tuple[str, ClipSpec]) -> None:
        side, one = work
        clip = make_clip(generator, models[side], one, archive)
        ledger.keep(side, one.key, CLIP.dump_json(clip))
        tell()

    run_concurrently(make, missing, at_once=generator.at_once)
    return {
        side: [CLIP.validate_json(ledger.read(side, one.key)) for one in suite.clips]
        for side in models
    }


def run_concurrently(make: Callable[[Work], None], todo: Sequence[Work], *, at_once: int) -> None:
    """Do all of it, so many at once; the first failure ends the rest."""
    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(make, work) for work in todo]
        try:
            for one in as_completed(running):
                one.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def warm_up(generator: Generator, model: str, one: ClipSpec) -> None:
    with TemporaryDirectory(prefix="framegate-") as folder:
        generate_clip(generator, model, one, Path(folder) / "warm.mp4")


def generate_clip(generator: Generator, model: str, one: ClipSpec, path: Path) -> ViewerResult:
    order = RequestTemplate(generator.url, model, one.size, one.seconds, one.fps)
    ask = ClipRequest(one.prompt, one.seed, one.workload)
    with requests.Session() as session, path.open("wb") as keep:
        return watch_clip(session, order, ask, traceparent="", keep=keep)


def make_clip(generator: Generator, model: str, one: ClipSpec, archive: Archive) -> Clip:
    """One clip, with what its making took; one that did not come whole has reasons alone."""
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
    """The job as the service tells it; raises ConnectionError when there is no service to tell.

    A clip that a busy or dead service did not make says nothing about the model.
    """
    if not seen.job_id:
        if (seen.error_type or "").startswith("http_4") and seen.error_type != "http_429":
            return {}
        raise ConnectionError(f"{generator.url}: takes no jobs: {seen.error_type}")
    try:
        answer = httpx.get(f"{generator.url}/v1/videos/{seen.job_id}", timeout=TIMEOUT_SECONDS)
        found = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError) as error:
        raise ConnectionError(f"{generator.url}: {error}") from error
    return found if isinstance(found, dict) else {}


def fetch_reference(url: object, path: Path) -> bool:
    """Whether the service publishes reference footage, and it could be had."""
    if not isinstance(url, str):
        return False
    try:
        with path.open("wb") as file:
            download(url, file, LARGEST_BYTES)
    except InputError:
        return False
    return True


def with_job_values(clip: Clip, seen: ViewerResult, job: Mapping[str, Any]) -> Clip:
    """The clip with times, cost, and whether it came at all."""
    if seen.outcome is not ViewerOutcome.COMPLETE:
        why = f"{seen.outcome}: {seen.error_type or 'not all of it came'}"
        reasons = dict.fromkeys((TTFP.id, FRAME_TIME.id, COST.id), why)
        return replace(clip, values={FAILED.id: 1.0}, reasons=reasons)
    told = {
        TTFP.id: seen.playback.ttfp_seconds,
        FRAME_TIME.id: frame_seconds(job, frames=seen.playback.frames),
        COST.id: cost_per_minute(job, seconds=seen.playback.media_seconds),
    }
    values = {name: value for name, value in told.items() if value is not None}
    silent = "the service does not tell"
    return replace(
        clip,
        values={FAILED.id: 0.0, **values},
        reasons={name: silent for name, value in told.items() if value is None},
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
