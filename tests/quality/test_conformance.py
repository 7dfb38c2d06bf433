"""Metrics against implementations that are not ours, on the same pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytorch_msssim import ms_ssim
from skimage.measure import blur_effect
from skimage.metrics import structural_similarity

from quality.catalogue import PEERS
from quality.metrics.appearance import blur
from quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from quality.oracles import skimage_ssim
from quality.score import score
from tests.ffmpeg import filtered
from tests.videos import moving_frames, write_video

CLIPS = Path(__file__).parent / "clips"
PRISTINE, DISTORTED = CLIPS / "carphone_pristine.mp4", CLIPS / "carphone_distorted.mp4"

Pixels = NDArray[np.uint8]


def within(metric: str, expected: Any) -> Any:
    """Equal within the tolerance that the documentation promises."""
    return pytest.approx(expected, abs=PEERS[metric].tolerance)


def textured(size: tuple[int, int], *, level: float, noise: float) -> tuple[Pixels, Pixels]:
    """An RGB frame and a noisy copy of it; ``level`` is a shift of its brightness."""
    random = np.random.default_rng(7)
    walk = np.cumsum(random.normal(0, 4, (*size, 3)), axis=1)
    frame = np.clip(walk + level, 0, 255).astype(np.uint8)
    noisy = np.clip(frame + random.normal(0, noise, frame.shape), 0, 255).astype(np.uint8)
    return frame, noisy


@pytest.mark.parametrize("level", [0.0, 128.0, 255.0])
@pytest.mark.parametrize("noise", [0.0, 2.0, 20.0, 120.0])
@pytest.mark.parametrize("size", [(11, 11), (37, 64), (144, 176), (270, 481)])
def test_ssim_rgb_is_scikit_images(size: tuple[int, int], noise: float, level: float) -> None:
    pair = textured(size, level=level, noise=noise)
    assert ssim_rgb(*pair) == within("ssim_wang_rgb_v1", skimage_ssim(*pair))


@pytest.mark.parametrize(("bits", "peak"), [(8, 219.0), (8, 255.0), (10, 876.0), (16, 65535.0)])
def test_ssim_luma_is_scikit_images(bits: int, peak: float) -> None:
    scale = 2 ** (bits - 8)
    dtype = np.uint8 if bits == 8 else np.uint16
    planes = [
        (frame[..., 0].astype(np.uint32) * scale + index).astype(dtype)
        for index, frame in enumerate(textured((144, 176), level=80.0, noise=9.0))
    ]
    expected = structural_similarity(
        *[plane.astype(np.float64) for plane in planes],
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=peak,
    )
    assert ssim_luma(planes[0], planes[1], peak=peak) == within("ssim_wang_luma_v1", expected)


@pytest.mark.parametrize("noise", [3.0, 40.0])
@pytest.mark.parametrize("size", [(176, 192), (256, 256), (272, 480)])
def test_ms_ssim_is_pytorch_msssims(size: tuple[int, int], noise: float) -> None:
    pair = textured(size, level=90.0, noise=noise)
    tensors = [torch.from_numpy(frame).permute(2, 0, 1)[None].double() for frame in pair]
    expected = float(ms_ssim(*tensors, data_range=255))
    assert ms_ssim_rgb(*pair) == within("ms_ssim_v1", expected)


def test_ssim_ffmpeg_is_ffmpegs_frame_by_frame() -> None:
    found = score(PRISTINE, DISTORTED, metrics=["ssim_ffmpeg_v1"]).metrics["ssim_ffmpeg_v1"]
    expected = [float(frame["lavfi.ssim.All"]) for frame in filtered("ssim", PRISTINE, DISTORTED)]
    assert found.values == within("ssim_ffmpeg_v1", expected)
    assert found.value == within("ssim_ffmpeg_v1", 0.793978)  # what FFmpeg 9 prints for these two


def test_psnr_is_ffmpegs_frame_by_frame_and_for_the_clip() -> None:
    found = score(PRISTINE, DISTORTED, metrics=["psnr_v1"]).metrics["psnr_v1"]
    frames = filtered("psnr", PRISTINE, DISTORTED)
    expected = [float(frame["lavfi.psnr.psnr_avg"]) for frame in frames]
    assert found.values == within("psnr_v1", expected)
    errors = [float(frame["lavfi.psnr.mse_avg"]) for frame in frames]
    assert found.value == within("psnr_v1", 10 * np.log10(255**2 / np.mean(errors)))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_planes_of_other_formats_are_ffmpegs_too(tmp_path: Path, pixel_format: str) -> None:
    frames = [frame[:51, :67] for frame in moving_frames(4, width=72, height=56)]
    dimmed = [np.asarray(frame * 0.9 + 3, np.uint8) for frame in frames]
    videos = [
        write_video(tmp_path / f"{index}.mkv", side, codec="ffv1", pixel_format=pixel_format)
        for index, side in enumerate((frames, dimmed))
    ]
    found = score(videos[0], videos[1], metrics=["ssim_ffmpeg_v1", "psnr_v1"])
    for name, key in (("ssim_ffmpeg_v1", "lavfi.ssim.All"), ("psnr_v1", "lavfi.psnr.psnr_avg")):
        expected = [float(frame[key]) for frame in filtered(key.split(".")[1], *videos)]
        assert found.metrics[name].values == within(name, expected), name


@pytest.mark.parametrize("noise", [0.0, 30.0])
def test_blur_is_scikit_images(noise: float) -> None:
    luma = textured((144, 176), level=90.0, noise=noise)[1][..., 0]
    expected = blur_effect(luma.astype(np.float64) / 255.0)
    assert blur(luma.astype(np.float32)) == within("blur_v1", expected)
