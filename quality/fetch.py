"""A clip's URL to a local file, for as long as it is needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from telemetry.errors import InputError

LARGEST_CLIP_BYTES = 2 * 1024**3
TIMEOUT_SECONDS = 60.0
CONNECT_RETRIES = 4  # with growing pauses, for a generator that is just restarting


class Fetcher:
    """Fetches http(s) URLs; files only from below ``root``, and none without one.

    A clip's URL comes from whoever sends events, so it must not open any file it likes.
    """

    def __init__(self, *, root: Path | None = None) -> None:
        self._root = root.resolve() if root else None
        transport = httpx.HTTPTransport(retries=CONNECT_RETRIES)
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def local(self, url: str) -> Iterator[Path]:
        """The file; raises InputError naming the URL when it cannot be had."""
        parts = urlsplit(url)
        if parts.scheme in ("", "file"):
            yield self._below_root(url, Path(parts.path))
        elif parts.scheme in ("http", "https"):
            with tempfile.TemporaryDirectory(prefix="framegate-") as folder:
                yield self._download(url, Path(folder) / "clip")
        else:
            raise InputError(f"{url}: scheme {parts.scheme!r} is not http, https or file")

    def _below_root(self, url: str, path: Path) -> Path:
        if self._root is None:
            raise InputError(f"{url}: files are not read unless --artifacts names their folder")
        found = (self._root / path).resolve()
        if not found.is_relative_to(self._root):
            raise InputError(f"{url}: lies outside {self._root}")
        return found

    def _download(self, url: str, path: Path) -> Path:
        size = 0
        try:
            with self._http.stream("GET", url) as response, path.open("wb") as file:
                if not response.is_success:
                    raise InputError(f"{url}: HTTP status {response.status_code}")
                for chunk in response.iter_bytes():
                    size += len(chunk)
                    if size > LARGEST_CLIP_BYTES:
                        raise InputError(f"{url}: is larger than {LARGEST_CLIP_BYTES} bytes")
                    file.write(chunk)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise InputError(f"{url}: {error}") from error
        return path
