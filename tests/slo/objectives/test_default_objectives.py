"""Our own objectives, over what a real generator and a real audit send to a real collector."""

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from framegate.generator.service.api import Api, application
from framegate.generator.service.instruments import Instruments
from framegate.generator.service.job_service import JobService
from framegate.generator.service.settings import GeneratorSettings
from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.signals import names
from tests.conftest import RunningCollector, serving

PRICE = 3600.0  # a second of a worker is 1, so whatever is made is dear
BODY = {"prompt": "a red ball over the sea", "seconds": 1, "fps": 12, "seed": 3}


@contextmanager
def generating(folder: Path, telemetry: Telemetry, **more: Any) -> Iterator[httpx.Client]:
    settings = GeneratorSettings(
        "http://127.0.0.1",
        str(folder / "clips"),
        folder / "spool",
        price_per_hour=PRICE,
        **more,
    )
    api = Api(JobService(settings, Instruments(telemetry)), telemetry)
    with serving(application(api)) as url, httpx.Client(base_url=url, timeout=120) as client:
        yield client


def made(client: httpx.Client, **fields: object) -> str:
    job: dict[str, Any] = client.post("/v1/videos", json=BODY | fields).raise_for_status().json()
    client.get(f"/v1/videos/{job['id']}/content")
    return str(job["id"])


def failed(client: httpx.Client, job_id: str) -> str:
    """The code of a job's failure, once it has failed."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        error = client.get(f"/v1/videos/{job_id}").json()["error"]
        if error:
            return str(error["code"])
    raise AssertionError(job_id)


def judged(collector: RunningCollector) -> dict[str, dict[str, Any]]:
    answer = httpx.get(f"{collector.url}/slo/objectives").raise_for_status().json()
    return {one["name"]: one for one in answer["objectives"]}


def counts(found: dict[str, Any]) -> tuple[int, int, int]:
    return tuple(found["counts"][name] for name in ("good", "bad", "unscored"))


def test_the_reference_generator_tells_of_all_that_is_judged(
    judged_collector: RunningCollector, tmp_path: Path
) -> None:
    telemetry = start_telemetry("framegate-generator", endpoint=judged_collector.url)
    clips = tmp_path / "clips"
    with generating(tmp_path, telemetry) as client:
        first = made(client, workload="realtime")
        again = made(client, workload="realtime", replaces=first)
        assert client.post("/v1/videos", json=BODY | {"replaces": "../x"}).status_code == 400
        telemetry.flush()  # the gauges as they are now
        (clips / first / "clip.mp4").unlink()
        lost = client.get(f"/v1/videos/{first}/content")
        assert (lost.status_code, lost.json()["error"]["code"]) == (500, "storage")
        clips.rename(tmp_path / "elsewhere")
        clips.write_text("no folder any more")
        refused = client.post("/v1/videos", json=BODY).json()["id"]
        assert failed(client, refused) == "storage"
        for job_id, unsafe in ((first, False), (again, True)):
            telemetry.event(names.EVENT_AUDIT, {names.JOB_ID: job_id, names.UNSAFE: unsafe})
    workers = {job.worker for job in judged_collector.client.jobs()}
    assert workers == {f"{platform.node()}-0"}
    found = judged(judged_collector)
    good, bad, _ = counts(found["realtime-frames"])
    assert good + bad == 24
    assert sum(counts(found["realtime-drift"])[:2]) == 2
    assert sum(counts(found["realtime-queue"])[:2]) >= 1
    assert found["realtime-queue"]["met"] is True
    # Two clips stored and streamed, one gone, one that could not be stored.
    assert counts(found["storage"]) == (4, 2, 0)
    assert counts(found["rerender"]) == (2, 1, 0)
    assert counts(found["cost"]) == (0, 2, 0)
    assert sum(counts(found["utilization"])[:2]) >= 1
    assert counts(found["safety"]) == (1, 1, 0)


def test_workers_are_busy_for_the_share_of_time_in_which_they_make_clips(
    judged_collector: RunningCollector, tmp_path: Path
) -> None:
    telemetry = start_telemetry("framegate-generator", endpoint=judged_collector.url)
    with generating(tmp_path, telemetry) as client:
        begun = time.monotonic()
        job = client.post("/v1/videos", json=BODY | {"seconds": 3}).json()
        client.get(f"/v1/videos/{job['id']}/content")
        busy = time.monotonic() - begun
        telemetry.flush()
        elapsed = time.monotonic() - begun
        points = judged_collector.client.query("metric_points", since_ns=0).table.to_pylist()
    shares = [row["value"] for row in points if row["name"] == names.METRIC_UTILIZATION.name]
    assert all(0 <= share <= 1 for share in shares)
    assert max(shares) == pytest.approx(busy / elapsed, abs=0.25)
