"""Requests to one service; its headers go to its own origin and nowhere else."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from framegate.loadtest.service.headers import hide_secrets
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.errors import InputError

MAX_REDIRECTS = 5
MAX_WORDS = 300  # characters of an answer in a message
ANSWER_BYTES = 1024 * 1024  # of an answer that is no clip
DEFAULT_PORTS = {"http": 80, "https": 443}


class RedirectError(ConnectionError):
    """A redirect that is not followed."""


def service_url(text: str, *, option: str) -> str:
    """The base URL, without the version that every path of the API begins with.

    Raises InputError for a URL with a user, password or query: those are secrets that a record
    and every message would show.
    """
    parts = urlsplit(text)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise InputError(f"{option} {parts.scheme or text}: is not an http(s) URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise InputError(
            f"{option}: the URL has a user, a password or a query; "
            "give secrets in FRAMEGATE_GENERATOR_TOKEN or FRAMEGATE_GENERATOR_HEADERS"
        )
    return text.rstrip("/").removesuffix("/v1")


def origin(url: str | httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454)."""
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port or DEFAULT_PORTS.get(parts.scheme)


def public_url(url: str | httpx.URL) -> str:
    """The URL without its query, which is a signature where a redirect leads to a bucket."""
    return str(httpx.URL(url).copy_with(username="", password="", query=None, fragment=None))


class ServiceConnection:
    """Asks one service; safe to share between threads.

    A method raises httpx.RequestError when the service does not answer, and RedirectError.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self._headers = dict(headers)
        # Callers limit themselves; hundreds of viewers are hundreds of connections.
        self._http = httpx.Client(
            verify=verification(url), limits=httpx.Limits(max_connections=None)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    @property
    def has_key(self) -> bool:
        """Whether the service gets any header that could let a caller in."""
        return bool(self._headers)

    def hide(self, text: str) -> str:
        """The text without this connection's secrets."""
        return hide_secrets(text, self._headers)

    def post(
        self, path: str, body: Mapping[str, Any], *, timeout: float, traceparent: str = ""
    ) -> httpx.Response:
        more = {"traceparent": traceparent} if traceparent else {}
        response = self._http.post(
            f"{self.url}{path}", json=body, headers={**self._headers, **more}, timeout=timeout
        )
        if response.has_redirect_location:
            to = public_url(response.url.join(response.headers["location"]))
            raise RedirectError(f"{self.url}{path}: redirects to {to}; give that URL instead")
        return response

    def get(self, path: str, *, timeout: float) -> httpx.Response:
        """The answer, cut after a MiB: what is asked like this is small."""
        with self.stream(f"{self.url}{path}", timeout=timeout) as response:
            return with_body(response)

    @contextmanager
    def stream(self, url: str, *, timeout: float) -> Iterator[httpx.Response]:
        """GET an absolute URL; another origin, where a redirect may lead, gets no header."""
        asked = url
        with ExitStack() as stack:
            for _ in range(MAX_REDIRECTS + 1):
                response = stack.enter_context(self._open(url, timeout))
                if not response.has_redirect_location:
                    yield response
                    return
                url = redirect_target(response)
        raise RedirectError(f"{asked}: more than {MAX_REDIRECTS} redirects")

    @contextmanager
    def _open(self, url: str, timeout: float) -> Iterator[httpx.Response]:
        if origin(url) == origin(self.url):
            with self._http.stream("GET", url, headers=self._headers, timeout=timeout) as response:
                yield response
            return
        with httpx.stream("GET", url, timeout=timeout, verify=verification(url)) as response:
            yield response


def redirect_target(response: httpx.Response) -> str:
    location = response.headers["location"]
    try:
        url = response.url.join(location)
    except httpx.InvalidURL as error:
        raise RedirectError(f"{public_url(response.url)}: redirects to nowhere: {error}") from error
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise RedirectError(f"{public_url(response.url)}: redirects to {url.scheme}:, not http(s)")
    return str(url)


def with_body(response: httpx.Response) -> httpx.Response:
    """The response with what its body begins with, read from the stream."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES:
            break
    headers = [(k, v) for k, v in response.headers.items() if k != "content-encoding"]
    return httpx.Response(
        response.status_code, headers=headers, content=body, request=response.request
    )


def words_of(response: httpx.Response) -> str:
    """What a service says in an answer, in one line: its error's message, or else its text."""
    try:
        found = message_of(response.json())
    except (ValueError, RecursionError):
        found = response.text
    line = " ".join("".join(c if c.isprintable() else " " for c in found).split())
    return line if len(line) <= MAX_WORDS else f"{line[:MAX_WORDS]}…"


def message_of(document: object) -> str:
    """The message of an error in the forms that services use."""
    inner = document
    for key in ("error", "detail", "message"):
        if isinstance(inner, dict) and inner.get(key):
            inner = inner[key]
    return inner if isinstance(inner, str) else str(inner)
