"""The gate in CI systems: files that fit their schemas, steps that a shell runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.gate.reports_folder import reports_folder
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.judging.document import document_of, dump_document
from framegate.quality.gate.reports.markdown import MARKER
from tests.commands import CommandResult, run_command
from tests.conftest import RunningCollector, serving
from tests.framegate.gate.videos_api import VideosApi, refusal
from tests.quality.gate.made_evidence import (
    HEAD,
    SSIM,
    THREE,
    clips,
    delivery,
    judged,
    policy,
    side,
)
from tests.scores import CANARY, STABLE, scored

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = ROOT / "deploy" / "gitlab" / "framegate-gate.yml"
ARGO = list(yaml.safe_load_all((ROOT / "deploy" / "argo" / "analysis-template.yaml").read_text()))
EXPRESSION = re.compile(r"\$\{\{ *([^}]+?) *\}\}")


def schema_of(name: str) -> Any:
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text())


@pytest.fixture
def sides(tmp_path: Path) -> dict[str, str]:
    """Recorded evidence of a baseline, of a worse candidate, of one that nobody can judge."""
    archive = Archive(str(tmp_path / "kept"))
    for name, found in (
        ("old", clips(prompts=20)),
        ("good", clips(prompts=20)),
        ("worse", clips(prompts=20, shift={SSIM: -0.1})),
        ("unclear", clips(prompts=20, noise=0.05)),
    ):
        archive.record(replace(side(found), name=name), name=name)
    (tmp_path / "gate.yaml").write_text(THREE)
    return {name: f"{archive.root}@{name}" for name in ("old", "good", "worse", "unclear")}


def programs(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which ``framegate`` and ``python`` are ours."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for name, arguments in (("framegate", "-m framegate"), ("python", "")):
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        path.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


class Runner:
    """Runs a composite action's steps one by one, as GitHub's runner does."""

    def __init__(self, folder: Path, inputs: Mapping[str, str], **context: str) -> None:
        self.folder = folder
        self.values = {f"inputs.{name}": given for name, given in defaults().items()}
        self.values |= {f"inputs.{name}": given for name, given in inputs.items()} | context
        self.summary, self.output = folder / "summary.md", folder / "output"
        self.said = ""

    def run(self) -> int:
        """The exit code of the first step that fails; steps after it run if they always do."""
        failed = 0
        for step in ACTION["runs"]["steps"]:
            condition = str(step.get("if", "success()"))
            if (failed and "always()" not in condition) or not self.holds(condition):
                continue
            code = self.step(step)
            failed = failed or code
        return failed

    def step(self, step: Mapping[str, Any]) -> int:
        self.output.write_text("")
        environment = {
            name: EXPRESSION.sub(lambda found: self.value(found[1]), str(text))
            for name, text in step.get("env", {}).items()
        }
        assert not EXPRESSION.search(step["run"]), "an input must not become part of a script"
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            shell,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **programs(self.folder),
                **environment,
                "GITHUB_OUTPUT": str(self.output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_REPOSITORY": "acme/videos",
                "GITHUB_API_URL": self.values.get("api", ""),
            },
        )
        self.said += done.stdout + done.stderr
        for line in self.output.read_text().splitlines():
            name, _, text = line.partition("=")
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = text
        return done.returncode

    def value(self, expression: str) -> str:
        return self.values.get(expression, "")

    def holds(self, condition: str) -> bool:
        parts = [part.strip() for part in condition.split("&&")]
        return all(self.part_holds(part) for part in parts)

    def part_holds(self, part: str) -> bool:
        if part in ("always()", "success()"):
            return True
        compared = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part)
        assert compared, f"the test does not know {part}"
        return (self.value(compared[1]) == compared[3]) == (compared[2] == "==")


def defaults() -> Mapping[str, str]:
    return {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}


def test_the_action_fits_githubs_schema() -> None:
    jsonschema.validate(ACTION, schema_of("github-actions"))


@pytest.mark.parametrize(
    ("candidate", "more", "code", "verdict"),
    [
        ("good", {}, 0, "PASS"),
        ("worse", {}, 1, "FAIL"),
        ("unclear", {}, 3, "INCONCLUSIVE"),
        ("unclear", {"inconclusive": "warn"}, 0, "INCONCLUSIVE"),
        ("worse", {"inconclusive": "warn"}, 1, "FAIL"),
    ],
)
def test_the_actions_steps_end_as_the_verdict_says(
    tmp_path: Path,
    sides: dict[str, str],
    candidate: str,
    more: dict[str, str],
    code: int,
    verdict: str,
) -> None:
    given = {"baseline": sides["old"], "candidate": sides[candidate], "policy": "gate.yaml"}
    runner = Runner(tmp_path, {**given, "install": "", **more})
    assert runner.run() == code, runner.said
    assert runner.value("steps.gate.outputs.verdict") == verdict
    assert f" {verdict}: `{candidate}` against `old`" in runner.summary.read_text()
    names = {path.name for path in (tmp_path / "gate-run").iterdir()}
    assert names >= {"verdict.json", "junit.xml", "verdict.sarif", "report.html"}
    assert ("::error file=gate.yaml,line=6" in runner.said) == (candidate == "worse")


def test_an_action_that_cannot_judge_fails_without_a_verdict(
    tmp_path: Path, sides: dict[str, str]
) -> None:
    given = {"baseline": sides["old"], "candidate": sides["good"], "policy": "no.yaml"}
    runner = Runner(tmp_path, {**given, "install": "", "inconclusive": "warn"})
    assert runner.run() == 2
    assert runner.value("steps.gate.outputs.verdict") == ""
    assert not runner.summary.exists()


def test_an_old_verdict_is_not_taken_for_a_new_one(tmp_path: Path, sides: dict[str, str]) -> None:
    given = {"baseline": sides["old"], "candidate": sides["good"], "policy": "gate.yaml"}
    assert Runner(tmp_path, {**given, "install": ""}).run() == 0
    again = Runner(tmp_path, {**given, "install": "", "policy": "no.yaml"})
    assert again.run() == 2
    assert not (tmp_path / "gate-run" / "verdict.json").exists()


def test_inputs_are_no_part_of_a_script(tmp_path: Path, sides: dict[str, str]) -> None:
    nasty = f'$(touch {tmp_path}/stolen)"; touch {tmp_path}/stolen; echo "'
    given = {"baseline": sides["old"], "candidate": nasty, "policy": "gate.yaml", "install": ""}
    assert Runner(tmp_path, given).run() == 2
    assert not (tmp_path / "stolen").exists()


KEY = "sk-0123456789abcdef"


@pytest.fixture
def guarded() -> Iterator[str]:
    """A service that says 'let in' to callers with the key, and makes nothing."""
    api = VideosApi(
        header=("authorization", f"Bearer {KEY}"), answers={("create", "*"): refusal(404, "let in")}
    )
    with serving(api.application()) as url:
        yield url


@pytest.mark.parametrize("given", [{"api-key": KEY}, {"headers": f"Authorization: Bearer {KEY}"}])
def test_a_key_goes_to_the_service_and_into_no_log(
    given: dict[str, str], guarded: str, tmp_path: Path
) -> None:
    sides = {"baseline": "m1", "candidate": "m2", "generator": guarded, "install": ""}
    runner = Runner(tmp_path, {**sides, **given, "fields": "model,prompt", "clip-timeout": "30"})
    assert runner.run() == 4
    assert "HTTP status 404: let in" in runner.said
    assert KEY not in runner.said


class Issues:
    """The part of GitHub's API that comments are written with, over real HTTP.

    ``refusal`` is what it says to a token that may not write, as on pull requests of forks.
    """

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.comments: list[dict[str, Any]] = [
            {"id": number, "body": f"comment {number}", "user": {"login": "somebody"}}
            for number in range(1, 151)
        ]
        self.tokens: set[str | None] = set()

    async def listed(self, request: Request) -> Response:
        self.tokens.add(request.headers.get("authorization"))
        page = int(request.query_params.get("page", 1))
        following = request.url.include_query_params(page=page + 1)
        more = len(self.comments) > page * 100
        return JSONResponse(
            self.comments[(page - 1) * 100 : page * 100],
            headers={"link": f'<{following}>; rel="next"'} if more else {},
        )

    async def added(self, request: Request) -> Response:
        body = (await request.json())["body"]
        if self.refusal:
            return JSONResponse({"message": self.refusal}, 403)
        if len(body) > 65_536:
            return JSONResponse({"message": "Validation Failed"}, 422)
        user = {"login": "github-actions[bot]"}
        comment = {"id": len(self.comments) + 1, "body": body, "user": user}
        self.comments.append(comment)
        return JSONResponse({**comment, "html_url": "https://example.org/c/1"}, 201)

    async def changed(self, request: Request) -> Response:
        found = self.comments[request.path_params["number"] - 1]
        found["body"] = (await request.json())["body"]
        return JSONResponse({**found, "html_url": "https://example.org/c/1"})

    async def user(self, _: Request) -> Response:
        return JSONResponse({"message": "Resource not accessible by integration"}, 403)

    @property
    def mine(self) -> list[str]:
        """The texts that the gate wrote."""
        marker = MARKER.removesuffix(" -->")
        return [
            str(one["body"])
            for one in self.comments
            if one["body"].startswith(marker) and one["user"]["login"] != "somebody"
        ]

    def app(self) -> Starlette:
        issues = "/repos/acme/videos/issues"
        return Starlette(
            routes=[
                Route("/user", self.user),
                Route(f"{issues}/7/comments", self.listed),
                Route(f"{issues}/7/comments", self.added, methods=["POST"]),
                Route(f"{issues}/comments/{{number:int}}", self.changed, methods=["PATCH"]),
            ]
        )


@pytest.fixture
def verdicts(tmp_path: Path) -> dict[str, Path]:
    """Verdicts on three candidates; the last one has more rules than a comment has room for."""
    many, worse = (
        tuple(replace(clip, category=f"category {n}") for n, clip in enumerate(found))
        for found in (clips(prompts=900), clips(prompts=900, shift={SSIM: -0.1}))
    )
    categories = HEAD + f"metrics: {{{SSIM}: {{margin: 0.01, categories: {{margin: 0.01}}}}}}"
    two_each = categories.replace("{margin: 0.01}}", "{margin: 0.01, minimum_prompts: 2}}")
    pairs = tuple(
        replace(clip, category=f"category {n // 2}") for n, clip in enumerate(clips(prompts=2000))
    )
    found = {
        "worse": judged(clips(), clips(shift={SSIM: -0.1})),
        "good": judged(clips(), clips()),
        "wordy": judged(many, worse, policy(categories)),
        "wordy pass": judged(pairs, replaced(pairs), policy(two_each)),
    }
    paths = {}
    for name, result in found.items():
        rules = {"wordy": policy(categories), "wordy pass": policy(two_each)}.get(name, policy())
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_bytes(dump_document(document_of(result, rules)))
    return paths


def replaced(found: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The same values of other files."""
    return tuple(replace(clip, delivery=delivery()) for clip in found)


def comment(
    monkeypatch: pytest.MonkeyPatch, issues: Issues, verdict: Path, *more: str
) -> CommandResult:
    with serving(issues.app()) as url:
        monkeypatch.setenv("GITHUB_API_URL", url)
        monkeypatch.setenv("GITHUB_TOKEN", "t0k3n")
        return run_command(
            *("gate", "comment", str(verdict), "--repository", "acme/videos", "--number", "7"),
            *more,
        )


def test_a_candidates_comment_is_updated(
    monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Path]
) -> None:
    issues = Issues()
    for name in ("worse", "good"):
        done = comment(monkeypatch, issues, verdicts[name])
        assert done.stdout == "https://example.org/c/1\n", done.stderr
    (mine,) = issues.mine
    assert "PASS: `new`" in mine
    assert issues.tokens == {"Bearer t0k3n"}


def test_two_jobs_do_not_write_over_each_other(
    monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Path]
) -> None:
    issues = Issues()
    for job, name in (("ci/gate fast", "worse"), ("ci/gate slow", "good")):
        comment(monkeypatch, issues, verdicts[name], "--job", job)
    assert sorted("FAIL: `new`" in text for text in issues.mine) == [False, True]
    comment(monkeypatch, issues, verdicts["good"], "--job", "ci/gate fast")
    assert [("PASS: `new`" in text) for text in issues.mine] == [True, True]


def test_a_strangers_comment_with_the_marker_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Path]
) -> None:
    issues = Issues()
    comment(monkeypatch, issues, verdicts["worse"])
    marker = issues.mine[0].partition("\n")[0]
    stranger = Issues()
    stranger.comments[3]["body"] = f"{marker}\nPASS, believe me"
    comment(monkeypatch, stranger, verdicts["worse"])
    assert stranger.comments[3]["body"].endswith("believe me")
    assert len(stranger.mine) == 1


def test_a_token_that_may_not_write_is_a_warning_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Path]
) -> None:
    refused = Issues("Resource not accessible by integration")
    done = comment(monkeypatch, refused, verdicts["good"])
    assert done.exit_code == 0
    assert done.stdout.startswith("::warning title=framegate gate::no comment was written: ")
    assert "Resource not accessible by integration" in done.stdout
    assert "pull-requests: write" in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(("name", "said"), [("wordy", "FAIL"), ("wordy pass", "PASS")])
def test_a_long_comment_is_cut_and_says_where_the_rest_is(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Path]
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/videos")
    monkeypatch.setenv("GITHUB_RUN_ID", "42")
    issues = Issues()
    done = comment(monkeypatch, issues, verdicts[name])
    assert done.exit_code == 0, done.stderr
    (mine,) = issues.mine
    assert 60_000 < len(mine) <= 65_536
    assert f"{said}: `new`" in mine
    assert mine.count("<details>") == mine.count("</details>")
    assert mine.rstrip().endswith("(https://github.example/acme/videos/actions/runs/42).")


def test_the_action_comments_where_that_is_asked_for(tmp_path: Path, sides: dict[str, str]) -> None:
    issues = Issues()
    given = {"baseline": sides["old"], "candidate": sides["good"], "policy": "gate.yaml"}
    context = {"github.event.pull_request.number": "7", "github.token": "t0k3n"}
    with serving(issues.app()) as url:
        runner = Runner(tmp_path, {**given, "install": "", "comment": "true"}, **context, api=url)
        assert runner.run() == 0, runner.said
    assert "https://example.org/c/1" in runner.said
    assert ["PASS: `good`" in text for text in issues.mine] == [True]


def test_the_action_installs_its_own_files(tmp_path: Path) -> None:
    """Not a name on a package index, which could be anybody's."""
    (step,) = [one for one in ACTION["runs"]["steps"] if one["name"] == "Install"]
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        env={
            "PATH": f"{python.parent}:{os.environ['PATH']}",
            "INSTALL": "gate",
            "GITHUB_ACTION_PATH": "/actions/framegate",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "/actions/framegate[gate]"


def test_a_run_without_a_verdict_leaves_no_reports_of_the_last(
    tmp_path: Path, sides: dict[str, str]
) -> None:
    asked = ("gate", "run", "--baseline", sides["old"], "--candidate", sides["good"])
    out, page = tmp_path / "gate-run", tmp_path / "gate-run" / "report.html"
    assert run_command(*asked, "--policy", "gate.yaml", cwd=tmp_path).exit_code == 0
    written = {path.name for path in out.iterdir()}
    assert written == {
        "verdict.json",
        "verdict.md",
        "annotations.txt",
        "junit.xml",
        "verdict.sarif",
    }
    page.write_text("of the last run")
    assert run_command(*asked, "--policy", "no.yaml", cwd=tmp_path).exit_code == 2
    assert list(out.iterdir()) == []


def test_two_runs_do_not_share_a_folder(tmp_path: Path, sides: dict[str, str]) -> None:
    asked = ("gate", "run", "--baseline", sides["old"], "--candidate", sides["good"])
    with reports_folder(tmp_path / "gate-run"):
        done = run_command(*asked, "--policy", "gate.yaml", cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "gate-run: another run writes there" in done.stderr
    assert run_command(*asked, "--policy", "gate.yaml", cwd=tmp_path).exit_code == 0


def test_reports_name_files_by_their_path_in_the_repository(
    tmp_path: Path, sides: dict[str, str]
) -> None:
    service = tmp_path / "services" / "video"
    (tmp_path / ".git").mkdir()
    (service / "policies").mkdir(parents=True)
    (service / "policies" / "gate.yaml").write_text(THREE)
    asked = ("gate", "run", "--baseline", sides["old"], "--candidate", sides["worse"])
    for typed in ("policies/gate.yaml", "../video/policies/gate.yaml"):
        done = run_command(*asked, "--policy", typed, cwd=service)
        assert done.exit_code == 1, done.stderr
        text = (service / "gate-run" / "annotations.txt").read_text()
        assert "file=services/video/policies/gate.yaml,line=6" in text
    log = json.loads((service / "gate-run" / "verdict.sarif").read_text())
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "services/video/policies/gate.yaml"
    run_command(*asked, "--policy", "default", cwd=service)
    assert "file=built-in/default.yaml" in (service / "gate-run" / "annotations.txt").read_text()


def test_the_gitlab_template_fits_gitlabs_schema() -> None:
    jsonschema.validate(yaml.safe_load(GITLAB.read_text()), schema_of("gitlab-ci"))


@pytest.mark.parametrize(("candidate", "code"), [("good", 0), ("worse", 1), ("unclear", 3)])
def test_the_gitlab_job_ends_as_the_verdict_says(
    tmp_path: Path, sides: dict[str, str], candidate: str, code: int
) -> None:
    job = yaml.safe_load(GITLAB.read_text())[".framegate-gate"]
    given = {
        **job["variables"],
        "FRAMEGATE_INSTALL": "",
        "FRAMEGATE_BASELINE": sides["old"],
        "FRAMEGATE_CANDIDATE": sides[candidate],
        "FRAMEGATE_POLICY": "gate.yaml",
    }
    environment = {**programs(tmp_path), **given}
    codes = [
        subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            timeout=120,
        ).returncode
        for lines in (job["before_script"] + job["script"], job["after_script"])
    ]
    assert codes == [code, 0]
    wanted = [path.replace("$FRAMEGATE_OUT", "gate-run") for path in job["artifacts"]["paths"]]
    assert all((tmp_path / path).is_file() for path in wanted)
    assert job["allow_failure"]["exit_codes"] == [3]


def condition(text: str, answer: Mapping[str, Any]) -> bool:
    """One of Argo's conditions, as far as ours go."""
    found = re.fullmatch(r'result\.(\w+) == "(\w+)"', text)
    assert found
    return bool(answer[found[1]] == found[2])


@pytest.mark.parametrize(
    ("prompts", "worse", "phase"),
    [(120, 0.0, "Successful"), (60, 0.05, "Failed"), (5, 0.05, "Inconclusive")],
)
def test_argo_goes_on_aborts_or_pauses(
    collector: RunningCollector, prompts: int, worse: float, phase: str
) -> None:
    scored(collector.url, STABLE, prompts=range(120))
    scored(collector.url, CANARY, prompts=range(prompts), worse=worse)
    (metric,) = ARGO[0]["spec"]["metrics"]
    given = {one["name"]: str(one.get("value", "")) for one in ARGO[0]["spec"]["args"]}
    given |= {"collector": collector.url, "baseline": STABLE, "candidate": CANARY}
    url = re.sub(
        r"{{args\.(\w+)}}", lambda found: given[found[1]], metric["provider"]["web"]["url"]
    )
    answer = httpx.get(url).raise_for_status().json()
    passed = condition(metric["successCondition"], answer)
    failed = condition(metric["failureCondition"], answer)
    assert not (passed and failed)
    assert phase == ("Successful" if passed else "Failed" if failed else "Inconclusive")
    assert metric["inconclusiveLimit"] < metric["count"]
    assert metric["failureLimit"] == 0


def test_argos_job_asks_for_what_the_command_knows(tmp_path: Path) -> None:
    (container,) = ARGO[1]["spec"]["metrics"][0]["provider"]["job"]["spec"]["template"]["spec"][
        "containers"
    ]
    options = [word for word in container["args"] if word.startswith("--")]
    framegate = shutil.which("framegate", path=programs(tmp_path)["PATH"])
    assert framegate
    shown = subprocess.run(
        [framegate, *container["command"][1:], "--help"],
        check=True,
        capture_output=True,
        text=True,
        env=programs(tmp_path),
    ).stdout
    assert all(option in shown for option in options)


def test_the_gitlab_job_takes_the_key_of_a_variable(guarded: str, tmp_path: Path) -> None:
    job = yaml.safe_load(GITLAB.read_text())[".framegate-gate"]
    given = {
        **job["variables"],
        "FRAMEGATE_INSTALL": "",
        "FRAMEGATE_BASELINE": "m1",
        "FRAMEGATE_CANDIDATE": "m2",
        "FRAMEGATE_GENERATOR": guarded,
        "FRAMEGATE_GENERATOR_TOKEN": KEY,
        "FRAMEGATE_FIELDS": "model,prompt",
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=tmp_path,
        env={**programs(tmp_path), **given},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 4
    assert "HTTP status 404: let in" in done.stderr
    assert KEY not in done.stdout + done.stderr
