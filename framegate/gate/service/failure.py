"""What an answer without a clip means: the model's failure, or the service's fault."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

import httpx

from framegate.loadtest.service.connection import ServiceConnection, public_url, words_of
from framegate.loadtest.service.headers import HEADERS_VARIABLE, TOKEN_VARIABLE

# Overloaded, or a proxy whose service does not answer: asked again, and never the model's failure.
BUSY = frozenset({429, 502, 503, 504})
REFUSED_BY_MODERATION = "refused by the service's moderation"
# In the code or type of an error: OpenAI's moderation_blocked and content_policy_violation, Azure's
# content_filter.
MODERATION_CODES = ("moderation", "content_policy", "content_filter")
KEY_HINT = f"; a key is sent with {TOKEN_VARIABLE}, {HEADERS_VARIABLE} or --header"
FIELDS_HINT = "; if the service does not take every field, name those it takes with --fields"


class ServiceFaultError(ConnectionError):
    """The service cannot be used like this; the run ends without a verdict."""


class ClipFailureError(Exception):
    """No clip for a reason that may be the model's: evidence, unless every side has it."""


def raise_refusal(
    service: ServiceConnection, answer: httpx.Response, *, hint: str = ""
) -> NoReturn:
    """Raise what an answer means that is neither a success nor worth asking again."""
    status, url = answer.status_code, public_url(answer.url)
    said = service.hide(words_of(answer)) or "(nothing more)"
    if is_moderation(error_of(answer)):
        raise ClipFailureError(f"{REFUSED_BY_MODERATION}: {said}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ClipFailureError(f"{url_path(answer)}: HTTP status {status}: {said}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and not service.has_key:
        hint = KEY_HINT
    what = f"HTTP status {status}"
    if answer.is_success:
        what = f"answers with {answer.headers.get('content-type', 'something')}, not with a video"
    raise ServiceFaultError(f"{url}: {what}: {said}{hint}")


def url_path(answer: httpx.Response) -> str:
    """Where an answer came from, without the job's id: equal for all clips."""
    return "content" if answer.url.path.endswith("/content") else answer.url.path


def error_of(answer: httpx.Response) -> Mapping[str, object]:
    """The error object of an answer; empty without one."""
    try:
        return error_object(answer.json())
    except (ValueError, RecursionError):
        return {}


def error_object(document: object) -> Mapping[str, object]:
    found = document.get("error") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def is_moderation(error: Mapping[str, object]) -> bool:
    """Whether an error says that the prompt, not the request, is refused."""
    said = f"{error.get('code')} {error.get('type')}".lower()
    return any(code in said for code in MODERATION_CODES)
