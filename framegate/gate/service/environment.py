"""What a service says of a model: the environment that comparable clips must share."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from framegate.gate.service.job import job_of
from framegate.gate.service.patience import Patience, get_patiently
from framegate.gate.settings import FIELDS, Generator
from framegate.loadtest.service.connection import ServiceConnection, words_of
from framegate.telemetry.platform.errors import InputError

NO_ENVIRONMENT = {"service": "does not tell its environment"}  # as stored in records
SENT_FIELDS = "service.fields"


def fetch_environment(
    service: ServiceConnection, model: str, settings: Generator
) -> Mapping[str, str]:
    """The environment that the service reports for a model, and the fields if not all are sent.

    Raises InputError for a model that the service does not have.
    """
    path = f"/v1/models/{quote(model, safe='')}"
    answer = get_patiently(service, path, Patience(settings.clip_seconds))
    if answer.status_code == HTTPStatus.NOT_FOUND and lists_models(service, settings):
        raise InputError(f"{service.url}: {service.hide(words_of(answer))}")
    reported = job_of(answer).get("environment")
    if not isinstance(reported, dict):
        reported = NO_ENVIRONMENT
    told = {str(name): service.hide(str(value)) for name, value in reported.items()}
    sent = {SENT_FIELDS: ", ".join(settings.fields)} if settings.fields != FIELDS else {}
    return {"model": model, **told, **sent}


def lists_models(service: ServiceConnection, settings: Generator) -> bool:
    """Whether the service lists its models, so that a 404 means an unknown model."""
    return bool(job_of(get_patiently(service, "/v1/models", Patience(settings.clip_seconds))))
