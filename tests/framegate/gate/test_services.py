"""Services as they are: keys, polling, plain MP4, and faults that are not the candidate's."""

import re
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from framegate.quality.gate.evidence.archive import load_record
from tests.commands import CommandResult, run_command
from tests.conftest import serving
from tests.framegate.gate.gate_runs import ONE, failing_rules, verdict_document
from tests.framegate.gate.videos_api import (
    MODERATED,
    Answer,
    VideosApi,
    clip_bytes,
    page,
    refusal,
)

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-your-own-generator.md"
SUITE = """\
version: 1
name: tiny
defaults: {size: 64x64, duration: 1, fps: 8}
prompts: [{prompt: a red ball}, {prompt: a blue cube}, {prompt: a green ring}]
"""
POLICY = """\
version: 1
minimum_prompts: 2
unmatched_share: 0
tolerated_broken_share: 0.7
metrics: {freeze_v1: {margin: 0.5}, failed_v1: {ceiling: 0}, ttfp_v1: {ceiling: 60}}
environment: {may_differ: [times]}
"""
KEY = "sk-0123456789abcdef"
OPENAI_FIELDS = ("--fields", "model,prompt,seconds,size")
QUICK = ("--clip-timeout", "1")

Serve = Callable[..., tuple[VideosApi, str]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a service with these attributes; its URL."""
    with ExitStack() as stack:

        def start(**attributes: object) -> tuple[VideosApi, str]:
            api = VideosApi(**attributes)  # type: ignore[arg-type]
            return api, stack.enter_context(serving(api.application()))

        yield start


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "gate.yaml").write_text(POLICY)
    return tmp_path


def gate(
    url: str, place: Path, *more: str, environment: dict[str, str] | None = None
) -> CommandResult:
    """Two models of one service."""
    return run_command(
        *("gate", "run", "--baseline", "m1", "--candidate", "m2", "--generator", url),
        *("--suite", "suite.yaml", "--policy", "gate.yaml", "--out", "run", *ONE, *more),
        cwd=place,
        environment=environment,
    )


def record(
    url: str, place: Path, *more: str, environment: dict[str, str] | None = None
) -> CommandResult:
    return run_command(
        *("baseline", "record", "m1", "--to", "kept", "--generator", url, "--out", "recording"),
        *("--suite", "suite.yaml", "--metrics", "freeze_v1", *ONE, *more),
        cwd=place,
        environment=environment,
    )


def one_line(done: CommandResult) -> str:
    return " ".join((done.stdout + done.stderr).split())


def files_with(folder: Path, text: str) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_a_key_of_the_environment_goes_with_every_request_and_into_no_file(
    serve: Serve, place: Path
) -> None:
    api, url = serve(header=("authorization", f"Bearer {KEY}"))
    done = record(url, place, environment={"FRAMEGATE_GENERATOR_TOKEN": KEY})
    assert done.exit_code == 0, done.stderr
    assert {one.headers["authorization"] for one in api.requests} == {f"Bearer {KEY}"}
    assert {one.method for one in api.requests} == {"POST", "GET"}
    assert KEY not in done.stdout + done.stderr
    assert files_with(place, KEY) == []


def test_a_missing_key_is_no_verdict_and_the_message_says_how_to_send_one(
    serve: Serve, place: Path
) -> None:
    _, url = serve(header=("authorization", f"Bearer {KEY}"))
    done = gate(url, place)
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"{url}/v1/videos: HTTP status 401: Incorrect API key provided" in done.stderr
    assert "FRAMEGATE_GENERATOR_TOKEN" in done.stderr
    assert not (place / "run" / "verdict.json").exists()


def test_a_key_that_the_service_repeats_is_in_no_message(serve: Serve, place: Path) -> None:
    _, url = serve(header=("x-api-key", "another key"))
    (place / "key").write_text(f"# for staging\nX-Api-Key: {KEY}\n")
    done = gate(url, place, "--header", "@key")
    assert done.exit_code == 4
    assert "Incorrect API key provided: ***" in done.stderr
    assert KEY not in done.stderr
    assert files_with(place, KEY) == [place / "key"]


def test_an_option_comes_before_the_variable(serve: Serve, place: Path) -> None:
    api, url = serve(header=("x-api-key", "from the option"))
    done = run_command(
        *("gate", "calibrate", "m1", "--runs", "2", "--generator", url, "--suite", "suite.yaml"),
        *("--header", "X-Api-Key: from the option", *ONE),
        cwd=place,
        environment={"FRAMEGATE_GENERATOR_HEADERS": "x-api-key: variable\nx-team: video\n"},
    )
    assert done.exit_code == 0, done.stderr
    assert {one.headers["x-team"] for one in api.requests} == {"video"}


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--header", KEY], {}, "--header: is not 'NAME: VALUE'"),
        (["--header", f"a b: {KEY}"], {}, "--header: is not 'NAME: VALUE'"),
        (["--header", f"content-length: {KEY}"], {}, "'content-length' is set by framegate"),
        (["--header", "x-key: "], {}, "'x-key' has no value"),
        (["--header", f"x-key: {KEY}\u00e9"], {}, "'x-key' is not printable ASCII"),
        (["--header", f"x-key: {KEY}", "--header", "X-Key: b"], {}, "'x-key' is given twice"),
        (["--header", "@no-such-file"], {}, "no-such-file"),
        (
            [],
            {"FRAMEGATE_GENERATOR_TOKEN": KEY, "FRAMEGATE_GENERATOR_HEADERS": "Authorization: x"},
            "$FRAMEGATE_GENERATOR_TOKEN: header 'authorization' is given twice",
        ),
        (["--clip-timeout", "nan"], {}, "Invalid value for '--clip-timeout'"),
        (["--clip-timeout", "inf"], {}, "Invalid value for '--clip-timeout'"),
        (["--fields", "prompt,colour"], {}, "--fields: 'colour' is unknown"),
        (["--fields", "model"], {}, "--fields: 'prompt' is missing"),
        (["--fields", "prompt,seed"], {}, "--fields has no 'model', so m1 and m2 are one model"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused_by_name(
    arguments: list[str], variables: dict[str, str], said: str, place: Path
) -> None:
    done = gate("http://127.0.0.1:9", place, *arguments, environment=variables)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert KEY not in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://user:{KEY}@127.0.0.1:9", "has a user, a password or a query"),
        (f"http://127.0.0.1:9?key={KEY}", "has a user, a password or a query"),
        ("ftp://127.0.0.1", "is not an http(s) URL"),
        ("127.0.0.1:9", "is not an http(s) URL"),
    ],
)
def test_a_url_with_a_secret_is_refused(url: str, said: str, place: Path) -> None:
    done = gate(url, place)
    assert done.exit_code == 2
    assert said in done.stderr
    assert KEY not in done.stderr


def test_options_about_a_service_need_a_service(place: Path) -> None:
    for option in (("--header", "a: b"), OPENAI_FIELDS):
        done = run_command(
            *("gate", "run", "--baseline", "a", "--candidate", "b", *option), cwd=place
        )
        assert done.exit_code == 2
        assert f"{option[0]} is about the service of --generator" in done.stderr


@pytest.mark.parametrize("container", ["plain", "faststart"])
def test_a_polling_service_with_openais_fields_and_plain_mp4_is_judged(
    container: str, serve: Serve, place: Path
) -> None:
    api, url = serve(
        polls=2, container=container, fields=frozenset({"model", "prompt", "seconds", "size"})
    )
    done = gate(f"{url}/v1", place, *OPENAI_FIELDS)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert api.jobs[0] == {"model": "m1", "prompt": "a red ball", "seconds": "1", "size": "64x64"}
    document = verdict_document(place / "run")
    clip = document["baseline"]["clips"][0]
    assert clip["values"]["failed_v1"] == 0
    assert 0 < clip["values"]["ttfp_v1"] < 60
    assert clip["delivery"]["frames"] == 8
    environment = document["baseline"]["environment"]
    assert environment["service.fields"] == "model, prompt, seconds, size"


def test_a_field_that_the_service_does_not_take_is_named(serve: Serve, place: Path) -> None:
    _, url = serve(fields=frozenset({"model", "prompt", "seconds", "size"}))
    done = gate(url, place)
    assert done.exit_code == 4
    assert f"{url}/v1/videos: HTTP status 400: Unknown parameter: 'fps'." in done.stderr
    assert "--fields" in done.stderr


def test_seeds_that_are_not_sent_are_refused(place: Path) -> None:
    (place / "suite.yaml").write_text(SUITE.replace("fps: 8", "fps: 8, seeds: [1, 2]"))
    done = gate("http://127.0.0.1:9", place, *OPENAI_FIELDS)
    assert done.exit_code == 2
    assert "a prompt has several seeds, and --fields has no 'seed'" in done.stderr


def test_a_plain_file_that_is_cut_short_is_the_candidates_failure(
    serve: Serve, place: Path
) -> None:
    _, url = serve(container="plain", cut={"m2": 400})
    done = gate(url, place)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert failing_rules(place / "run") == {"failed_v1.ceiling"}
    reasons = verdict_document(place / "run")["candidate"]["clips"][0]["reasons"]
    assert "not a whole video" in reasons["ttfp_v1"]


def test_a_connection_that_ends_within_the_candidates_clips_is_its_failure(
    serve: Serve, place: Path
) -> None:
    (place / "suite.yaml").write_text(SUITE.replace(", {prompt: a green ring}", ""))
    data = clip_bytes("cut", container="fragmented")

    def cut() -> Response:
        length = {"content-length": str(len(data) + 1)}
        return StreamingResponse(iter([data]), headers=length, media_type="video/mp4")

    _, url = serve(answers={("content", "m2"): cut})
    done = gate(url, place)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert failing_rules(place / "run") == {"failed_v1.ceiling"}
    reasons = verdict_document(place / "run")["candidate"]["clips"][0]["reasons"]
    assert reasons["ttfp_v1"].startswith("truncated: ")


FAULTS = {
    "401": ("create", refusal(401, "no such key"), "HTTP status 401: no such key"),
    "403": ("create", refusal(403, "not in your plan"), "HTTP status 403: not in your plan"),
    "404": ("create", refusal(404, "no such path"), "HTTP status 404: no such path"),
    "400": ("create", refusal(400, "size is wrong"), "HTTP status 400: size is wrong"),
    "422": (
        "create",
        lambda: JSONResponse({"detail": [{"loc": ["body", "fps"], "msg": "not permitted"}]}, 422),
        "HTTP status 422: [{'loc': ['body', 'fps'], 'msg': 'not permitted'}]",
    ),
    "nonsense": ("create", lambda: Response("{"), "the answer has no job's id: {"),
    "no id": ("create", lambda: JSONResponse(["a"]), "the answer has no job's id: ['a']"),
    "post redirect": (
        "create",
        lambda: RedirectResponse("https://example.org/v1/videos?signature=secret"),
        "redirects to https://example.org/v1/videos; give that URL instead",
    ),
    "content 401": ("content", refusal(401, "no such key"), "/content: HTTP status 401"),
    "content 404": ("content", refusal(404, "expired"), "/content: HTTP status 404: expired"),
    "html": ("content", page(), "answers with text/html, not with a video: <html>Please log in"),
    "html as video": ("content", page(kind="video/mp4"), "a text, not a video: <html>Please log"),
    "loop": ("content", lambda: RedirectResponse("content"), "/content: more than 5 redirects"),
    "scheme": ("content", lambda: RedirectResponse("file:///etc/passwd"), "file:, not http(s)"),
    "status": (
        "job",
        lambda: JSONResponse({"status": "paused"}),
        "status 'paused' is unknown; known are queued, in_progress, completed, failed",
    ),
}


@pytest.mark.parametrize(
    ("fault", "model"), [*((fault, "m2") for fault in FAULTS), ("401", "*"), ("html", "*")]
)
def test_a_fault_of_the_service_is_no_verdict(
    fault: str, model: str, serve: Serve, place: Path
) -> None:
    where, answer, said = FAULTS[fault]
    answers: dict[tuple[str, str], Answer] = {(where, model): answer}
    _, url = serve(answers=answers, polls=1)
    done = gate(url, place)
    assert (done.exit_code, done.stdout) == (4, ""), done.stderr
    assert url in done.stderr
    assert said in done.stderr
    assert "signature" not in done.stderr
    assert not (place / "run" / "verdict.json").exists()


FAILURES = {
    "500": ("create", refusal(500, "out of memory"), "/v1/videos: HTTP status 500: out of memory"),
    "content 500": ("content", refusal(500, "gone"), "content: HTTP status 500: gone"),
    "job failed": (
        "job",
        lambda: JSONResponse({"status": "failed", "error": {"message": "CUDA error"}}),
        "the job failed: CUDA error",
    ),
    "bytes": ("content", lambda: Response(bytes(range(256)) * 9), "not a whole video"),
    "nothing": ("content", lambda: Response(b""), "not a whole video"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_of_both_models_is_the_services(failure: str, serve: Serve, place: Path) -> None:
    where, answer, said = FAILURES[failure]
    _, url = serve(answers={(where, "*"): answer}, polls=1)
    done = gate(url, place)
    assert (done.exit_code, done.stdout) == (4, ""), done.stderr
    assert f"{url}: no clip at all, from no model: " in done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("failure", ["500", "job failed"])
def test_a_failure_of_the_candidate_alone_is_evidence(
    failure: str, serve: Serve, place: Path
) -> None:
    where, answer, said = FAILURES[failure]
    _, url = serve(answers={(where, "m2"): answer}, polls=1)
    done = gate(url, place)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert failing_rules(place / "run") == {"failed_v1.ceiling"}
    reasons = verdict_document(place / "run")["candidate"]["clips"][0]["reasons"]
    assert reasons["ttfp_v1"] == said


def test_a_baseline_without_a_clip_is_not_stored(serve: Serve, place: Path) -> None:
    _, url = serve(answers={("create", "*"): refusal(500, "out of memory")})
    done = record(url, place)
    assert (done.exit_code, done.stdout) == (4, "")
    assert (
        "no clip at all, from no model: /v1/videos: HTTP status 500: out of memory" in done.stderr
    )
    assert not (place / "kept").exists()


def test_a_baseline_with_some_clips_is_stored_and_what_it_lacks_is_asked_of_no_candidate(
    serve: Serve, place: Path
) -> None:
    _, url = serve(moderated={("*", "a blue cube")})
    done = record(url, place)
    assert done.exit_code == 0, done.stderr
    _, evidence = load_record(str(place / "kept"))
    failed = {clip.prompt: clip.values["failed_v1"] for clip in evidence.clips}
    assert failed == {"a red ball": 0, "a blue cube": 1, "a green ring": 0}
    done = run_command(
        *("gate", "run", "--baseline", "kept", "--candidate", "m2", "--generator", url),
        *("--suite", "suite.yaml", "--policy", "gate.yaml", *ONE),
        cwd=place,
    )
    assert done.exit_code == 0, done.stdout + done.stderr


def test_a_service_that_breaks_in_the_middle_blames_no_model(serve: Serve, place: Path) -> None:
    prompts = ", ".join(f"{{prompt: ball {number}}}" for number in range(6))
    (place / "suite.yaml").write_text(re.sub(r"prompts: .*", f"prompts: [{prompts}]", SUITE))
    warm_ups = 2
    api, url = serve(jobs_until_500=warm_ups + 5)
    done = gate(url, place)
    assert (done.exit_code, done.stdout) == (4, ""), done.stderr
    assert "no clip for the last 3 prompts, from no model" in done.stderr
    api.jobs_until_500 = 1000
    done = gate(url, place)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert len(api.jobs) == warm_ups + 5 + warm_ups + 7


def test_a_prompt_that_moderation_refuses_on_both_sides_is_left_out_and_counted(
    serve: Serve, place: Path
) -> None:
    _, url = serve(moderated={("*", "a blue cube")})
    done = gate(url, place)
    assert done.exit_code == 0, done.stdout + done.stderr
    checks = verdict_document(place / "run")["checks"]
    for check in checks:
        if check["measure"]:
            (left_out,) = check["abstained"]
            assert left_out.startswith(
                "a blue cube (failed on both sides: refused by the service's moderation: "
            )
    assert {check["n"] for check in checks if check["measure"]} == {2}


def test_a_prompt_that_moderation_refuses_to_the_candidate_alone_is_a_failure(
    serve: Serve, place: Path
) -> None:
    _, url = serve(moderated={("m2", "a blue cube")})
    done = gate(url, place)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert failing_rules(place / "run") == {"failed_v1.ceiling"}


def test_a_job_that_moderation_stops_is_a_refusal_too(serve: Serve, place: Path) -> None:
    def stopped() -> Response:
        return JSONResponse({"status": "failed", "error": MODERATED})

    _, url = serve(answers={("job", "*"): stopped}, polls=1)
    done = gate(url, place)
    assert done.exit_code == 4
    assert "refused by the service's moderation: Your request was blocked." in done.stderr


def test_a_redirect_to_another_origin_gets_no_header(serve: Serve, place: Path) -> None:
    seen: list[Request] = []

    async def stored(request: Request) -> Response:
        seen.append(request)
        return Response(clip_bytes("stored", container="plain"), media_type="video/mp4")

    with serving(Starlette(routes=[Route("/bucket/clip.mp4", stored)])) as bucket:
        _, url = serve(header=("x-api-key", KEY), content_url=f"{bucket}/bucket/clip.mp4?sig=1")
        done = record(url, place, environment={"FRAMEGATE_GENERATOR_HEADERS": f"x-api-key: {KEY}"})
    assert done.exit_code == 0, done.stderr
    assert len(seen) == 4
    assert all(KEY not in str(one.headers) for one in seen)
    assert {one.url.query for one in seen} == {"sig=1"}


def test_a_busy_service_is_asked_again(serve: Serve, place: Path) -> None:
    api, url = serve(
        first_answers=[
            refusal(429, "slow down", retry_after="0"),
            refusal(503, "starting", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        ]
    )
    done = record(url, place)
    assert done.exit_code == 0, done.stderr
    assert len(api.jobs) == 4


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_service_that_stays_busy_is_no_verdict(status: int, serve: Serve, place: Path) -> None:
    answer = refusal(status, "slow down", retry_after="0")
    _, url = serve(answers={("create", "m2"): answer})
    done = gate(url, place)
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"{url}/v1/videos: HTTP status {status}: slow down; asked 5 times" in done.stderr


def test_a_wait_that_is_longer_than_the_limit_is_named(serve: Serve, place: Path) -> None:
    _, url = serve(answers={("create", "*"): refusal(429, "slow down", retry_after="3600")})
    done = gate(url, place)
    assert done.exit_code == 4
    assert "slow down, and asks to wait 3600 s: no clip within 600 s" in done.stderr


def test_a_service_that_hangs_ends_at_the_limit(serve: Serve, place: Path) -> None:
    _, url = serve(hangs=True)
    done = gate(url, place, *QUICK)
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"{url}/v1/videos: no answer in time" in done.stderr


def test_a_service_that_never_says_a_word_ends_at_the_limit(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = gate(url, place, *QUICK)
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"{url}/v1/models/m1: no answer in time" in done.stderr


def test_a_job_that_never_ends_is_no_verdict(serve: Serve, place: Path) -> None:
    _, url = serve(polls=10**6)
    done = gate(url, place, *QUICK)
    assert (done.exit_code, done.stdout) == (4, "")
    assert "the job is still in_progress: no clip within 1 s, the limit of --clip-timeout" in (
        done.stderr
    )
    assert f"{url}/v1/videos/video_0" in done.stderr


def test_clips_that_were_asked_for_with_other_fields_are_not_comparable(
    serve: Serve, place: Path
) -> None:
    _, url = serve()
    assert record(url, place).exit_code == 0
    done = run_command(
        *("gate", "run", "--baseline", "kept", "--candidate", "m2", "--generator", url),
        *("--suite", "suite.yaml", "--policy", "gate.yaml", *OPENAI_FIELDS, *ONE),
        cwd=place,
    )
    assert done.exit_code == 3, done.stdout + done.stderr
    said = "service.fields (not recorded and model, prompt, seconds, size)"
    assert said in one_line(done)


def test_the_pages_commands_work_with_the_services_they_are_for(serve: Serve, place: Path) -> None:
    (section,) = re.findall(
        r"## Let the gate generate clips\n(.*?)\n## ", PAGE.read_text(), re.DOTALL
    )
    (place / "headers.txt").write_text("x-api-key: of my team\n")
    services: tuple[dict[str, object], ...] = (
        {},
        {"polls": 2, "container": "plain", "fields": frozenset(OPENAI_FIELDS[1].split(","))},
        {"header": ("authorization", f"Bearer {KEY}")},
        {"header": ("x-api-key", "of my team")},
    )
    commands = re.findall(r"^\$ (framegate .*)$", section, re.MULTILINE)
    assert f"$ export FRAMEGATE_GENERATOR_TOKEN={KEY}" in section
    for command, attributes in zip(commands, services, strict=True):
        _, url = serve(**attributes)
        words = shlex.split(command.replace("http://127.0.0.1:8080", url))[1:]
        variables = {"FRAMEGATE_GENERATOR_TOKEN": KEY} if "record" in words else None
        done = run_command(*words, cwd=place, environment=variables)
        assert done.exit_code == 0, command + done.stdout + done.stderr
