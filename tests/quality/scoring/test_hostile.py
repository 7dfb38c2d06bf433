"""Broken, odd and hostile files: a defined answer for each, never a traceback, never silence."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from framegate.quality.scoring.score import ClipScore, inspect, score
from framegate.telemetry.platform.errors import InputError
from tests.videos import moving_frames, write_video

QUICK = ("psnr_v1", "flicker_fr_v1")
ALONE = ("freeze_v1", "black_v1")


def answer(reference: Path, clip: Path) -> ClipScore | str:
    try:
        return score(reference, clip, metrics=QUICK)
    except InputError as error:
        return str(error)


def whole_answer(found: ClipScore | str) -> bool:
    """Whether a score claims that nothing is wrong."""
    if isinstance(found, str):
        return False
    return not found.findings and all(item.reason is None for item in found.metrics.values())


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_file_cut_at_any_kilobyte_never_passes_for_whole(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
    whole = write_video(tmp_path / f"whole.{suffix}", noise, crf="20")
    data = whole.read_bytes()
    assert whole_answer(answer(whole, whole))
    said = set()
    for size in range(0, len(data) - 1024, 1024):
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(data[:size])
        found = answer(whole, cut)
        assert not whole_answer(found), size
        said.add(type(found))
    assert len(data) > 20 * 1024
    assert str in said


def test_changed_bytes_give_a_score_or_a_reason(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", moving_frames(24), crf="20")
    data = np.frombuffer(whole.read_bytes(), np.uint8)
    random = np.random.default_rng(3)
    said = set()
    for _ in range(150):
        changed = data.copy()
        places = random.integers(0, data.size, random.integers(1, 30))
        changed[places] = random.integers(0, 256, places.size)
        broken = tmp_path / "broken.mkv"
        broken.write_bytes(changed.tobytes())
        found = answer(whole, broken)
        said.add(type(found))
        if isinstance(found, ClipScore):
            for item in found.metrics.values():
                assert (item.value is None) == (item.reason is not None)
                assert item.value is None or np.isfinite(item.value)
    assert said == {str, ClipScore}


def with_tracks(path: Path, *, sound_seconds: float, times: list[int]) -> Path:
    """A video of one frame per time (in 24ths), and a tone of that length beside it."""
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("ffv1", rate=24)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 24)
        audio: Any = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        for time, pixels in zip(times, moving_frames(len(times)), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts = time
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        tone = av.AudioFrame.from_ndarray(
            np.zeros((1, int(8000 * sound_seconds)), np.int16), format="s16", layout="mono"
        )
        tone.sample_rate, tone.pts = 8000, 0
        container.mux(audio.encode(tone))
        container.mux(audio.encode(None))
    return path


def found_in(path: Path) -> dict[str, str]:
    return {finding.id: finding.detail for finding in inspect(path, metrics=ALONE).findings}


def test_a_sound_file_has_no_findings(tmp_path: Path) -> None:
    path = with_tracks(tmp_path / "good.mkv", sound_seconds=1.0, times=list(range(24)))
    assert found_in(path) == {}


def test_sound_that_ends_early_or_late_is_found(tmp_path: Path) -> None:
    for seconds, off in ((0.5, " -0.50 s "), (2.0, " +1.00 s ")):
        path = with_tracks(tmp_path / "off.mkv", sound_seconds=seconds, times=list(range(24)))
        assert off in found_in(path)["audio_end"]


def test_missing_frames_are_found_where_they_are_missing(tmp_path: Path) -> None:
    times = [*range(10), *range(16, 30)]
    path = with_tracks(tmp_path / "gap.mkv", sound_seconds=30 / 24, times=times)
    assert found_in(path)["gap"] == "frames are missing in 1 places, the first after 0.38 s"


def test_a_reference_that_lacks_frames_is_found_beside_an_equal_clip(tmp_path: Path) -> None:
    """Both lack the same frames, so every pair is perfect; the file says that it should be more."""
    noise = np.random.default_rng(1).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
    data = write_video(tmp_path / "whole.mkv", noise, crf="20").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    found = score(cut, cut, metrics=QUICK)
    assert found.metrics["psnr_v1"].value == 100.0
    assert {"duration", "reference_duration"} <= {finding.id for finding in found.findings}


@pytest.mark.parametrize("size", [(1, 1), (1, 64), (2, 2), (7, 9)])
def test_tiny_frames_have_a_reason_for_every_metric_that_cannot_look(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    frames = [frame[: size[0], : size[1]] for frame in moving_frames(3)]
    path = write_video(tmp_path / "tiny.mkv", frames, codec="ffv1")
    found = score(path, path, metrics=("ssim_wang_rgb_v1", "lpips_alex_v0.1", "psnr_v1")).metrics
    assert found["psnr_v1"].value == 100.0
    for name in ("ssim_wang_rgb_v1", "lpips_alex_v0.1"):
        assert found[name].value is None
        assert "frame" in (found[name].reason or "")
    assert all(
        (item.value is None) == (item.reason is not None) for item in inspect(path).metrics.values()
    )


def test_alpha_is_left_out(tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.mkv", moving_frames(3), codec="ffv1")
    alpha = write_video(
        tmp_path / "alpha.mkv", moving_frames(3), codec="ffv1", pixel_format="yuva444p"
    )
    assert score(plain, alpha, metrics=QUICK).metrics["psnr_v1"].value == 100.0


def test_a_reference_at_a_varying_rate_is_paired_by_time(tmp_path: Path) -> None:
    uneven = [0, 1, 2, 4, 5, 8, 9, 10, 11, 12]
    one = with_tracks(tmp_path / "one.mkv", sound_seconds=0.5, times=uneven)
    found = score(one, one, metrics=QUICK)
    assert (found.paired_frames, found.unpaired_frames) == (10, 0)
    even = with_tracks(tmp_path / "even.mkv", sound_seconds=0.5, times=list(range(13)))
    found = score(even, one, metrics=QUICK)
    assert (found.paired_frames, found.unpaired_frames) == (10, 3)
    assert found.metrics["psnr_v1"].reason is not None


def turned(path: Path, upright: Path) -> Path:
    """The same MP4 with a quarter turn in its track header's matrix (ISO 14496-12, 8.3.2)."""
    data = upright.read_bytes()
    one, none, last = (1 << 16).to_bytes(4), bytes(4), (1 << 30).to_bytes(4)
    minus_one = (-(1 << 16)).to_bytes(4, signed=True)
    straight = one + 3 * none + one + 3 * none + last
    quarter = none + one + none + minus_one + 4 * none + last
    at = data.index(straight, data.index(b"tkhd"))
    path.write_bytes(data[:at] + quarter + data[at + len(straight) :])
    return path


def test_a_turned_video_is_only_compared_with_one_turned_alike(tmp_path: Path) -> None:
    upright = write_video(tmp_path / "upright.mp4", moving_frames(3))
    clip = turned(tmp_path / "turned.mp4", upright)
    with pytest.raises(InputError, match="rotation: reference is rotated by 0"):
        score(upright, clip, metrics=QUICK)
    assert score(clip, clip, metrics=QUICK).metrics["psnr_v1"].value == 100.0


def test_a_playlist_does_not_have_other_files_opened(tmp_path: Path) -> None:
    write_video(tmp_path / "private.mp4", moving_frames(4))
    write_video(tmp_path / "private.ts", moving_frames(4))
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nprivate.ts\n#EXT-X-ENDLIST\n"
    for text in ("ffconcat version 1.0\nfile private.mp4\n", playlist):
        for name in ("clip", "clip.m3u8"):
            (tmp_path / name).write_text(text)
            with pytest.raises(InputError, match="not a readable video"):
                inspect(tmp_path / name, metrics=ALONE)


def test_frames_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    frames = [np.zeros((8200, 8192, 3), np.uint8)]
    clip = write_video(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="gray")
    with pytest.raises(InputError, match="frames of 8192x8200 are too large; the limit"):
        inspect(clip, metrics=ALONE)
