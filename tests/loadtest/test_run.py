"""Whole runs of the command, against a generator that is not ours."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from framegate.loadtest.result import exit_code, summarize_run
from framegate.loadtest.watch import retry_after_seconds
from tests.conftest import RunningCollector, serving
from tests.loadtest.mp4_clips import EVERY_FRAME, FPS

CLIP_SECONDS = 30 / FPS


class Foreign:
    """A service with the videos API and none of our code, and without a page for its health."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.retry_after: list[str] = []  # one for each request that is refused with 429 first
        self.keys: set[str | None] = set()  # of all requests
        self.elsewhere: str | None = None  # where the content is
        self.answers: list[str] = []  # to the next requests, in place of a job
        self.cut = 0

    async def create(self, request: Request) -> Response:
        self.keys.add(request.headers.get("x-api-key"))
        if self.retry_after:
            return PlainTextResponse("busy", 429, {"retry-after": self.retry_after.pop(0)})
        if self.answers:
            return Response(self.answers.pop(0))
        self.asked.append({**await request.json(), "traceparent": request.headers["traceparent"]})
        return JSONResponse({"id": f"v{len(self.asked)}", "object": "video", "status": "queued"})

    async def content(self, request: Request) -> Response:
        self.keys.add(request.headers.get("x-api-key"))
        if self.elsewhere:
            return RedirectResponse(self.elsewhere)

        async def chunks() -> AsyncIterator[bytes]:
            data = EVERY_FRAME[: len(EVERY_FRAME) - self.cut]
            for start in range(0, len(data), 700):
                yield data[start : start + 700]
                await asyncio.sleep(0)

        return StreamingResponse(chunks(), media_type="video/mp4")


@pytest.fixture
def foreign() -> Iterator[tuple[Foreign, str]]:
    service = Foreign()
    routes = [
        Route("/v1/videos", service.create, methods=["POST"]),
        Route("/v1/videos/{name}/content", service.content),
    ]
    with serving(Starlette(routes=routes)) as url:
        yield service, url


def loadtest(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "framegate", "loadtest", "run", "--url", url, *arguments]
    environment = os.environ | {"COLUMNS": "80"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def test_every_clip_is_watched_and_every_outcome_arrives(
    foreign: tuple[Foreign, str], collector: RunningCollector
) -> None:
    service, url = foreign
    asked = ["--jobs", "7", "--users", "3", "--seconds", str(CLIP_SECONDS)]
    done = loadtest(url, *asked, "--collector", collector.url, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["jobs"], result["complete"], result["frames"]) == (7, 7, 210)
    assert 0 < result["ttfp_p50"] <= result["ttfp_p95"] <= result["ttfp_p99"] < 30
    outcomes = collector.client.client_outcomes()
    assert {outcome.job_id for outcome in outcomes} == {f"v{n}" for n in range(1, 8)}
    assert {outcome.frames for outcome in outcomes} == {30}
    assert {outcome.trace_id for outcome in outcomes} == {
        ask["traceparent"].split("-")[1] for ask in service.asked
    }


def test_a_seed_asks_for_the_same_again_and_the_table_fits_80_columns(
    foreign: tuple[Foreign, str],
) -> None:
    service, url = foreign
    for _ in range(2):
        done = loadtest(url, "--jobs", "4", "--users", "1", "--seconds", str(CLIP_SECONDS))
        assert "4 complete" in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80
    prompts = [(ask["prompt"], ask["seed"], ask["workload"]) for ask in service.asked]
    assert prompts[:4] == prompts[4:]
    assert len(set(prompts)) == 4


def test_clips_cut_short_are_counted_and_fail_the_run(foreign: tuple[Foreign, str]) -> None:
    service, url = foreign
    service.cut = 200
    done = loadtest(url, "--jobs", "2", "--seconds", str(CLIP_SECONDS), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcomes"] == {"truncated": 2}


def test_a_service_that_delivers_less_than_was_ordered_fails(foreign: tuple[Foreign, str]) -> None:
    _, url = foreign
    done = loadtest(url, "--jobs", "1", "--seconds", "10", "--json")
    assert json.loads(done.stdout)["outcomes"] == {"truncated": 1}


def test_an_answer_without_a_job_is_a_refusal(foreign: tuple[Foreign, str]) -> None:
    service, url = foreign
    service.answers = ["", "[]", "{}", '{"id": 7}', "<html>"]
    done = loadtest(url, "--jobs", "5", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcomes"] == {"refused": 5}
    assert service.answers == []


def test_a_key_goes_to_the_service_and_not_to_a_bucket(foreign: tuple[Foreign, str]) -> None:
    service, url = foreign
    bucket = Foreign()
    with serving(Starlette(routes=[Route("/clip.mp4", bucket.content)])) as elsewhere:
        service.elsewhere = f"{elsewhere}/clip.mp4?signature=1"
        done = loadtest(
            *(url, "--jobs", "2", "--seconds", str(CLIP_SECONDS), "--json"),
            *("--header", "X-Api-Key: of my team"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["complete"] == 2
    assert service.keys == {"of my team"}
    assert bucket.keys == {None}


STRANGE = ("soon", "-1", "nan", "1e9", "")


@pytest.mark.parametrize("value", STRANGE)
def test_a_strange_retry_after_is_a_second(value: str) -> None:
    response = httpx.Response(429, headers={"retry-after": value})
    assert retry_after_seconds(response) == 1.0


def test_429_is_respected_and_counted_however_strange(foreign: tuple[Foreign, str]) -> None:
    service, url = foreign
    service.retry_after = [*STRANGE, "0", "0", "0"]
    counts = ("--jobs", "5", "--users", "5", "--seconds", str(CLIP_SECONDS))
    done = loadtest(url, *counts, "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["complete"], result["throttled"]) == (0, 5, 8)
    assert service.retry_after == []
    assert 1.0 <= result["duration_seconds"] < 30.0


def test_a_run_that_watched_less_than_planned_is_no_pass() -> None:
    whole = summarize_run([], planned=0, duration_seconds=1.0)
    assert exit_code(whole) == 3
    assert exit_code(replace(whole, planned=2, jobs=1, complete=1)) == 3
    assert exit_code(replace(whole, planned=2, jobs=2, complete=2)) == 0
    assert exit_code(replace(whole, planned=2, jobs=1, complete=0)) == 1


def test_nobody_there_is_bad_input_and_not_a_failed_run() -> None:
    done = loadtest("http://127.0.0.1:1", "--jobs", "1")
    assert done.returncode == 2
    assert "the generator is not reachable" in done.stderr
