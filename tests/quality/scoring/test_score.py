"""Whole clips against their references, through the command's own functions."""

import json
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest

from framegate.quality.metrics.definitions import DEFAULT_METRICS
from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.oracles import skimage_ssim
from framegate.quality.scoring.score import as_document, score, scores
from framegate.quality.scoring.tally import sample_start
from framegate.quality.video.decoder import open_video
from framegate.quality.video.frame_pairs import Pair, pair_frames
from framegate.telemetry.platform.errors import InputError
from tests.videos import moving_frames, write_video

CLIPS = Path(__file__).parents[1] / "clips"
PRISTINE, DISTORTED = CLIPS / "carphone_pristine.mp4", CLIPS / "carphone_distorted.mp4"
SSIM, LPIPS, FLICKER = "ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"


def test_carphone_ssim_is_scikit_images_on_the_same_frames() -> None:
    result = score(PRISTINE, DISTORTED, metrics=[SSIM]).metrics[SSIM]
    with open_video(PRISTINE) as left, open_video(DISTORTED) as right:
        expected = [
            skimage_ssim(pair.reference.rgb, pair.clip.rgb)
            for pair in pair_frames(left, right)
            if isinstance(pair, Pair)
        ]
    assert result.frames == len(expected) == 120
    assert result.values == pytest.approx(expected, abs=1e-5)
    assert result.mean == pytest.approx(np.mean(expected), abs=1e-5)


def test_a_clip_against_itself_is_perfect() -> None:
    result = score(PRISTINE, PRISTINE).metrics
    assert result[SSIM].min == pytest.approx(1.0, abs=1e-6)
    assert result[LPIPS].max == 0.0
    assert result[FLICKER].max == 0.0


def test_distortion_is_worse_in_every_metrics_own_direction() -> None:
    ids = [name for name, metric in METRICS.items() if metric.needs_reference]
    ids.remove("ms_ssim_v1")  # the frames are too small for it
    good = score(PRISTINE, PRISTINE, metrics=ids).metrics
    bad = score(PRISTINE, DISTORTED, metrics=ids).metrics
    for name in ids:
        best, worst = good[name].value, bad[name].value
        assert best is not None
        assert worst is not None
        assert (best > worst) == METRICS[name].higher_is_better, name


def test_json_has_the_documented_shape() -> None:
    document = json.loads(json.dumps(as_document(score(PRISTINE, DISTORTED, lpips_every=40))))
    assert set(document["metrics"]) == set(DEFAULT_METRICS)
    lpips = document["metrics"][LPIPS]
    assert lpips["indices"] == [0, 64, 89]
    assert lpips["frames"] == len(lpips["values"]) == 3
    assert lpips["sampled_every"] == 40
    assert document["metrics"][SSIM]["sampled_every"] == 1
    assert lpips["mean"] == pytest.approx(np.mean(lpips["values"]))
    assert {"value", "mean", "min", "max", "frames", "unit", "higher_is_better"} <= set(lpips)


def test_a_luma_alternation_reads_two_through_a_real_video(tmp_path: Path) -> None:
    frames = [np.full((64, 64, 3), 120, np.uint8)] * 12
    swinging = [np.full((64, 64, 3), 120 + (4 if n % 2 else -4), np.uint8) for n in range(12)]
    reference = write_video(tmp_path / "reference.mp4", frames)
    clip = write_video(tmp_path / "clip.mp4", swinging)
    with open_video(reference) as left, open_video(clip) as right:
        steps = {
            int(item.clip.luma[0, 0]) - int(item.reference.luma[0, 0])
            for item in pair_frames(left, right)
            if isinstance(item, Pair)
        }
    result = score(reference, clip, metrics=[FLICKER]).metrics[FLICKER]
    assert result.mean == pytest.approx(max(steps) - min(steps))
    assert result.frames == 11


def test_a_one_frame_clip_has_no_flicker_value(tmp_path: Path) -> None:
    still = write_video(tmp_path / "still.mp4", moving_frames(1))
    result = score(still, still, metrics=[SSIM, FLICKER]).metrics
    assert result[SSIM].mean == pytest.approx(1.0, abs=1e-6)
    assert (result[FLICKER].mean, result[FLICKER].reason) == (
        None,
        "the clip has too few frames for a value",
    )


def test_a_clip_cut_short_has_no_score(tmp_path: Path) -> None:
    frames = moving_frames(24)
    reference = write_video(tmp_path / "reference.mp4", frames)
    clip = write_video(tmp_path / "clip.mp4", frames[:18])
    result = score(reference, clip)
    assert (result.paired_frames, result.unpaired_frames) == (18, 6)
    for item in result.metrics.values():
        assert item.mean is None
        assert item.reason == "only 18 of 24 frames have a counterpart at the same time"


def test_frames_are_paired_by_time_and_not_by_number(tmp_path: Path) -> None:
    frames = moving_frames(24)
    slow = write_video(tmp_path / "slow.mp4", frames[::2], fps=12)
    full = write_video(tmp_path / "full.mp4", frames, fps=24)
    with open_video(full) as left, open_video(slow) as right:
        pairs = [item for item in pair_frames(left, right) if isinstance(item, Pair)]
        assert [(pair.reference.index, pair.clip.index) for pair in pairs] == [
            (2 * n, n) for n in range(12)
        ]


def test_sizes_that_differ_are_both_named(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.mp4", moving_frames(3))
    large = write_video(tmp_path / "large.mp4", moving_frames(3, width=96))
    with pytest.raises(InputError, match=r"size: reference .*small.mp4 is 64x64, clip .* is 96x64"):
        score(small, large)


def test_unusable_files_are_named(tmp_path: Path) -> None:
    good = write_video(tmp_path / "good.mp4", moving_frames(3))
    text = tmp_path / "text.mp4"
    text.write_text("this is no video\n" * 100)
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    for bad, reason in [
        (tmp_path / "missing.mp4", "not found"),
        (tmp_path, "is a folder"),
        (text, "not a readable video"),
        (empty, "not a readable video"),
        (sound(tmp_path / "sound.mp4"), "no video track"),
        (zero_frames(tmp_path / "zero.mp4"), "has no frames"),
    ]:
        with pytest.raises(InputError, match=f"{bad.name}.*{reason}"):
            score(good, bad)
        with pytest.raises(InputError, match=f"{bad.name}.*{reason}"):
            score(bad, good)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_file_cut_off_anywhere_never_scores(tmp_path: Path, kept: float) -> None:
    whole = write_video(tmp_path / "whole.mkv", moving_frames(48), crf="20")
    data = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: int(len(data) * kept)])
    reasons = reasons_against(whole, cut)
    assert reasons
    assert all(reasons)


def reasons_against(reference: Path, clip: Path) -> list[str | None]:
    """Why each metric has no value, or why the clip could not be opened at all."""
    try:
        return [item.reason for item in score(reference, clip).metrics.values()]
    except InputError as error:
        return [str(error)]


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(InputError, match="metrics: unknown: vmaf; known: ssim_wang_rgb_v1"):
        score(PRISTINE, DISTORTED, metrics=["vmaf"])


def test_ten_bit_video_is_scored(tmp_path: Path) -> None:
    path = tmp_path / "ten.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=24, options={"x265-params": "log-level=none"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p10le"
        for pixels in moving_frames(4):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert score(path, path).metrics[FLICKER].mean == 0.0


def sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def zero_frames(path: Path) -> Path:
    """A valid fragmented MP4 header and nothing after it."""
    with av.open(str(path), "w", options={"movflags": "empty_moov+frag_custom"}) as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
    return path


def test_samples_fall_into_every_phase_of_a_periodic_fault() -> None:
    for period in (2, 3, 4, 8):
        starts = [sample_start(8 * stretch, every=8, span=1) for stretch in range(200)]
        phases = np.bincount([start % period for start in starts], minlength=period)
        assert phases.min() > 0.8 * 200 / period


def test_a_sample_stays_within_its_stretch_of_frames() -> None:
    for every, span in ((1, 1), (2, 1), (8, 2), (5, 5)):
        for index in range(200):
            start = sample_start(index, every=every, span=span)
            stretch = index // every * every
            assert stretch <= start <= start + span <= stretch + every
    assert sample_start(7, every=8, span=1) == 0


def test_several_clips_score_as_each_alone(tmp_path: Path) -> None:
    frames = moving_frames(30)
    reference = write_video(tmp_path / "reference.mp4", frames)
    clips = [
        reference,
        write_video(tmp_path / "coarse.mp4", frames, crf="40"),
        write_video(tmp_path / "short.mp4", frames[:12]),
        write_video(tmp_path / "slow.mp4", frames[::2], fps=12),
    ]
    for clip, found in zip(clips, scores(reference, clips), strict=True):
        alone = score(reference, clip)
        assert found.clip == alone.clip
        assert found.findings == alone.findings
        for name, metric in alone.metrics.items():
            assert found.metrics[name].indices == metric.indices
            assert found.metrics[name].values == pytest.approx(metric.values, abs=1e-6)
            assert found.metrics[name].reason == metric.reason


def test_what_is_kept_of_a_reference_does_not_grow_with_its_length(tmp_path: Path) -> None:
    """A clip of other frame times makes the side-by-side uneven all along."""
    peaks = []
    for count in (40, 400):
        frames = moving_frames(count, width=128, height=128)
        reference = write_video(tmp_path / f"{count}.mp4", frames, crf="30")
        uneven = write_video(tmp_path / f"{count}-uneven.mp4", frames[::2], fps=12, crf="30")
        del frames
        tracemalloc.start()
        scores(reference, [reference, uneven], metrics=["psnr_v1"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 200_000
