"""Whether a file is intact: its frames, duration, timestamps and other tracks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

TOLERANCE_SECONDS = 0.2  # allowed difference of a duration, or of the ends of two tracks
GAP_FRAMES = 1.5  # a longer step between two timestamps means that a frame is missing


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a file: a stable id, and the detail for people."""

    id: str
    detail: str


@dataclass
class TrackTimes:
    """The timestamps of one track, in seconds."""

    kind: str
    first: float | None = None
    last: float | None = None
    end: float | None = None
    back: int = 0

    @property
    def seconds(self) -> float:
        return (self.end or 0.0) - (self.first or 0.0)

    def add(self, start: float, seconds: float) -> None:
        self.back += self.last is not None and start < self.last
        self.first = start if self.first is None else min(self.first, start)
        self.last = start
        self.end = max(self.end or start, start + seconds)


@dataclass
class Timeline:
    """Collects timestamps while a video is read; ``findings`` are complete after the last frame."""

    fps: float
    declared_frames: int
    declared_seconds: float | None  # of the video track
    file_seconds: float | None  # of the longest track
    frames: int = 0
    corrupt: int = 0
    untimed: int = 0
    repeated: int = 0
    gaps: list[float] = field(default_factory=list)
    picture: TrackTimes = field(default_factory=lambda: TrackTimes("video"))
    others: dict[int, TrackTimes] = field(default_factory=dict)

    @classmethod
    def from_container(cls, container: InputContainer, stream: Stream, *, fps: float) -> "Timeline":
        base, whole = stream.time_base, container.duration
        return cls(
            fps,
            stream.frames,
            float(stream.duration * base) if stream.duration and base else None,
            whole / av.time_base if whole else None,
        )

    def add_frame(self, frame: VideoFrame) -> None:
        step = 1.0 / self.fps if self.fps else 0.0
        self.frames += 1
        self.corrupt += frame.is_corrupt
        if frame.time is None:
            self.untimed += 1
            return
        before = self.picture.last
        if before is not None:
            self.repeated += frame.time == before
            if step and frame.time - before > GAP_FRAMES * step:
                self.gaps.append(before)
        self.picture.add(frame.time, step)

    def add_packet(self, packet: "Packet[Any]") -> None:
        """Add a packet of a track other than the video track."""
        if packet.pts is not None and packet.time_base:
            track = self.others.setdefault(packet.stream.index, TrackTimes(packet.stream.type))
            start = float(packet.pts * packet.time_base)
            track.add(start, float((packet.duration or 0) * packet.time_base))

    def findings(self) -> Iterator[Finding]:
        yield from self._frame_findings()
        yield from self._time_findings()
        for track in self.others.values():
            yield from self._track_findings(track)

    def _frame_findings(self) -> Iterator[Finding]:
        if self.declared_frames and abs(self.declared_frames - self.frames) > 1:
            yield Finding(
                "frame_count", f"found {self.frames} of {self.declared_frames} declared frames"
            )
        if self.corrupt:
            yield Finding("corrupt_frames", f"{self.corrupt} frames were decoded with errors")
        tracks = [self.picture] if self.declared_seconds else [self.picture, *self.others.values()]
        declared = self.declared_seconds or self.file_seconds
        length = max((track.seconds for track in tracks), default=0.0)
        if declared is not None and abs(declared - length) > TOLERANCE_SECONDS:
            yield Finding("duration", f"found {length:.2f} s of {declared:.2f} s declared")

    def _time_findings(self) -> Iterator[Finding]:
        if self.untimed:
            yield Finding("no_time", f"{self.untimed} frames have no timestamp")
        if self.picture.back:
            yield Finding(
                "time_goes_back",
                f"{self.picture.back} frames have a timestamp before that of the previous frame",
            )
        if self.repeated:
            yield Finding(
                "time_repeats", f"{self.repeated} frames have the timestamp of the previous frame"
            )
        if self.gaps:
            count, first = len(self.gaps), self.gaps[0]
            yield Finding(
                "gap", f"frames are missing in {count} places, the first after {first:.2f} s"
            )

    def _track_findings(self, track: TrackTimes) -> Iterator[Finding]:
        start, end = self.picture.first, self.picture.end
        if start is None or end is None or track.first is None or track.end is None:
            return
        if track.back and track.kind != "video":
            yield Finding(
                f"{track.kind}_time_goes_back",
                f"{track.back} packets have a timestamp before that of the previous packet",
            )
        if track.kind == "audio" and abs(track.first - start) > TOLERANCE_SECONDS:
            yield Finding(
                "audio_start",
                f"the audio starts {track.first - start:+.2f} s from the start of the video",
            )
        if track.kind == "audio" and abs(track.end - end) > TOLERANCE_SECONDS:
            yield Finding(
                "audio_end", f"the audio ends {track.end - end:+.2f} s from the end of the video"
            )
        if track.kind == "subtitle" and (
            track.first < start or track.end > end + TOLERANCE_SECONDS
        ):
            yield Finding(
                "subtitle_outside", f"the subtitles run from {track.first:.2f} to {track.end:.2f} s"
            )
