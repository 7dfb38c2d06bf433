"""One clip that the service makes, with what making it took."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from framegate.gate.service.content import (
    LARGEST_BYTES,
    ReceivedClip,
    receive_clip,
    require_video,
    whole_clip,
)
from framegate.gate.service.failure import ClipFailureError
from framegate.gate.service.job import read_job, request_body, submit_clip
from framegate.gate.service.patience import Patience
from framegate.gate.settings import Generator
from framegate.loadtest.service.connection import ServiceConnection
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip, clip_from_spec
from framegate.quality.gate.policy.measures import COST, FAILED, FRAME_TIME, TTFP
from framegate.quality.gate.policy.suite import ClipSpec

NOT_REPORTED = "not reported by the service"
WORKING_STAGES = ("denoise", "decode", "encode")
REFERENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ClipMaker:
    """Makes clips with one model after the other."""

    service: ServiceConnection
    settings: Generator
    archive: Archive

    def warm_up(self, model: str, one: ClipSpec) -> None:
        """Make a clip that does not count, since the model may have to be loaded."""
        with TemporaryDirectory(prefix="framegate-") as folder:
            try:
                self._generate(model, one, Path(folder) / "warm.mp4")
            except ClipFailureError:
                return  # the same request will be made again, and count

    def make(self, model: str, one: ClipSpec) -> Clip:
        """One clip; one that failed has only reasons and no file.

        Raises ConnectionError when the service, not the model, is why there is no clip.
        """
        with TemporaryDirectory(prefix="framegate-") as folder:
            path = Path(folder) / "clip.mp4"
            try:
                received, job = self._generate(model, one, path)
            except ClipFailureError as failure:
                return failed_clip(clip_from_spec(one), str(failure))
            blobs = {"clip": self.archive.keep_file(path)}
            reference = Path(folder) / "reference.mp4"
            if fetch_reference(self.service, job.get("reference_url"), reference):
                blobs["reference"] = self.archive.keep_file(reference)
            return replace(with_job_values(clip_from_spec(one), received, job), blobs=blobs)

    def _generate(
        self, model: str, one: ClipSpec, path: Path
    ) -> tuple[ReceivedClip, Mapping[str, Any]]:
        patience = Patience(self.settings.clip_seconds)
        started = time.perf_counter()
        body = request_body(model, one, self.settings.fields)
        job_id = submit_clip(self.service, body, patience)
        found = receive_clip(self.service, job_id, path, patience)
        require_video(self.service, job_id, path)
        received = whole_clip(
            found, path, requested_at=started, least_seconds=self._least_seconds(one)
        )
        return received, read_job(self.service, job_id, patience)

    def _least_seconds(self, one: ClipSpec) -> float:
        """What a whole clip lasts; 0 where the service chooses the length or the frame rate."""
        return one.seconds - 0.5 / one.fps if self.settings.sends("seconds", "fps") else 0.0


def fetch_reference(service: ServiceConnection, url: object, path: Path) -> bool:
    """Whether the service publishes reference footage and it was downloaded."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return False
    try:
        with (
            service.stream(url, timeout=REFERENCE_SECONDS) as response,
            path.open("wb") as file,
        ):
            for chunk in response.iter_bytes():
                file.write(chunk)
                if file.tell() > LARGEST_BYTES:
                    return False
            return response.is_success
    except (httpx.RequestError, httpx.InvalidURL, ConnectionError):
        return False


def failed_clip(clip: Clip, why: str) -> Clip:
    reasons = dict.fromkeys((TTFP.id, FRAME_TIME.id, COST.id), why)
    return replace(clip, values={FAILED.id: 1.0}, reasons=reasons)


def with_job_values(clip: Clip, seen: ReceivedClip, job: Mapping[str, Any]) -> Clip:
    """The clip with its times and its cost."""
    found = {
        TTFP.id: seen.ttfp_seconds,
        FRAME_TIME.id: frame_seconds(job, frames=seen.frames),
        COST.id: cost_per_minute(job, seconds=seen.media_seconds),
    }
    values = {name: value for name, value in found.items() if value is not None}
    return replace(
        clip,
        values={FAILED.id: 0.0, **values},
        reasons={name: NOT_REPORTED for name, value in found.items() if value is None},
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
