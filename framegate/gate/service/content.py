"""The bytes of one clip as they arrive, and whether they are a whole clip."""

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx

from framegate.gate.service.failure import BUSY, ClipFailureError, ServiceFaultError, raise_refusal
from framegate.gate.service.job import job_path, wait_for_job
from framegate.gate.service.patience import Patience, busy_text, transport_text, wait_seconds
from framegate.loadtest.boxes import BoxError, Fragment, FragmentReader
from framegate.loadtest.playback import Arrival, simulate_playback
from framegate.loadtest.service.connection import ServiceConnection, with_body
from framegate.quality.video.decoder import open_video
from framegate.telemetry.platform.errors import InputError

LARGEST_BYTES = 2 * 1024**3
DOCUMENTS = ("text/", "application/json", "application/xml", "application/xhtml")
LOOKED_AT = 200  # bytes that tell a text from a video


@dataclass(frozen=True, slots=True)
class ReceivedClip:
    """A whole clip: seconds to the first playable moment, frames, seconds of picture."""

    ttfp_seconds: float
    frames: int
    media_seconds: float


@dataclass(slots=True)
class ReceivedBytes:
    """What has arrived of a clip; plain MP4 has no fragments."""

    arrivals: list[Arrival] = field(default_factory=list)
    reader: FragmentReader | None = field(default_factory=FragmentReader)
    size_bytes: int = 0
    ended_at: float = 0.0

    def add(self, chunk: bytes) -> None:
        self.size_bytes += len(chunk)
        self.ended_at = time.perf_counter()
        if self.reader is None:
            return
        try:
            for item in self.reader.feed(chunk):
                if isinstance(item, Fragment):
                    self.arrivals.append(Arrival(self.ended_at, item))
        except BoxError:
            self.reader = None  # whether it is a video, the decoder says


def receive_clip(
    service: ServiceConnection, job_id: str, path: Path, patience: Patience
) -> ReceivedBytes:
    """Download a clip, during generation where the service streams, or else once it is there."""
    waited = False
    cut = 0
    while True:
        with path.open("wb") as file:
            try:
                found = download_once(service, job_id, file, patience)
            except httpx.RequestError as error:
                cut += file.tell() > 0
                if cut > 1:
                    raise ClipFailureError(f"truncated: {transport_text(error)}") from error
                patience.retry(f"{content_url(service, job_id)}: {transport_text(error)}")
                continue
        if isinstance(found, ReceivedBytes):
            return found
        if found.status_code in BUSY:
            patience.retry(busy_text(service, found), asked=wait_seconds(found))
        elif waited or not wait_for_job(service, job_id, patience):
            raise_refusal(service, found)
        else:
            waited = True


def content_url(service: ServiceConnection, job_id: str) -> str:
    return f"{service.url}{job_path(job_id)}/content"


def download_once(
    service: ServiceConnection, job_id: str, file: BinaryIO, patience: Patience
) -> ReceivedBytes | httpx.Response:
    """The bytes of the clip, or the answer that is not one."""
    url = content_url(service, job_id)
    found = ReceivedBytes()
    with service.stream(url, timeout=patience.timeout(url)) as response:
        if response.status_code not in (200, 203) or is_document(response):
            return with_body(response)
        for chunk in response.iter_bytes():
            patience.timeout(url)
            found.add(chunk)
            file.write(chunk)
            if found.size_bytes > LARGEST_BYTES:
                raise ClipFailureError(f"the clip is larger than {LARGEST_BYTES} bytes")
    return found


def is_document(response: httpx.Response) -> bool:
    """Whether an answer says of itself that it is a text."""
    kind = response.headers.get("content-type", "").lower()
    return str(kind).startswith(DOCUMENTS)


def whole_clip(
    found: ReceivedBytes, path: Path, *, requested_at: float, least_seconds: float
) -> ReceivedClip:
    """The clip; raises ClipFailureError unless all of it arrived.

    A clean end of a stream is not enough for fragments: they must have ``least_seconds``. A plain
    file is whole if it decodes, and playable when its last byte is there.
    """
    if found.arrivals and found.reader is not None:
        playback = simulate_playback(found.arrivals, requested_at=requested_at)
        if playback.ttfp_seconds is None:
            raise ClipFailureError("unplayable: no fragment begins with a key frame")
        if found.reader.incomplete_bytes or playback.media_seconds < least_seconds:
            raise ClipFailureError(f"truncated: {playback.media_seconds:.3g} s arrived")
        return ReceivedClip(playback.ttfp_seconds, playback.frames, playback.media_seconds)
    frames, seconds = decode_file(path)
    return ReceivedClip(found.ended_at - requested_at, frames, seconds)


def decode_file(path: Path) -> tuple[int, float]:
    """Frames and seconds of a file that decodes from its first frame to its last."""
    try:
        with open_video(path) as video:
            deque(video.pictures, maxlen=0)  # decodes all of them
            faults = {one.id: one.detail for one in video.timeline.findings()}
            content = video.content()
    except InputError as error:
        raise ClipFailureError(
            f"not a whole video: {str(error).removeprefix(f'{path}: ')}"
        ) from error
    if "frame_count" in faults:
        raise ClipFailureError(f"truncated: {faults['frame_count']}")
    return content.frames, content.seconds


def require_video(service: ServiceConnection, job_id: str, path: Path) -> None:
    """Raise ServiceFaultError for a text: the page of a proxy or a login is no model's work."""
    with path.open("rb") as file:
        begin = file.read(LOOKED_AT)
    text = begin.decode("utf-8", "ignore")
    is_whole = len(text.encode()) > len(begin) - 4  # a character may be cut at the end
    if text.strip() and is_whole and all(one.isprintable() or one.isspace() for one in text):
        said = service.hide(" ".join(text.split()))
        raise ServiceFaultError(f"{content_url(service, job_id)}: a text, not a video: {said}")
