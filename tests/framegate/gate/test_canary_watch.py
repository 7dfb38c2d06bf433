"""A canary watched over a real collector, and taken back through a real generator's registry."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.commands import CommandResult, run_command
from tests.conftest import RunningCollector, serving
from tests.framegate.gate.conftest import RunningGenerator
from tests.scores import CANARY, SSIM, STABLE, delivered, scored, unscored


def watch(collector: str, *more: str) -> CommandResult:
    return run_command(
        *("gate", "watch", "--baseline", STABLE, "--candidate", CANARY),
        *("--collector", collector, "--every", "0.2", *more),
    )


@pytest.fixture
def canary(rollouts: str) -> str:
    """The generator's URL, with a canary of half of the traffic."""
    httpx.post(f"{rollouts}/v1/rollout/rollback", json={"model": CANARY})
    answer = httpx.post(f"{rollouts}/v1/rollout/canary", json={"model": CANARY, "share": 0.5})
    assert answer.raise_for_status().json()["canary"] == CANARY
    return rollouts


def rollout(url: str) -> dict[str, object]:
    return dict(httpx.get(f"{url}/v1/rollout").raise_for_status().json())


@pytest.mark.parametrize("shadow", [True, False], ids=["the same prompts", "other prompts"])
def test_a_worse_canary_is_rolled_back(
    shadow: bool, canary: str, collector: RunningCollector
) -> None:
    scored(collector.url, STABLE, prompts=range(60))
    others = range(60) if shadow else range(100, 160)
    scored(collector.url, CANARY, prompts=others, worse=0.05)
    done = watch(collector.url, "--generator", canary)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert f"{CANARY} was rolled back" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    found = rollout(canary)
    assert found["canary"] is None
    history = found["history"]
    assert isinstance(history, list)
    assert SSIM in history[-1]["reason"]


def test_a_good_canary_is_promoted_where_that_is_asked_for(
    canary: str, collector: RunningCollector
) -> None:
    scored(collector.url, STABLE, prompts=range(120))
    scored(collector.url, CANARY, prompts=range(120))
    done = watch(collector.url, "--generator", canary, "--promote", "--json")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["done"] == f"{CANARY} was promoted"
    assert rollout(canary)["stable"] == CANARY
    httpx.post(f"{canary}/v1/rollout/rollback", json={"model": CANARY})


def test_a_canary_that_fails_most_of_its_jobs_is_rolled_back(
    canary: str, collector: RunningCollector
) -> None:
    """The clips that it does make are as good as the stable version's."""
    scored(collector.url, STABLE, prompts=range(10))
    scored(collector.url, CANARY, prompts=range(10))
    unscored(collector.url, CANARY, JobState.FAILED, prompts=range(100, 500))
    done = watch(collector.url, "--generator", canary, "--promote")
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "FAIL: failed_v1.margin: 0.976 worse" in done.stdout
    assert rollout(canary)["canary"] is None
    query = f"baseline={STABLE}&candidate={CANARY}"
    answer = httpx.get(f"{collector.url}/gate/standing?{query}").raise_for_status().json()
    assert answer["verdict"] == "FAIL"


@pytest.mark.parametrize(
    ("changes", "exit_code", "said"),
    [
        ({}, 0, "PASS"),
        ({names.FRAMES: 12, names.DURATION: 1.5}, 1, "120 of 120 clips differ by more than 2%"),
        ({names.WIDTH: 128}, 1, "has 128x256, the baseline 256x256"),
        ({names.FRAMES_DIGEST: "one clip"}, 3, "120 of 120 prompts have the clip of another"),
        ({names.DURATION: float("nan")}, 0, "PASS"),  # not measured, as if nothing was sent
    ],
    ids=["alike", "shorter", "smaller", "one clip for all", "not a number"],
)
def test_what_a_canary_delivers_is_compared(
    collector: RunningCollector,
    changes: dict[str, str | bool | int | float],
    exit_code: int,
    said: str,
) -> None:
    for model in (STABLE, CANARY):
        scored(collector.url, model, prompts=range(120))
        delivered(collector.url, model, prompts=range(120), **(changes if model == CANARY else {}))
    done = watch(collector.url, "--hours", "0")
    assert done.exit_code == exit_code, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())


def test_a_run_on_live_scores_compares_what_was_delivered(
    collector: RunningCollector, tmp_path: Path
) -> None:
    for model, frames in ((STABLE, 16), (CANARY, 12)):
        scored(collector.url, model, prompts=range(120))
        delivered(collector.url, model, prompts=range(60), **{names.FRAMES: frames})
    sides = ("--baseline", STABLE, "--candidate", CANARY, "--collector", collector.url)
    done = run_command("gate", "run", *sides, cwd=tmp_path)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "delivery.frames: 60 of 60 clips differ" in " ".join(done.stdout.split())


def test_a_canary_whose_jobs_never_end_is_not_promoted(
    canary: str, collector: RunningCollector
) -> None:
    scored(collector.url, STABLE, prompts=range(120))
    scored(collector.url, CANARY, prompts=range(120))
    unscored(collector.url, CANARY, JobState.PROCESSING, prompts=range(200, 400))
    done = watch(collector.url, "--generator", canary, "--promote", "--hours", "0")
    assert done.exit_code == 3
    assert "62% of the candidate's clips have no value" in " ".join(done.stdout.split())
    assert rollout(canary)["stable"] == STABLE


def test_a_version_is_not_compared_with_itself(collector: RunningCollector) -> None:
    scored(collector.url, STABLE, prompts=range(120))
    done = run_command(
        *("gate", "watch", "--baseline", STABLE, "--candidate", STABLE),
        *("--collector", collector.url, "--hours", "0"),
    )
    assert done.exit_code == 3
    assert f"baseline and candidate are the same model: {STABLE}" in done.stdout


def test_scores_that_come_later_decide(canary: str, collector: RunningCollector) -> None:
    scored(collector.url, STABLE, prompts=range(60))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "framegate", "gate", "watch", "--baseline", STABLE),
            *("--candidate", CANARY, "--collector", collector.url, "--every", "0.2"),
            *("--generator", canary),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert "60 and 0 prompts" in process.stderr.readline()
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert rollout(canary)["canary"] is None


def test_nothing_to_look_at_is_inconclusive_and_changes_nothing(
    canary: str, collector: RunningCollector
) -> None:
    done = watch(collector.url, "--generator", canary, "--hours", "0")
    assert done.exit_code == 3
    assert "0 and 0 prompts" in done.stdout
    assert rollout(canary)["canary"] == CANARY


def test_a_registry_that_cannot_be_told_is_no_quiet_failure(
    collector: RunningCollector,
) -> None:
    scored(collector.url, STABLE, prompts=range(60))
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    done = watch(collector.url, "--generator", f"{collector.url}/nothing-here")
    assert done.exit_code == 4
    assert "could not notify the registry" in done.stderr


def test_a_registry_that_comes_to_itself_is_told(collector: RunningCollector) -> None:
    asked: list[str] = []

    async def registry(request: Request) -> Response:
        asked.append((await request.json())["model"])
        return Response(status_code=503) if len(asked) < 3 else JSONResponse({"canary": None})

    scored(collector.url, STABLE, prompts=range(60))
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    app = Starlette(routes=[Route("/v1/rollout/rollback", registry, methods=["POST"])])
    with serving(app) as url:
        done = watch(collector.url, "--generator", url, "--json")
    assert done.exit_code == 1, done.stderr
    assert json.loads(done.stdout)["done"] == f"{CANARY} was rolled back"
    assert asked == [CANARY] * 3
    assert "retrying in" in done.stderr


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("canary", {"model": "ref-9", "share": 0.1}, "model"),
        ("canary", {"model": CANARY, "share": 2}, "share"),
        ("rollback", {}, "model"),
        ("rollback", {"model": CANARY, "resaon": "x"}, "resaon"),
        ("delete", {"model": CANARY}, "action"),
    ],
)
def test_the_registry_says_what_is_wrong(
    rollouts: str, action: str, body: dict[str, object], field: str
) -> None:
    answer = httpx.post(f"{rollouts}/v1/rollout/{action}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


def test_a_form_of_another_page_changes_no_rollout(rollouts: str) -> None:
    before = rollout(rollouts)
    url = f"{rollouts}/v1/rollout/promote"
    assert httpx.post(url, data={"model": CANARY}).status_code == 415
    plain = {"content-type": "text/plain"}
    assert httpx.post(url, content=f'{{"model": "{CANARY}"}}', headers=plain).status_code == 415
    assert rollout(rollouts) == before


def test_a_model_tells_where_it_makes_clips(generator: RunningGenerator) -> None:
    first, second = (
        httpx.get(f"{generator.url}/v1/models/{name}").json()["environment"]
        for name in (STABLE, CANARY)
    )
    differ = {name for name in first if first[name] != second[name]}
    assert differ
    assert all(name.startswith("model.") for name in differ)
    assert len(first["model.weights_sha256"]) == 64
    assert httpx.get(f"{generator.url}/v1/models/ref-9").status_code == 404


def test_a_collector_says_how_a_canary_stands(collector: RunningCollector) -> None:
    ask = {"baseline": STABLE, "candidate": CANARY}
    url = f"{collector.url}/gate/standing"
    assert httpx.get(url, params=ask).json()["verdict"] == "INCONCLUSIVE"
    scored(collector.url, STABLE, prompts=range(60))
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    assert httpx.get(url, params=ask).json()["verdict"] == "FAIL"
    for wrong in ({}, {**ask, "policy": "/etc/passwd"}, {**ask, "back": "-1"}, {**ask, "x": "y"}):
        assert httpx.get(url, params=wrong).status_code == 400


def test_the_generator_gets_its_own_token_and_never_the_collectors(
    collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str | None] = []

    async def registry(request: Request) -> Response:
        sent.append(request.headers.get("authorization"))
        return JSONResponse({"canary": None})

    monkeypatch.setenv("FRAMEGATE_TOKEN", "of-the-collector")
    scored(collector.url, STABLE, prompts=range(60))
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    app = Starlette(routes=[Route("/v1/rollout/rollback", registry, methods=["POST"])])
    with serving(app) as url:
        assert watch(collector.url, "--generator", url).exit_code == 1
        monkeypatch.setenv("FRAMEGATE_GENERATOR_TOKEN", "of-the-generator")
        assert watch(collector.url, "--generator", url).exit_code == 1
    assert sent == [None, "Bearer of-the-generator"]
