"""One job of the service: asked for, read, waited for."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from framegate.gate.service.failure import (
    BUSY,
    FIELDS_HINT,
    REFUSED_BY_MODERATION,
    ClipFailureError,
    ServiceFaultError,
    error_object,
    is_moderation,
    raise_refusal,
)
from framegate.gate.service.patience import (
    Patience,
    busy_text,
    get_patiently,
    transport_text,
    wait_seconds,
)
from framegate.loadtest.service.connection import ServiceConnection, message_of, words_of
from framegate.quality.gate.policy.suite import ClipSpec

WAITING = ("queued", "in_progress")
COMPLETED, FAILED = "completed", "failed"
INVALID = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def request_body(model: str, one: ClipSpec, fields: tuple[str, ...]) -> dict[str, Any]:
    every = {
        "model": model,
        "prompt": one.prompt,
        "seed": one.seed,
        "size": one.size,
        "seconds": f"{one.seconds:g}",
        "fps": one.fps,
        "workload": one.workload.value,
    }
    return {name: every[name] for name in fields}


def submit_clip(service: ServiceConnection, body: Mapping[str, Any], patience: Patience) -> str:
    """The id of the new job.

    A request is sent again only where no job can have been made of it: to a busy service, or one
    that cannot be reached.
    """
    url = f"{service.url}/v1/videos"
    while True:
        try:
            answer = service.post("/v1/videos", body, timeout=patience.timeout(url))
        except httpx.ConnectError as error:
            patience.retry(f"{url}: {transport_text(error)}")
            continue
        except httpx.RequestError as error:
            raise ServiceFaultError(f"{url}: {transport_text(error)}") from error
        if answer.status_code in BUSY:
            patience.retry(busy_text(service, answer), asked=wait_seconds(answer))
        elif not answer.is_success:
            hint = FIELDS_HINT if answer.status_code in INVALID else ""
            raise_refusal(service, answer, hint=hint)
        else:
            patience.failures = 0
            return job_id_of(service, answer)


def job_id_of(service: ServiceConnection, answer: httpx.Response) -> str:
    job_id = job_of(answer).get("id")
    if not isinstance(job_id, str) or not job_id:
        said = service.hide(words_of(answer))
        raise ServiceFaultError(f"{service.url}/v1/videos: the answer has no job's id: {said}")
    return job_id


def job_of(answer: httpx.Response) -> Mapping[str, Any]:
    """The job in an answer; empty when the answer has none."""
    try:
        found = answer.json() if answer.is_success else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def job_path(job_id: str) -> str:
    return f"/v1/videos/{quote(job_id, safe='')}"


def read_job(service: ServiceConnection, job_id: str, patience: Patience) -> Mapping[str, Any]:
    """The job as the service reports it; empty if it reports none."""
    return job_of(get_patiently(service, job_path(job_id), patience))


def wait_for_job(service: ServiceConnection, job_id: str, patience: Patience) -> bool:
    """Whether the job is complete now; False for a service that does not report its status.

    Raises ClipFailureError with the service's words when the job has failed.
    """
    while True:
        answer = get_patiently(service, job_path(job_id), patience)
        job = job_of(answer)
        status = job.get("status")
        if status is None:
            return False
        if status == COMPLETED:
            return True
        if status == FAILED:
            raise_failed_job(service, job)
        url = f"{service.url}{job_path(job_id)}"
        if status not in WAITING:
            known = ", ".join((*WAITING, COMPLETED, FAILED))
            said = service.hide(f"{status!r}"[:60])
            raise ServiceFaultError(f"{url}: status {said} is unknown; known are {known}")
        patience.poll(f"{url}: the job is still {status}", asked=wait_seconds(answer))


def raise_failed_job(service: ServiceConnection, job: Mapping[str, Any]) -> None:
    error = error_object(job)
    said = service.hide(message_of(job["error"]) if job.get("error") else "no reason given")
    if is_moderation(error):
        raise ClipFailureError(f"{REFUSED_BY_MODERATION}: {said}")
    raise ClipFailureError(f"the job failed: {said}")
