"""Makes the clip at a URL available as a local file, for the time it is needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

import fsspec
import httpx

from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.errors import InputError

MAX_CLIP_BYTES = 2 * 1024**3
CHUNK_BYTES = 2**20
TIMEOUT_SECONDS = 60.0
CONNECT_RETRIES = 4  # with growing pauses: the generator may be restarting


@dataclass(frozen=True, slots=True)
class ClipSources:
    """Where clips may be read from: http(s) URLs, files below ``folder``, URLs below ``remotes``.

    The URL of a clip comes from an event that anyone may have sent, so it must not open every file
    or bucket that this process has access to. ``remotes`` are URLs such as ``s3://bucket/clips``,
    of any scheme that fsspec knows. A clip larger than ``max_bytes`` is refused.
    """

    folder: Path | None = None
    remotes: tuple[str, ...] = ()
    max_bytes: int = MAX_CLIP_BYTES

    @contextmanager
    def fetch(self, url: str) -> Iterator[Path]:
        """The file at ``url``; raises InputError when it cannot be read or must not be."""
        scheme = urlsplit(url).scheme
        if scheme in ("", "file"):
            yield self._below_folder(url)
            return
        with tempfile.TemporaryDirectory(prefix="framegate-") as folder:
            path = Path(folder) / "clip"
            with path.open("wb") as file:
                if scheme in ("http", "https"):
                    download(url, file, self.max_bytes)
                else:
                    self._copy_remote(url, file)
            yield path

    def _below_folder(self, url: str) -> Path:
        if self.folder is None:
            raise InputError(f"{url}: local files are only read from the folder of --artifacts")
        root = self.folder.resolve()
        found = (root / urlsplit(url).path).resolve()
        if not found.is_relative_to(root):
            raise InputError(f"{url}: is outside {root}")
        return found

    def _copy_remote(self, url: str, file: BinaryIO) -> None:
        """Copy a remote file; fsspec raises the errors of any library it uses."""
        if not any(is_below(url, remote) for remote in self.remotes):
            raise InputError(f"{url}: is not an http(s) URL, a file, or below a --remote location")
        try:
            with fsspec.open(url, "rb") as remote:
                copy_stream(url, remote, file, self.max_bytes)
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{url}: {error}") from error


def is_below(url: str, root: str) -> bool:
    """Whether a URL is inside the folder that another URL names."""
    one, other = urlsplit(url), urlsplit(root)
    path, folder = PurePosixPath(one.path or "/"), PurePosixPath(other.path or "/")
    same = (one.scheme, one.netloc) == (other.scheme, other.netloc)
    plain = ".." not in path.parts and "::" not in url  # fsspec opens the URL that follows "::"
    return same and plain and path.is_relative_to(folder)


def download(url: str, file: BinaryIO, max_bytes: int) -> None:
    size = 0
    transport = httpx.HTTPTransport(retries=CONNECT_RETRIES, verify=verification(url))
    try:
        with (
            httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS) as client,
            client.stream("GET", url) as response,
        ):
            if not response.is_success:
                raise InputError(f"{url}: HTTP status {response.status_code}")
            for chunk in response.iter_bytes():
                size += write_chunk(url, chunk, file, max_bytes - size)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(f"{url}: {error}") from error


def copy_stream(url: str, remote: BinaryIO, file: BinaryIO, max_bytes: int) -> None:
    size = 0
    while chunk := remote.read(CHUNK_BYTES):
        size += write_chunk(url, chunk, file, max_bytes - size)


def write_chunk(url: str, chunk: bytes, file: BinaryIO, room_bytes: int) -> int:
    if len(chunk) > room_bytes:
        raise InputError(f"{url}: is larger than the limit for clips")
    return file.write(chunk)
