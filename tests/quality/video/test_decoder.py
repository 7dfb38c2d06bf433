"""Depths, ranges and formats: what planes and pictures of them are."""

from pathlib import Path

import numpy as np
import pytest

from framegate.quality.scoring.score import score
from framegate.quality.video.decoder import open_video, planar_format
from tests.videos import moving_frames, write_video


@pytest.mark.parametrize(
    ("pixel_format", "expected"),
    [
        ("yuv420p", ("yuv420p", 8)),
        ("yuvj422p", ("yuv422p", 8)),
        ("yuva444p", ("yuv444p", 8)),
        ("yuv420p10le", ("yuv420p10le", 10)),
        ("yuv422p12le", ("yuv422p12le", 12)),
        ("p010le", ("yuv420p10le", 10)),
        ("nv12", ("yuv420p", 8)),
        ("gray", ("gray", 8)),
        ("gray10le", ("gray10le", 10)),
        ("gbrp", ("yuv444p", 8)),
        ("gbrp10le", ("yuv444p10le", 10)),
        ("rgb24", ("yuv444p", 8)),
        ("unknown", ("yuv444p", 8)),
    ],
)
def test_the_planar_format_keeps_sampling_and_depth(
    pixel_format: str, expected: tuple[str, int]
) -> None:
    assert planar_format(pixel_format) == expected


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuv444p", "gray"])
@pytest.mark.parametrize("size", [(51, 67), (16, 16), (1, 1)])
def test_planes_have_the_sizes_of_their_sampling(
    tmp_path: Path, pixel_format: str, size: tuple[int, int]
) -> None:
    height, width = size
    frames = [frame[:height, :width] for frame in moving_frames(2, width=72, height=56)]
    path = write_video(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format=pixel_format)
    with open_video(path) as video:
        for picture in video.pictures:
            halves = ((height + 1) // 2, (width + 1) // 2)
            chroma = {"420": halves, "422": (height, halves[1]), "444": size, "gray": None}
            key = next(key for key in chroma if key in pixel_format)
            expected = [size] + ([chroma[key]] * 2 if chroma[key] else [])
            assert [plane.shape for plane in picture.planes] == expected
            assert picture.luma.dtype == (np.uint16 if "10" in pixel_format else np.uint8)
            assert picture.rgb.shape == (*size, 3)


def test_the_same_footage_in_another_range_or_depth_is_the_same(tmp_path: Path) -> None:
    frames = moving_frames(6)
    plain = write_video(tmp_path / "plain.mkv", frames, codec="ffv1")
    metrics = ["ssim_wang_luma_v1", "ssim_ffmpeg_v1", "ssim_wang_rgb_v1", "flicker_fr_v1"]
    others = {
        "full range": write_video(tmp_path / "full.mkv", frames, codec="ffv1", full_range=True),
        "10 bits": write_video(
            tmp_path / "deep.mkv", frames, codec="ffv1", pixel_format="yuv444p10le"
        ),
    }
    for name, other in others.items():
        for pair in ((plain, other), (other, plain)):
            found = score(*pair, metrics=metrics)
            assert found.layout.bits == (10 if name == "10 bits" else 8)
            # What is left is rounding to eight bits.
            assert found.metrics["flicker_fr_v1"].value == pytest.approx(0.0, abs=0.2), name
            for metric in metrics[:3]:
                assert found.metrics[metric].value == pytest.approx(1.0, abs=5e-3), (name, metric)


def test_full_range_video_is_not_stretched(tmp_path: Path) -> None:
    gray = np.full((32, 32, 3), 128, np.uint8)
    for full_range in (False, True):
        path = write_video(
            tmp_path / f"{full_range}.mkv", [gray], codec="ffv1", full_range=full_range
        )
        with open_video(path) as video:
            picture = next(video.pictures)
            assert video.facts.full_range == full_range
            assert picture.luma[0, 0] == (128 if full_range else 126)
            assert np.abs(picture.rgb.astype(int) - 128).max() <= 1
