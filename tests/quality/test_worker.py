"""The quality worker, between a real collector and a real file server."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from quality.fetch import Fetcher
from quality.worker import Worker
from telemetry import names
from telemetry.client import CollectorClient, CollectorUnavailableError
from telemetry.errors import InputError
from telemetry.names import JobState
from telemetry.sdk import Telemetry, start_telemetry
from tests.conftest import RunningCollector
from tests.videos import moving_frames, write_video

SSIM = "ssim_wang_rgb_v1"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a file server with a reference, a good clip and one that is no video."""
    folder = tmp_path_factory.mktemp("clips")
    write_video(folder / "reference.mp4", moving_frames(6))
    write_video(folder / "good.mp4", moving_frames(6), crf="30")
    (folder / "text.mp4").write_text("no video")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def telemetry(collector: RunningCollector) -> Iterator[Telemetry]:
    started = start_telemetry("test", endpoint=collector.url)
    yield started
    started.shutdown()


def finish_job(telemetry: Telemetry, job_id: str, clip: str, reference: str) -> str:
    """Tell of a complete job; returns its trace id."""
    with telemetry.tracer.start_as_current_span(names.SPAN_JOB) as span:
        telemetry.event(
            names.EVENT_JOB_STATE,
            {
                names.JOB_ID: job_id,
                names.JOB_STATE: JobState.COMPLETE.value,
                names.WORKLOAD: "batch",
                names.MODEL: "ref-1",
                names.PROMPT_ID: "p1",
                names.SEED: 7,
                names.CLIP_URL: clip,
                names.REFERENCE_URL: reference,
            },
        )
        trace_id = f"{span.get_span_context().trace_id:032x}"
    telemetry.flush()
    return trace_id


def new_worker(collector: RunningCollector, telemetry: Telemetry) -> Worker:
    return Worker(collector.client, telemetry, Fetcher())


def test_a_finished_clip_is_scored_in_its_jobs_trace(
    collector: RunningCollector, telemetry: Telemetry, clips: str
) -> None:
    trace_id = finish_job(telemetry, "j1", f"{clips}/good.mp4", f"{clips}/reference.mp4")
    new_worker(collector, telemetry).work_through(threading.Event())
    found = {score.metric: score for score in collector.client.scores()}
    assert set(found) == {SSIM, "lpips_alex_v0.1", "flicker_fr_v1"}
    ssim = found[SSIM]
    assert ssim.value is not None
    assert 0.3 < ssim.value < 1.0
    assert (ssim.job_id, ssim.model, ssim.prompt_id, ssim.seed, ssim.frames) == (
        "j1",
        "ref-1",
        "p1",
        7,
        6,
    )
    assert ssim.trace_id == trace_id
    spans = {span.name: span for span in collector.client.spans(trace_id=trace_id)}
    assert spans[names.SPAN_SCORE].parent_span_id == spans[names.SPAN_JOB].span_id
    assert collector.client.unscored() == []


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("{}/missing.mp4", "HTTP status 404"),
        ("{}/text.mp4", "not a readable video"),
        ("file:///etc/passwd", "files are not read unless"),
        ("ftp://127.0.0.1/clip.mp4", "scheme 'ftp' is not"),
        ("http://127.0.0.1:1/clip.mp4", "refused"),
    ],
)
def test_a_clip_that_cannot_be_scored_counts_with_its_reason(
    collector: RunningCollector, telemetry: Telemetry, clips: str, clip: str, reason: str
) -> None:
    finish_job(telemetry, "j1", clip.format(clips), f"{clips}/reference.mp4")
    new_worker(collector, telemetry).work_through(threading.Event())
    found = collector.client.scores()
    assert len(found) == 3
    for score in found:
        assert score.value is None
        assert reason in str(score.reason)
    assert collector.client.unscored() == []


def test_a_new_worker_scores_nothing_twice(
    collector: RunningCollector, telemetry: Telemetry, clips: str
) -> None:
    finish_job(telemetry, "j1", f"{clips}/good.mp4", f"{clips}/reference.mp4")
    for _ in range(2):
        new_worker(collector, telemetry).work_through(threading.Event())
    spans = [span for span in collector.client.spans() if span.name == names.SPAN_SCORE]
    assert len(spans) == 1


def test_an_evaluation_that_got_lost_is_told_again_and_not_made_again(
    collector: RunningCollector, telemetry: Telemetry, clips: str
) -> None:
    finish_job(telemetry, "j1", f"{clips}/good.mp4", f"{clips}/reference.mp4")
    nowhere = start_telemetry("nowhere")  # exports to nobody, as if the collector had been away
    worker = Worker(collector.client, nowhere, Fetcher())
    worker.work_through(threading.Event())
    assert len(collector.client.unscored()) == 1
    worker._telemetry = telemetry
    worker.work_through(threading.Event())
    assert collector.client.unscored() == []
    scored = [span for span in collector.client.spans() if span.name == names.SPAN_SCORE]
    assert scored == []  # the one scoring was told to nobody
    nowhere.shutdown()


def test_running_ends_when_told_to(
    collector: RunningCollector, telemetry: Telemetry, clips: str
) -> None:
    stop = threading.Event()
    worker = new_worker(collector, telemetry)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    finish_job(telemetry, "j1", f"{clips}/good.mp4", f"{clips}/reference.mp4")
    commit = 0
    while not collector.client.scores():
        commit = collector.client.wait_for_commit(commit)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_without_a_collector_there_is_an_error_and_not_an_empty_list() -> None:
    with CollectorClient("http://127.0.0.1:1") as client, pytest.raises(CollectorUnavailableError):
        client.unscored()


def test_files_are_read_only_below_the_given_folder(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    fetcher = Fetcher(root=tmp_path)
    with fetcher.local(f"file://{tmp_path}/clip.mp4") as path:
        assert path.read_bytes() == b"x"
    with pytest.raises(InputError, match="lies outside"), fetcher.local("file:///etc/passwd"):
        pass
    with pytest.raises(InputError, match="lies outside"), fetcher.local("../secret"):
        pass
