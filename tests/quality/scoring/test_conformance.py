"""Metrics against implementations that are not ours, on the same pixels."""

from collections.abc import Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from pytorch_msssim import ms_ssim
from scipy import ndimage
from scipy.stats import median_abs_deviation
from skimage.measure import blur_effect
from skimage.metrics import structural_similarity

from framegate.quality.metrics.motion import motions
from framegate.quality.metrics.no_reference.appearance import blur
from framegate.quality.metrics.no_reference.motion_coherence import motion_coherence, motion_fit
from framegate.quality.metrics.no_reference.noise import noise
from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from framegate.quality.scoring.metrics_page import PEERS
from framegate.quality.scoring.oracles import package_lpips, skimage_ssim
from framegate.quality.scoring.score import score
from framegate.quality.scoring.tally import MetricScore
from tests.ffmpeg import filtered
from tests.videos import moving_frames, write_video

CLIPS = Path(__file__).parents[1] / "clips"
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


@pytest.fixture(scope="module")
def films() -> tuple[list[VideoFrame], list[VideoFrame]]:
    """The first frames of both clips, decoded without our reader."""
    return first_frames(PRISTINE), first_frames(DISTORTED)


def first_frames(path: Path, *, count: int = 8) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(islice(container.decode(video=0), count))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, MetricScore]:
    ids = ["tlp_v1", "tof_v1", "warp_error_v1"]
    return score(PRISTINE, DISTORTED, metrics=ids, lpips_every=2).metrics


def luma_of(frame: VideoFrame) -> Pixels:
    """The plane as it lies in the file: PyAV's rows may be padded."""
    plane: Any = frame.planes[0]
    padded = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return np.asarray(padded[:, : plane.width])


Films = tuple[list[VideoFrame], list[VideoFrame]]


def test_tlp_is_made_of_the_packages_lpips(films: Films, found: Mapping[str, MetricScore]) -> None:
    item = found["tlp_v1"]
    pixels: Any = [[frame.to_ndarray(format="rgb24") for frame in film] for film in films]
    near = [(index, value) for index, value in zip(item.indices, item.values, strict=True)]
    compared = [(index, value) for index, value in near if index < len(pixels[0])]
    assert len(compared) >= 3
    for index, value in compared:
        steps = [package_lpips(film[index - 1], film[index]) for film in pixels]
        assert value == within("tlp_v1", 100.0 * abs(steps[0] - steps[1]))


def test_tof_is_the_authors_formula(films: Films, found: Mapping[str, MetricScore]) -> None:
    """As TecoGAN's evaluation computes it: gray frames, Farnebäck, mean length of differences."""
    planes = [[luma_of(frame) for frame in film] for film in films]
    for index in range(1, len(planes[0])):
        ours, theirs = (
            cv2.calcOpticalFlowFarneback(
                film[index - 1], film[index], np.empty(0), 0.5, 3, 15, 3, 5, 1.2, 0
            )
            for film in planes
        )
        expected = np.linalg.norm(ours - theirs, axis=2).mean()
        assert found["tof_v1"].values[index - 1] == within("tof_v1", expected)


def test_warp_error_is_scipys_interpolation_along_the_same_motion(
    films: Films, found: Mapping[str, MetricScore]
) -> None:
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    colours = [frame.to_ndarray(format="rgb24") / 255.0 for frame in films[1]]
    flat = []
    for frame in films[0]:
        plane = luma_of(frame).astype(float)
        local = ndimage.uniform_filter(plane, 31, mode="mirror")
        flat.append(np.clip(plane - local + 128, 0, 255).astype(np.uint8))
    for index in range(1, len(flat)):
        there, back = (
            np.asarray(search.calc(*pair, None), np.float64)
            for pair in ((flat[index - 1], flat[index]), (flat[index], flat[index - 1]))
        )
        good = believed(there, back)
        strayed = (colours[index - 1] - fetched(colours[index], there)) ** 2
        expected = strayed.mean(axis=2)[good].mean()
        value = found["warp_error_v1"].values[index - 1]
        assert value == within("warp_error_v1", expected)
        assert value > 10 * PEERS["warp_error_v1"].tolerance


def fetched(values: NDArray[Any], vectors: NDArray[Any]) -> NDArray[Any]:
    """Each channel's values where the vectors point to, linear between pixels."""
    rows, columns = np.indices(vectors.shape[:2])
    where = [rows + vectors[..., 1], columns + vectors[..., 0]]
    layers = [
        ndimage.map_coordinates(values[..., layer], where, order=1, mode="nearest")
        for layer in range(values.shape[2])
    ]
    return np.stack(layers, axis=2)


def believed(there: NDArray[Any], back: NDArray[Any]) -> NDArray[np.bool_]:
    """Ruder et al. 2016, equations 5 and 6, and inside the frame."""
    returned = fetched(back, there)
    lengths = (there**2).sum(axis=2) + (returned**2).sum(axis=2)
    closed = ((there + returned) ** 2).sum(axis=2) <= 0.01 * lengths + 0.5
    slopes = np.sum(
        [np.gradient(there[..., part], axis=axis) ** 2 for part in (0, 1) for axis in (0, 1)],
        axis=0,
    )
    rows, columns = np.indices(there.shape[:2])
    x, y = columns + there[..., 0], rows + there[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= there.shape[1] - 1) & (y <= there.shape[0] - 1)
    smooth = slopes <= 0.01 * (there**2).sum(axis=2) + 0.002
    return np.asarray(closed & smooth & inside)


@pytest.mark.parametrize("strength", [0.0, 3.0, 40.0])
def test_noise_is_scipys_filter_and_median_deviation(strength: float) -> None:
    luma = textured((144, 177), level=90.0, noise=strength)[1][..., 0].astype(np.float64)
    taps = np.array([1, -4, 6, -4, 1]) / np.sqrt(70)
    band = ndimage.correlate1d(ndimage.correlate1d(luma, taps, axis=0), taps, axis=1)[2:-2, 2:-2]
    expected = median_abs_deviation(band, axis=None, center=lambda _, axis: 0.0) / 0.6745
    assert noise(luma.astype(np.float32)) == within("noise_v1", expected)


def test_coherence_is_scipys_filters_along_the_same_motion(films: Films) -> None:
    lumas = [luma_of(frame).astype(np.float32) for frame in films[0]]
    for first, second in pairwise(lumas):
        onward, _ = motions(first, second)
        smooth = [ndimage.gaussian_filter(luma.astype(float), 1.0) for luma in (first, second)]
        here, there = [plane - ndimage.uniform_filter(plane, 31, mode="mirror") for plane in smooth]
        brought = fetched(there[..., None], onward.vectors)[..., 0]
        missed, detail = (here - brought) ** 2, (here**2 + brought**2) / 2
        expected = 1 - missed.mean() / (detail.mean() + 1)
        value = motion_coherence(motion_fit(first, second, onward))
        assert value == within("motion_coherence_v1", expected)
