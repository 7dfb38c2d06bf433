"""Everything real: a prompt becomes a clip, a trace, scores, a report, a verdict."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
import httpx
import pytest

from framegate.gate.live import evidence_from_scores
from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.watch import RequestTemplate, ViewerOutcome, watch_clip
from framegate.local.demo_suite import wait_for_scores
from framegate.local.stack import Stack
from framegate.quality.gate.judging.judge import GateResult, judge
from framegate.quality.gate.policy.policy import LIVE_POLICY, parse_policy
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.client.records import Score, Span
from framegate.telemetry.platform.verdict import Verdict
from framegate.telemetry.signals import definitions, names
from framegate.telemetry.signals.names import JobState, Workload
from tests.commands import run_command
from tests.processes import descendants, ended
from tests.prometheus import Prometheus, running_prometheus
from tests.stack_owner import StackOwner, running_owner

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
STAGES = {
    names.SPAN_JOB,
    names.SPAN_QUEUE,
    names.SPAN_DENOISE,
    names.SPAN_DECODE,
    names.SPAN_ENCODE,
    names.SPAN_UPLOAD,
    names.SPAN_DELIVER,
    names.SPAN_SCORE,
}
PROMPTS = (
    "a red ball bouncing over the sea",
    "two golden stars orbiting in space",
    "a blue cube sliding across the desert",
    "a pink diamond drifting through the sky",
    "three green rings swinging in the forest",
    "an orange triangle sailing on the lake",
    "a white moon floating over the city",
    "a purple star spinning in a studio",
)


@dataclass(frozen=True, slots=True)
class Made:
    """One clip as a client saw it made."""

    job: dict[str, object]
    parts: list[bytes]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOwner]:
    with running_owner(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(owner: StackOwner) -> Stack:
    return owner.stack


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[CollectorClient]:
    with CollectorClient(stack.collector_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def prometheus(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    targets = {
        "collector": stack.collector_url,
        "generator": stack.generator_url,
        "quality": stack.worker_url,
    }
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), targets) as running:
        yield running


@pytest.fixture(scope="module")
def made(stack: Stack) -> Made:
    """One prompt, submitted inside a caller's trace and streamed to its last byte."""
    body = {"prompt": PROMPTS[0], "seconds": "1", "seed": 11, "workload": "interactive"}
    submitted = httpx.post(
        f"{stack.generator_url}/v1/videos", json=body, headers={"traceparent": TRACEPARENT}
    )
    job = submitted.raise_for_status().json()
    url = f"{stack.generator_url}/v1/videos/{job['id']}"
    with httpx.stream("GET", f"{url}/content", timeout=60) as stream:
        parts = list(stream.iter_raw())
    return Made(httpx.get(url).raise_for_status().json(), parts)


@pytest.fixture(scope="module")
def scores(stack: Stack, client: CollectorClient) -> dict[str, list[Score]]:
    """The scores of every prompt on both models, and of the good model a second time."""
    runs: dict[str, set[str]] = {}
    with ServiceConnection(stack.generator_url, {}) as service:
        for run, model in (("first", "ref-1"), ("again", "ref-1"), ("worse", "ref-2-draft")):
            order = RequestTemplate(model, "256x256", seconds=1.0, fps=8)
            asks = [ClipRequest(prompt, 5, Workload.BATCH) for prompt in PROMPTS]
            seen = [watch_clip(service, order, ask, traceparent="") for ask in asks]
            assert {watched.outcome for watched in seen} == {ViewerOutcome.COMPLETE}
            runs[run] = {watched.job_id for watched in seen}
    wanted = set().union(*runs.values())
    found = wait_for_scores(client, wanted, tell=print)
    return {run: [score for score in found if score.job_id in ids] for run, ids in runs.items()}


def wait_for_spans(client: CollectorClient, wanted: set[str]) -> list[Span]:
    commit = 0
    while True:
        spans = client.spans(trace_id=TRACE_ID)
        if wanted <= {span.name for span in spans}:
            return spans
        before = commit
        commit = client.wait_for_commit(commit, timeout_seconds=30)
        assert commit > before, f"only {sorted(span.name for span in spans)} came"


def frames_in(data: bytes) -> int:
    with av.open(io.BytesIO(data), "r") as container:
        return sum(1 for _ in container.decode(video=0))


def fragment_ends(data: bytes) -> list[int]:
    """Where each fragment's mdat box ends."""
    ends, offset = [], 0
    while offset < len(data):
        size = int.from_bytes(data[offset : offset + 4], "big")
        offset += size
        if data[offset - size + 4 : offset - size + 8] == b"mdat":
            ends.append(offset)
    return ends


def test_a_prompt_becomes_a_clip_that_plays_at_every_cut(made: Made) -> None:
    data = b"".join(made.parts)
    assert made.job["status"] == "completed"
    assert made.job["trace_id"] == TRACE_ID
    ends = fragment_ends(data)
    assert len(ends) == 24
    assert [frames_in(data[:end]) for end in ends] == list(range(1, 25))


def test_the_clip_came_while_it_was_made(made: Made) -> None:
    ttfp, total = made.job["ttfp_seconds"], len(b"".join(made.parts))
    assert isinstance(ttfp, float)
    assert 0.0 < ttfp < 10.0
    assert len(made.parts) > 4
    assert len(made.parts[0]) < total / 2


def test_the_kept_clip_and_its_reference_can_be_had_afterwards(made: Made) -> None:
    kept = httpx.get(str(made.job["url"]), headers={"range": "bytes=0-99"})
    assert kept.status_code == 206
    assert kept.content == b"".join(made.parts)[:100]
    reference = httpx.get(str(made.job["reference_url"]), timeout=60)
    assert frames_in(reference.content) == 24


def test_its_trace_holds_every_stage_from_the_caller_to_the_score(
    made: Made, client: CollectorClient
) -> None:
    spans = wait_for_spans(client, STAGES)
    by_name = {span.name: span for span in spans}
    job = by_name[names.SPAN_JOB]
    assert job.parent_span_id == "b7ad6b7169203331"
    assert {span.parent_span_id for span in spans if span is not job} == {job.span_id}
    assert {span.job_id for span in spans} == {made.job["id"]}
    assert {span.service for span in spans} == {"framegate-generator", "framegate-quality"}
    stages = [by_name[name] for name in STAGES - {names.SPAN_SCORE, names.SPAN_DELIVER}]
    assert all(span.start_ns >= job.start_ns for span in stages)


def test_every_state_of_the_job_is_in_the_store(made: Made, client: CollectorClient) -> None:
    wait_for_spans(client, STAGES)
    (job,) = client.jobs(job_id=str(made.job["id"]))
    assert job.state == JobState.COMPLETE
    assert job.ttfp_seconds == made.job["ttfp_seconds"]
    assert job.started_ns is not None
    assert job.finished_ns is not None
    assert job.submitted_ns <= job.started_ns <= job.finished_ns
    assert job.prompt_id == made.job["prompt_id"]


@pytest.mark.parametrize("event", definitions.EVENTS[:3], ids=lambda event: str(event.name))
def test_events_carry_what_the_reference_says(
    made: Made, client: CollectorClient, event: definitions.SignalDefinition
) -> None:
    wait_for_scores(client, {str(made.job["id"])}, tell=print)
    rows = client.query("logs", name=event.name, job_id=str(made.job["id"])).table.to_pylist()
    assert rows
    seen = [set(json.loads(row["attributes_json"])) for row in rows]
    assert set(event.required) <= set.intersection(*seen)
    assert set.union(*seen) <= {*event.required, *event.optional}


def test_spans_carry_what_the_reference_says(made: Made, client: CollectorClient) -> None:
    messages = {message.name: message for message in definitions.SPANS}
    assert made.job["id"]
    for span in wait_for_spans(client, STAGES):
        seen, message = set(json.loads(span.attributes_json)), messages[span.name]
        assert set(message.required) <= seen <= {*message.required, *message.optional}, span.name


def test_its_scores_arrive(made: Made, client: CollectorClient) -> None:
    found = wait_for_scores(client, {str(made.job["id"])}, tell=print)
    values = {score.metric: score.value for score in found}
    assert set(values) == {"ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"}
    assert values["ssim_wang_rgb_v1"] is not None
    assert values["ssim_wang_rgb_v1"] > 0.9
    assert {score.trace_id for score in found} == {TRACE_ID}


@pytest.mark.parametrize(
    ("job", "metric"),
    [
        ("generator", "video_time_to_first_playable_seconds_bucket"),
        ("generator", "video_job_duration_seconds_bucket"),
        ("quality", "video_quality_score_duration_seconds_bucket"),
    ],
)
def test_prometheus_finds_the_trace_behind_a_bucket(
    made: Made, client: CollectorClient, prometheus: Prometheus, job: str, metric: str
) -> None:
    wait_for_scores(client, {str(made.job["id"])}, tell=print)
    query = f'{metric}{{job="{job}"}}'
    series = prometheus.until("query_exemplars", query=query, start=0, end=2**33)
    trace_ids = {exemplar["labels"]["trace_id"] for one in series for exemplar in one["exemplars"]}
    assert TRACE_ID in trace_ids


def test_prometheus_reads_what_the_collector_says_of_itself(prometheus: Prometheus) -> None:
    (point,) = prometheus.until("query", query="framegate_collector_writable")
    assert point["value"][1] == "1"
    assert prometheus.until("query", query="framegate_collector_request_seconds_count > 0")


def test_the_report_counts_it(made: Made, stack: Stack) -> None:
    assert made.job["state"] == "complete"
    done = run_command("slo", "report", "--collector", stack.collector_url)
    (line,) = [line for line in done.stdout.splitlines() if "interactive-success" in line]
    assert line.split() == [
        "interactive-success",
        "99.5%",
        "100%",
        "1",
        "0",
        "0",
        "100%",
        "0.0",
        "ok",
    ]


def judged(client: CollectorClient, baseline: list[Score], candidate: list[Score]) -> GateResult:
    jobs = client.jobs()
    old, new = (
        evidence_from_scores(
            name, found, [job for job in jobs if job.job_id in {one.job_id for one in found}]
        )
        for name, found in (("old", baseline), ("new", candidate))
    )
    rules = LIVE_POLICY.read_text().replace(
        "tolerated_broken_share: 0.1", "tolerated_broken_share: 0.35"
    )
    return judge(old, new, parse_policy(rules, path="live").policy, at=datetime.now(UTC))


def test_a_worse_model_fails_the_gate(
    client: CollectorClient, scores: dict[str, list[Score]]
) -> None:
    found = judged(client, scores["first"], scores["worse"])
    assert found.verdict is Verdict.FAIL
    assert "ssim_wang_rgb_v1" in found.reason


def test_an_equal_model_does_not(client: CollectorClient, scores: dict[str, list[Score]]) -> None:
    assert judged(client, scores["first"], scores["again"]).verdict is Verdict.PASS


def test_the_gates_command_says_so_with_its_exit_code(
    scores: dict[str, list[Score]], stack: Stack, tmp_path: Path
) -> None:
    assert scores
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0.2\n"
        "metrics: {ssim_wang_rgb_v1: {margin: 0.01}}\n"
    )
    asked = ["gate", "run", "--collector", stack.collector_url, "--policy", str(policy)]
    worse = run_command(*asked, "--baseline", "ref-1", "--candidate", "ref-2-draft")
    unknown = run_command(*asked, "--baseline", "ref-1", "--candidate", "ref-9")
    assert (worse.exit_code, unknown.exit_code) == (1, 3)
    assert "FAIL" in worse.stdout
    assert "INCONCLUSIVE" in unknown.stdout


def test_the_dashboard_is_up(stack: Stack) -> None:
    assert "<title>" in httpx.get(stack.dashboard_url).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", "", "''"),
        ("prompt", "x" * 501, "501"),
        ("size", "128x256", "128"),
        ("seconds", "31", "31"),
    ],
)
def test_a_bad_request_leaves_nothing_behind(
    made: Made, stack: Stack, field: str, value: str, said: str
) -> None:
    before = httpx.get(f"{stack.generator_url}/v1/videos").json()["data"]
    body = {"prompt": "a ball", "seconds": "1"} | {field: value}
    refused = httpx.post(f"{stack.generator_url}/v1/videos", json=body)
    assert refused.status_code == 400
    assert said in refused.json()["error"]["message"]
    assert httpx.get(f"{stack.generator_url}/v1/videos").json()["data"] == before
    assert made.job["id"] in {job["id"] for job in before}


def test_killing_the_owner_ends_every_process_of_the_stack(owner: StackOwner) -> None:
    """The last test of this file: nothing runs after it."""
    children = descendants(owner.process.pid)
    assert len(children) > 4  # the services; generator and quality worker have their own
    owner.process.kill()
    assert ended(children)
