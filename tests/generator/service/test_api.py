"""The service over HTTP, with a real worker process that runs the real model."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from framegate.generator.model.versions import MODELS
from framegate.generator.service.api import Api, application
from framegate.generator.service.instruments import Instruments
from framegate.generator.service.job_service import JobService
from framegate.generator.service.settings import GeneratorSettings
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket, url_of
from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.signals import names
from tests.conftest import RunningCollector, serving
from tests.processes import descendants, ended

BODY: dict[str, Any] = {
    "prompt": "a red ball over the sea",
    "seconds": "1",
    "seed": 3,
    "steps": 1,
}


@contextmanager
def service(
    folder: Path, *, telemetry: Telemetry | None = None, **changed: Any
) -> Iterator[httpx.Client]:
    telemetry = telemetry or start_telemetry("generator")
    settings = GeneratorSettings(
        "http://127.0.0.1", str(folder / "clips"), folder / "spool", **changed
    )
    api = Api(JobService(settings, Instruments(telemetry)), telemetry)
    with serving(application(api)) as url, httpx.Client(base_url=url, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def clips(folder: Path) -> Path:
    return folder / "clips"


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[httpx.Client]:
    with service(folder) as client:
        yield client


@dataclass(frozen=True, slots=True)
class BusyService:
    """A service whose worker makes a long clip while another waits; no more may wait."""

    api: httpx.Client
    spool: Path
    workers: list[int]
    done: dict[str, Any]
    long: dict[str, Any]
    waiting: dict[str, Any]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusyService]:
    folder = tmp_path_factory.mktemp("busy")
    others = painters(os.getpid())
    with service(folder, max_waiting=1) as client:
        done = finished(client, create(client)["id"])
        workers = [pid for pid in painters(os.getpid()) if pid not in others]
        long, waiting = create(client, seconds="30", steps=4), create(client)
        yield BusyService(client, folder / "spool", workers, done, long, waiting)


def create(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    job: dict[str, Any] = api.post("/v1/videos", json=BODY | fields).raise_for_status().json()
    return job


def finished(api: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job once its stream has ended."""
    api.get(f"/v1/videos/{job_id}/content")
    job: dict[str, Any] = api.get(f"/v1/videos/{job_id}").json()
    return job


def test_a_job_has_the_shape_of_openais(api: httpx.Client) -> None:
    job = create(api)
    assert (job["object"], job["seconds"], job["size"]) == ("video", "1", "256x256")
    assert job["status"] in ("queued", "in_progress")
    done = finished(api, job["id"])
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
    assert set(done["stage_durations"]) == {"denoise", "decode", "encode"}
    assert done in api.get("/v1/videos").json()["data"]


def test_a_form_is_as_good_as_json(api: httpx.Client) -> None:
    form = {name: (None, str(value)) for name, value in BODY.items()}
    job = api.post("/v1/videos", files=form).raise_for_status().json()
    assert (job["prompt"], job["seed"]) == (BODY["prompt"], 3)


def test_a_finished_clip_can_be_had_in_parts(api: httpx.Client) -> None:
    job = finished(api, create(api)["id"])
    part = api.get(f"/v1/videos/{job['id']}/content", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


def test_everyone_who_asks_shares_one_reference(api: httpx.Client) -> None:
    job = create(api, seconds="2")
    url = f"/v1/videos/{job['id']}/content?variant=reference"
    with ThreadPoolExecutor(4) as pool:
        answers = {answer.content for answer in pool.map(lambda _: api.get(url), range(4))}
    (footage,) = answers
    with av.open(io.BytesIO(footage), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 48


def test_two_models_share_the_reference_of_a_prompt(api: httpx.Client, clips: Path) -> None:
    """Byte for byte: one made again would hold other times."""
    first, second, third = (
        create(api, seed=41, model=model) for model in ("ref-1", "ref-2-draft", "ref-1")
    )

    def reference(job: dict[str, Any]) -> bytes:
        return api.get(f"/v1/videos/{job['id']}/content?variant=reference").content

    with ThreadPoolExecutor(2) as pool:
        footage = [*pool.map(reference, (first, second))]
    assert footage[0] == footage[1]
    assert footage[0][4:8] == b"ftyp"
    for job in (first, second):
        (clips / job["id"] / "reference.mp4").unlink()
    assert reference(third) not in (b"", footage[0])  # the one to copy is gone: made again


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/videos/nobody", 404, "'nobody' is unknown"),
        ("/v1/videos/nobody/content", 404, "'nobody' is unknown"),
        ("/v1/elsewhere", 404, "Not Found"),
    ],
)
def test_unknown_things_are_named(api: httpx.Client, path: str, status: int, said: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


def test_an_unknown_variant_is_named(api: httpx.Client) -> None:
    job = create(api)
    answer = api.get(f"/v1/videos/{job['id']}/content?variant=poster")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "variant")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'"text"', b"x" * 100_000])
def test_a_body_that_is_no_request_is_refused(api: httpx.Client, content: bytes) -> None:
    answer = api.post("/v1/videos", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json"])
def test_a_body_without_a_length_is_cut_off_at_the_limit(api: httpx.Client, kind: str) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n'
        for _ in range(200):
            yield b"x" * 1024

    answer = api.post("/v1/videos", content=endless(), headers={"content-type": kind})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body")
    assert "larger than 65536 bytes" in answer.json()["error"]["message"]


def test_a_broken_form_is_refused(api: httpx.Client) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = api.post("/v1/videos", content=b"--y\r\nnonsense", headers=kind)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_metrics_carry_the_jobs_traces(api: httpx.Client) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    job = api.post("/v1/videos", json=BODY, headers=headers).json()
    assert job["trace_id"] == trace_id
    finished(api, job["id"])
    accept = {"accept": "application/openmetrics-text"}
    text = api.get("/metrics", headers=accept).text
    assert f'trace_id="{trace_id}"' in text
    assert "video_time_to_first_playable_seconds_bucket" in text


def test_a_jobs_cost_is_the_same_in_the_api_and_in_its_event(
    collector: RunningCollector, tmp_path: Path
) -> None:
    telemetry = start_telemetry("generator", endpoint=collector.url)
    with service(tmp_path, telemetry=telemetry, price_per_hour=3600.0) as api:
        done = finished(api, create(api)["id"])
        (tmp_path / "clips").rename(tmp_path / "elsewhere")
        (tmp_path / "clips").write_text("a file where the clips' folder was")
        failed = api.post("/v1/videos", json=BODY).json()
        with pytest.raises(httpx.RemoteProtocolError):
            api.get(f"/v1/videos/{failed['id']}/content")
        failed = api.get(f"/v1/videos/{failed['id']}").json()
        telemetry.flush()
        events = collector.client.query("logs", since_ns=0).table.to_pylist()
    costs = {
        attributes[names.JOB_ID]: attributes[names.JOB_COST]
        for attributes in (json.loads(event["attributes_json"]) for event in events)
        if names.JOB_COST in attributes
    }
    assert (done["status"], failed["status"]) == ("completed", "failed")
    assert done["cost"] > 0
    assert failed["cost"] > 0
    assert costs == {done["id"]: done["cost"], failed["id"]: failed["cost"]}


def test_the_service_process_does_not_load_torch() -> None:
    code = (
        "import sys, framegate.generator.service.api, framegate.generator.service.job_service; "
        "from framegate.generator.service.provenance import environment; environment('ref-1'); "
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, capture_output=True, check=True, text=True)
    assert shown.stdout.strip() == "False"


def test_the_registry_is_listed(api: httpx.Client) -> None:
    assert {model["id"] for model in api.get("/v1/models").json()["data"]} == set(MODELS)


def test_a_reference_does_not_wait_for_the_clips(busy: BusyService) -> None:
    reference = busy.api.get(f"/v1/videos/{busy.done['id']}/content?variant=reference")
    assert reference.is_success
    long = busy.api.get(f"/v1/videos/{busy.long['id']}").json()
    assert long["status"] in ("queued", "in_progress")


def test_a_full_queue_asks_to_come_back(busy: BusyService) -> None:
    refused = busy.api.post("/v1/videos", json=BODY)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert len(busy.api.get("/v1/videos").json()["data"]) == 3


def test_a_killed_worker_fails_its_job_and_the_next_one_is_done(busy: BusyService) -> None:
    api = busy.api
    with api.stream("GET", f"/v1/videos/{busy.long['id']}/content") as stream:
        chunks = stream.iter_raw()
        next(chunks)
        for pid in busy.workers:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)
    failed = api.get(f"/v1/videos/{busy.long['id']}").json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "worker_died")
    gone = api.get(f"/v1/videos/{busy.long['id']}/content")
    assert (gone.status_code, gone.json()["error"]["code"]) == (409, "video_failed")
    assert finished(api, busy.waiting["id"])["status"] == "completed"
    assert not list(busy.spool.glob("*.mp4"))


def painters(pid: int) -> list[int]:
    """Worker processes below a process; all of the service's own."""
    return [
        child
        for child in descendants(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_workers_end_with_a_killed_service(tmp_path: Path) -> None:
    folders = ["--artifacts", str(tmp_path / "clips"), "--spool", str(tmp_path / "spool")]
    with listening_socket("127.0.0.1", 0) as open_socket:
        process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "generator", *folders],
            env=os.environ | {LISTEN_FD: str(open_socket.fileno())},
            pass_fds=[open_socket.fileno()],
        )
        url = url_of(open_socket)
    httpx.get(f"{url}/readyz", timeout=90).raise_for_status()
    workers = painters(process.pid)
    assert len(workers) == 2  # one paints, one films references
    process.kill()
    process.wait()
    assert ended(workers)


PEAKS = """
import resource, sys
from pathlib import Path
import torch
from framegate.generator.service.video_body import parse_request
from framegate.generator.workers.painter import write_clip
from framegate.generator.workers.tasks import TaskKind, VideoTask
torch.set_num_threads(1)
loaded = {}
for seconds in sys.argv[2:]:
    request = parse_request({"prompt": "a ball", "seconds": seconds, "seed": 1, "steps": 1})
    task = VideoTask("job", TaskKind.CLIP, request, Path(sys.argv[1]), "")
    write_clip(task, loaded, lambda message: None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_workers_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    """The five seconds more are 22 MiB of frames."""
    command = [sys.executable, "-c", PEAKS, str(tmp_path / "clip.mp4"), "1", "6"]
    short, long = subprocess.run(command, capture_output=True, check=True).stdout.split()
    assert int(long) < int(short) + 12 * 1024
