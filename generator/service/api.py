"""The HTTP service, in the shape of OpenAI's videos API."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import Message, Receive

from framegate.generator.model.versions import MODELS, ModelVersion
from framegate.generator.request import RequestError
from framegate.generator.service.clip_delivery import CLIP_FILE
from framegate.generator.service.job_service import JobService, TooManyJobsError
from framegate.generator.service.jobs import VideoJob
from framegate.generator.service.provenance import environment
from framegate.generator.service.reference_footage import REFERENCE_FILE, ClipFailedError
from framegate.generator.service.rollout_body import parse_rollout_action, rollout_json
from framegate.generator.service.video_body import parse_request
from framegate.telemetry.platform.clock import SECOND_NS
from framegate.telemetry.platform.http import BodyError, read_body
from framegate.telemetry.sdk.sdk import Telemetry, remote_context
from framegate.telemetry.sdk.service_routes import Health, service_routes
from framegate.telemetry.signals.names import JobState

BODY_LIMIT_BYTES = 64 * 1024
RETRY_AFTER_SECONDS = 1
VIDEO_MEDIA_TYPE = "video/mp4"
VARIANTS = {"video": CLIP_FILE, "reference": REFERENCE_FILE}
STATUS = {
    JobState.QUEUED: "queued",
    JobState.PROCESSING: "in_progress",
    JobState.ENCODED: "in_progress",
    JobState.UPLOADED: "in_progress",
    JobState.COMPLETE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}


class Api:
    """The endpoints over one job service."""

    def __init__(self, service: JobService, telemetry: Telemetry) -> None:
        self._service = service
        self._telemetry = telemetry

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Requests are accepted only once every worker has made a frame."""
        await self._service.start()
        try:
            yield
        finally:
            await self._service.close()
            self._telemetry.shutdown()

    async def create(self, request: Request) -> Response:
        """POST /v1/videos."""
        try:
            video = parse_request(await read_fields(request), choose=self._service.registry.choose)
            job = self._service.submit(video, caller=remote_context(request.headers))
        except RequestError as error:
            return error_response(400, str(error), param=error.field)
        except TooManyJobsError as error:
            headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
            return error_response(429, str(error), code="rate_limit_exceeded", headers=headers)
        return JSONResponse(job_json(job))

    async def retrieve(self, request: Request) -> Response:
        """GET /v1/videos/{id}."""
        return JSONResponse(job_json(self._job(request)))

    async def list_jobs(self, _: Request) -> Response:
        """GET /v1/videos, newest first."""
        data = [job_json(job) for job in reversed(self._service.jobs.all_jobs())]
        return JSONResponse({"object": "list", "data": data, "has_more": False})

    async def content(self, request: Request) -> Response:
        """GET /v1/videos/{id}/content: the clip, while it is being made and afterwards."""
        job = self._job(request)
        variant = request.query_params.get("variant", "video")
        if variant not in VARIANTS:
            return error_response(
                400,
                f"variant: unknown value {variant!r}; expected {' or '.join(VARIANTS)}",
                param="variant",
            )
        try:
            if variant == "reference":
                await self._service.footage.ensure(job.id, job.request)
                return self._artifact_response(job, REFERENCE_FILE)
            if job.state is JobState.COMPLETE:
                return self._artifact_response(job, CLIP_FILE)
            return await stream_response(self._service.delivery.follow(job.id))
        except ClipFailedError as error:
            return error_response(409, f"{job.id}: {error}", code="video_failed")

    async def models(self, _: Request) -> Response:
        """GET /v1/models."""
        data = [model_json(model) for model in MODELS.values()]
        return JSONResponse({"object": "list", "data": data})

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{id}, with the environment that comparable clips must share."""
        name = request.path_params["model"]
        if name not in MODELS:
            raise HTTPException(404, f"model {name!r} is unknown")
        described = await asyncio.to_thread(environment, name)
        return JSONResponse({**model_json(MODELS[name]), "environment": described})

    async def rollout(self, _: Request) -> Response:
        """GET /v1/rollout."""
        return JSONResponse(rollout_json(self._service.registry.rollout))

    async def change_rollout(self, request: Request) -> Response:
        """POST /v1/rollout/canary, /promote or /rollback."""
        registry = self._service.registry
        if not request.headers.get("content-type", "").startswith("application/json"):
            # A web page of another origin in an operator's browser can send a form to this
            # service, but not JSON.
            return error_response(415, "content-type: must be application/json")
        try:
            move = parse_rollout_action(request.path_params["action"], await read_fields(request))
            found = await asyncio.to_thread(move, registry)
        except RequestError as error:
            return error_response(400, str(error), param=error.field)
        return JSONResponse(rollout_json(found))

    def service_routes(self) -> list[Route]:
        """GET /healthz, /readyz and /metrics."""
        return service_routes(self._telemetry.registry, ready=self.readiness)

    def readiness(self) -> Health:
        ready = self._service.is_ready
        return Health("ready") if ready else Health("no worker is ready", is_good=False)

    def _job(self, request: Request) -> VideoJob:
        job_id = request.path_params["job_id"]
        job = self._service.jobs.find(job_id)
        if job is None:
            raise HTTPException(404, f"video {job_id!r} is unknown")
        return job

    def _artifact_response(self, job: VideoJob, name: str) -> Response:
        """A finished file; from a folder also in parts (HTTP range requests)."""
        record = BackgroundTask(self._record_delivery, job, name=name, start_ns=time.time_ns())
        path = self._service.delivery.artifact_path(job.id, name)
        if path and not path.is_file():
            self._service.delivery.record_missing_clip(job)
            return error_response(
                500, f"{job.id}: {name} is missing from the artifact store", code="storage"
            )
        if path:
            return FileResponse(path, media_type=VIDEO_MEDIA_TYPE, background=record)
        chunks = self._service.delivery.read_artifact(job, name)
        return StreamingResponse(chunks, media_type=VIDEO_MEDIA_TYPE, background=record)

    async def _record_delivery(self, job: VideoJob, *, name: str, start_ns: int) -> None:
        if name == CLIP_FILE:
            self._service.delivery.record(job, start_ns=start_ns, size_bytes=job.readable_bytes)


async def stream_response(chunks: AsyncIterator[bytes]) -> Response:
    """A streaming response that waits for the first chunk: a failure before it has its status."""
    first = await anext(chunks)

    async def all_chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return StreamingResponse(all_chunks(), media_type=VIDEO_MEDIA_TYPE)


def application(api: Api) -> Starlette:
    routes = [
        Route("/v1/videos", api.create, methods=["POST"]),
        Route("/v1/videos", api.list_jobs),
        Route("/v1/videos/{job_id}", api.retrieve),
        Route("/v1/videos/{job_id}/content", api.content),
        Route("/v1/models", api.models),
        Route("/v1/models/{model}", api.model),
        Route("/v1/rollout", api.rollout),
        Route("/v1/rollout/{action}", api.change_rollout, methods=["POST"]),
        *api.service_routes(),
    ]
    handlers = {HTTPException: http_error_response}
    return Starlette(routes=routes, lifespan=api.lifespan, exception_handlers=handlers)


async def read_fields(request: Request) -> Mapping[str, Any]:
    """The fields of a JSON or form body."""
    try:
        body = await read_body(request, limit_bytes=BODY_LIMIT_BYTES)
    except BodyError as error:
        raise RequestError("body", str(error)) from error
    content_type = request.headers.get("content-type", "")
    if content_type.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with Request(request.scope, replay_body(body)).form() as form:
            return {name: text for name, text in form.items() if not isinstance(text, UploadFile)}
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError("body", f"is not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise RequestError("body", "must be a JSON object")
    return fields


def replay_body(body: bytes) -> Receive:
    """An ASGI receive function that replays a body that was read before."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def error_response(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str = "invalid_value",
    headers: Mapping[str, str] | None = None,
) -> Response:
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": param,
        "code": code,
    }
    return JSONResponse({"error": error}, status, headers)


async def http_error_response(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(status, getattr(error, "detail", str(error)), code="not_found")


def model_json(model: ModelVersion) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "owned_by": "framegate", "note": model.note}


def job_json(job: VideoJob) -> dict[str, Any]:
    """The job in the shape of OpenAI's videos API; fields from ``state`` on are our own."""
    request = job.request
    return {
        "id": job.id,
        "object": "video",
        "model": request.model,
        "status": STATUS[job.state],
        "progress": job.progress,
        "created_at": job.accepted_ns // SECOND_NS,
        "completed_at": job.finished_ns // SECOND_NS if job.finished_ns else None,
        "expires_at": None,
        "prompt": request.prompt,
        "seconds": f"{request.seconds:g}",
        "size": f"{request.width}x{request.height}",
        "error": {"code": job.failure.type, "message": job.failure.message}
        if job.failure
        else None,
        "state": job.state.value,
        "workload": request.workload.value,
        "seed": request.seed,
        "fps": request.fps,
        "steps": request.steps,
        "prompt_id": request.prompt_id,
        "trace_id": job.trace_id,
        "ttfp_seconds": job.ttfp_seconds,
        "stage_durations": dict(job.stage_seconds),
        "cost": job.cost,
        "url": job.clip_url,
        "reference_url": job.reference_url,
    }
