"""A clip's URL to a local file, for as long as it is needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

import fsspec
import httpx

from framegate.telemetry.platform.errors import InputError

MAX_CLIP_BYTES = 2 * 1024**3
CHUNK_BYTES = 2**20
TIMEOUT_SECONDS = 60.0
CONNECT_RETRIES = 4  # with growing pauses, for a generator that is just restarting


@dataclass(frozen=True, slots=True)
class ClipSources:
    """What may be read: http(s) URLs, files below ``folder``, and what lies below ``remotes``.

    A clip's URL comes from whoever sends events, so it must not open any file it likes, nor any
    bucket that this process has credentials for. ``remotes`` are URLs such as ``s3://bucket/clips``
    of any scheme that fsspec knows.
    """

    folder: Path | None = None
    remotes: tuple[str, ...] = ()
    most_bytes: int = MAX_CLIP_BYTES

    @contextmanager
    def fetch(self, url: str) -> Iterator[Path]:
        """The file; raises InputError naming the URL when it cannot be had."""
        scheme = urlsplit(url).scheme
        if scheme in ("", "file"):
            yield self._below_folder(url)
            return
        with tempfile.TemporaryDirectory(prefix="framegate-") as folder:
            path = Path(folder) / "clip"
            with path.open("wb") as file:
                if scheme in ("http", "https"):
                    download(url, file, self.most_bytes)
                else:
                    self._copy_remote(url, file)
            yield path

    def _below_folder(self, url: str) -> Path:
        if self.folder is None:
            raise InputError(f"{url}: files are not read unless --artifacts names their folder")
        root = self.folder.resolve()
        found = (root / urlsplit(url).path).resolve()
        if not found.is_relative_to(root):
            raise InputError(f"{url}: lies outside {root}")
        return found

    def _copy_remote(self, url: str, file: BinaryIO) -> None:
        """Copy what fsspec opens; its errors are of every library that it may use."""
        if not any(is_below(url, remote) for remote in self.remotes):
            raise InputError(f"{url}: is neither http, https, file nor below a --remote")
        try:
            with fsspec.open(url, "rb") as remote:
                copy_stream(url, remote, file, self.most_bytes)
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{url}: {error}") from error


def is_below(url: str, root: str) -> bool:
    """Whether a URL lies in the folder that another one names."""
    one, other = urlsplit(url), urlsplit(root)
    path, folder = PurePosixPath(one.path or "/"), PurePosixPath(other.path or "/")
    same = (one.scheme, one.netloc) == (other.scheme, other.netloc)
    plain = ".." not in path.parts and "::" not in url  # fsspec would open what comes after
    return same and plain and path.is_relative_to(folder)


def download(url: str, file: BinaryIO, most_bytes: int) -> None:
    size = 0
    transport = httpx.HTTPTransport(retries=CONNECT_RETRIES)
    try:
        with (
            httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS) as client,
            client.stream("GET", url) as response,
        ):
            if not response.is_success:
                raise InputError(f"{url}: HTTP status {response.status_code}")
            for chunk in response.iter_bytes():
                size += write_chunk(url, chunk, file, most_bytes - size)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(f"{url}: {error}") from error


def copy_stream(url: str, remote: BinaryIO, file: BinaryIO, most_bytes: int) -> None:
    size = 0
    while chunk := remote.read(CHUNK_BYTES):
        size += write_chunk(url, chunk, file, most_bytes - size)


def write_chunk(url: str, chunk: bytes, file: BinaryIO, room_bytes: int) -> int:
    if len(chunk) > room_bytes:
        raise InputError(f"{url}: is larger than a clip may be")
    return file.write(chunk)
