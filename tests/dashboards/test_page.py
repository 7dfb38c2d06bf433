"""The page itself: Streamlit's own test client, and a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from framegate.generator.video.encoder import Encoder
from framegate.telemetry.client.collector_url import COLLECTOR_VARIABLE
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket, url_of
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.conftest import RunningCollector, serving
from tests.videos import moving_frames

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def clip_url(tmp_path: Path) -> Iterator[str]:
    """A real clip on a real server."""
    encoder = Encoder(width=64, height=64, fps=12)
    data = encoder.header() + b"".join(encoder.add(f, wall_ns=0) for f in moving_frames(24))
    path = tmp_path / "clip.mp4"
    path.write_bytes(data + encoder.finish(wall_ns=0))

    def clip(_: Request) -> Response:
        return FileResponse(path, media_type="video/mp4")

    with serving(Starlette(routes=[Route("/clip.mp4", clip)])) as url:
        yield f"{url}/clip.mp4"


def tell_of_a_job(collector_url: str, clip_url: str) -> None:
    telemetry = start_telemetry("generator", endpoint=collector_url)
    job: dict[str, str | float] = {
        names.JOB_ID: "j1",
        names.JOB_STATE: JobState.COMPLETE.value,
        names.WORKLOAD: "interactive",
        names.MODEL: "ref-1",
        names.PROMPT: "a red ball over the sea",
        names.CLIP_URL: clip_url,
        names.TIME_TO_FIRST_PLAYABLE: 0.25,
    }
    telemetry.event(names.EVENT_JOB_STATE, dict(job))
    evaluation: dict[str, str | float] = {
        names.JOB_ID: "j1",
        names.MODEL: "ref-1",
        names.EVALUATION_NAME: "ssim_wang_rgb_v1",
        names.EVALUATION_VALUE: 0.91,
    }
    telemetry.event(names.EVENT_EVALUATION, dict(evaluation))
    telemetry.shutdown()


@pytest.fixture
def dashboard(request: pytest.FixtureRequest) -> Iterator[str]:
    """The dashboard's URL; its collector is the test's parameter or the collector fixture."""
    collector_url = getattr(request, "param", None)
    if collector_url is None:
        collector_url = request.getfixturevalue("collector").url
    with listening_socket("127.0.0.1", 0) as open_socket:
        process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "dashboards"],
            env=os.environ
            | {LISTEN_FD: str(open_socket.fileno()), COLLECTOR_VARIABLE: collector_url},
            pass_fds=[open_socket.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = url_of(open_socket)
    yield url
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


def test_the_page_shows_objectives_charts_and_a_clip_that_plays(
    collector: RunningCollector, dashboard: str, clip_url: str, page: Page
) -> None:
    tell_of_a_job(collector.url, clip_url)
    page.goto(dashboard)
    page.get_by_text("data as of").wait_for(timeout=30_000)
    page.get_by_test_id("stDataFrame").wait_for()
    page.get_by_test_id("stVegaLiteChart").nth(1).wait_for()
    page.get_by_text("a red ball over the sea").wait_for()
    # Chromium starts a muted video only once it can be seen.
    page.locator("video").first.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => { const v = document.querySelector('video');"
        " return v && v.readyState >= 2 && v.currentTime > 0 && v.videoWidth === 64; }",
        timeout=30_000,
    )
    assert page.get_by_text("Traceback").count() == 0


@pytest.mark.parametrize("dashboard", ["http://127.0.0.1:1"], indirect=True)
def test_without_a_collector_the_page_says_so(dashboard: str, page: Page) -> None:
    page.goto(dashboard)
    page.get_by_text("NO DATA: the collector at http://127.0.0.1:1").wait_for(timeout=30_000)


def test_an_empty_collector_is_no_data_and_not_ok(
    collector: RunningCollector, dashboard: str, page: Page
) -> None:
    page.goto(dashboard)
    page.get_by_text("NO DATA: the collector has stored nothing yet").wait_for(timeout=30_000)
    page.get_by_text("No clip is complete yet.").wait_for()
    assert collector.client.jobs() == []
