"""The report of a clip: which frames it shows, what the maps point at, what it survives."""

import base64
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.quality.scoring.explain import render_report, worst_frames
from framegate.quality.scoring.score import inspect, score
from framegate.telemetry.sdk.sdk import start_telemetry
from tests.commands import CommandResult, run_command
from tests.conftest import RunningCollector
from tests.quality.jobs import file_server, finish_job
from tests.videos import moving_frames, write_video

METRICS = ("ssim_wang_rgb_v1", "lpips_alex_v0.1", "psnr_v1", "ms_ssim_v1")
SPOILT = 5


class Page(HTMLParser):
    """The text of a page, and its pictures by what they are called."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.pictures: dict[str, NDArray[np.uint8]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            named = dict(attributes)
            kind, _, data = (named["src"] or "").partition(",")
            assert kind == "data:image/png;base64"
            encoded = np.frombuffer(base64.b64decode(data), np.uint8)
            decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
            self.pictures[named["alt"] or ""] = np.asarray(decoded, np.uint8)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A clip whose sixth frame has a gray patch in its lower right corner."""
    frames = moving_frames(9, width=128, height=96)
    spoilt = [frame.copy() for frame in frames]
    spoilt[SPOILT][64:, 96:] = 128
    return (
        write_video(tmp_path / "reference.mkv", frames, codec="ffv1"),
        write_video(tmp_path / "clip.mkv", spoilt, codec="ffv1"),
    )


def test_the_spoilt_frame_is_shown_and_the_maps_point_at_the_spot(
    clips: tuple[Path, Path],
) -> None:
    page = Page(render_report(score(*clips, metrics=METRICS, lpips_every=1)))
    assert f"Frame {SPOILT}, 0.21 s: worst of ssim_wang_rgb_v1, lpips_alex_v0.1" in page.text
    assert {name.partition(", frame")[0] for name in page.pictures} == {
        "reference",
        "clip",
        "difference, amplified 4x",
        "1 - SSIM map of luma",
        "LPIPS map",
    }
    for name in ("difference, amplified 4x", "1 - SSIM map of luma", "LPIPS map"):
        picture = page.pictures[f"{name}, frame {SPOILT}"].astype(float).sum(axis=2)
        height, width = picture.shape
        corner = picture[2 * height // 3 :, 3 * width // 4 :].mean()
        assert corner > 3 * picture[: height // 3, : width // 2].mean(), name


def test_a_metric_without_a_value_gives_its_reason(clips: tuple[Path, Path]) -> None:
    page = Page(render_report(score(*clips, metrics=METRICS)))
    assert "no value: frame 0: frame (96, 128) is smaller than the 176 pixel window" in page.text


def test_a_perfect_clip_shows_no_worst_frame(clips: tuple[Path, Path]) -> None:
    found = score(clips[0], clips[0], metrics=("psnr_v1",))
    assert worst_frames(list(found.metrics.values())) == {}
    assert "All frames scored the same." in Page(render_report(found)).text


def test_a_files_name_is_text_and_never_markup(clips: tuple[Path, Path]) -> None:
    hostile = clips[1].with_name("<script>alert(1)<!--.mkv")
    clips[1].rename(hostile)
    page = Page(render_report(score(clips[0], hostile, metrics=("psnr_v1",))))
    assert "script" not in page.tags
    assert hostile.name in page.text


def test_without_a_reference_there_is_nothing_to_show(clips: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="needs a clip that was scored against a reference"):
        render_report(inspect(clips[1], metrics=("black_v1",)))


def test_a_jobs_report_says_what_it_was_made_from(
    collector: RunningCollector, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    telemetry = start_telemetry("test", endpoint=collector.url)
    with file_server(tmp_path) as url:
        reference, clip = (f"{url}/{path.name}" for path in clips)
        trace_id = finish_job(telemetry, "j<1>", clip, reference)
        telemetry.shutdown()
        output = tmp_path / "report.html"
        done = explain_job("j<1>", "--collector", collector.url, "--output", str(output))
    assert done.exit_code == 0, done.stderr
    text = Page(output.read_text()).text
    for known in ("j<1>", trace_id, "ref-1", "p1", clip, reference):
        assert known in text
    assert str(tempfile.gettempdir()) not in text.replace(str(tmp_path), "")
    unknown = explain_job("j2", "--collector", collector.url)
    assert unknown.exit_code == 2
    assert "job j2: is unknown" in unknown.stderr


def explain_job(*arguments: str) -> CommandResult:
    return run_command("quality", "explain-job", *arguments)
