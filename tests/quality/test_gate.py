"""The gate's verdicts: what passes, what fails, and all the ways to have no evidence."""

import json
import math
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from quality.gate import Verdict, gate
from quality.gate_cli import app
from quality.policy import Policy, Rule, load_policy
from telemetry import names
from telemetry.errors import InputError
from telemetry.records import Score
from telemetry.sdk import start_telemetry
from tests.conftest import RunningCollector

SSIM, LPIPS, FLICKER = "ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"
POLICY = load_policy()
BASE = {SSIM: 0.95, LPIPS: 0.05, FLICKER: 0.4}


def scores(
    *, prompts: int = 12, shift: dict[str, float] | None = None, noise: float = 0.0, seed: int = 0
) -> list[Score]:
    source = np.random.default_rng(seed)
    moved = shift or {}
    return [
        Score(
            job_id=f"{metric}-{prompt}",
            trace_id="t",
            scored_ns=1,
            workload="batch",
            model="m",
            prompt_id=f"p{prompt}",
            seed=1,
            metric=metric,
            value=base + 0.01 * prompt + moved.get(metric, 0.0) + noise * source.normal(),
            minimum=None,
            maximum=None,
            frames=10,
            reason=None,
        )
        for metric, base in BASE.items()
        for prompt in range(prompts)
    ]


def test_an_empty_gate_is_inconclusive() -> None:
    assert gate([], [], POLICY).verdict is Verdict.INCONCLUSIVE


def test_equal_scores_pass() -> None:
    report = gate(scores(), scores(), POLICY)
    assert report.verdict is Verdict.PASS
    assert report.reason == "no metric is worse than its margin allows, on 12 prompts"


@pytest.mark.parametrize("worse", [{SSIM: -0.05}, {LPIPS: 0.1}, {FLICKER: 1.0}])
def test_one_worse_metric_fails_and_is_named(worse: dict[str, float]) -> None:
    report = gate(scores(), scores(shift=worse), POLICY)
    (metric,) = worse
    assert report.verdict is Verdict.FAIL
    assert report.reason.startswith(metric)


@pytest.mark.parametrize("better", [{SSIM: 0.04}, {LPIPS: -0.04}, {FLICKER: -0.3}])
def test_a_better_candidate_passes(better: dict[str, float]) -> None:
    assert gate(scores(), scores(shift=better), POLICY).verdict is Verdict.PASS


def test_a_wide_interval_is_inconclusive_and_says_how_many_prompts_it_takes() -> None:
    report = gate(scores(), scores(noise=0.05), POLICY)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "prompts would decide it" in report.reason


def altered(change: dict[str, object], *, every: int = 1) -> list[Score]:
    return [
        replace(score, **change) if n % every == 0 else score  # type: ignore[arg-type]
        for n, score in enumerate(scores())
    ]


NO_EVIDENCE = {
    "no candidate": (scores(), []),
    "no baseline": ([], scores()),
    "too few prompts": (scores(prompts=7), scores(prompts=7)),
    "other prompts": (scores(), altered({"prompt_id": "other"})),
    "no prompt ids": (scores(), altered({"prompt_id": None})),
    "no values": (scores(), altered({"value": None, "reason": "404"})),
    "one clip without a value": (scores(), altered({"value": None}, every=36)),
    "a NaN": (scores(), altered({"value": math.nan}, every=36)),
    "an infinite value": (altered({"value": math.inf}, every=36), scores()),
    "another metric's id": (scores(), altered({"metric": "ssim_ffmpeg_v1"})),
    "a metric missing": (scores(), [score for score in scores() if score.metric != LPIPS]),
    "a fifth of the prompts missing": (scores(prompts=15), scores(prompts=12)),
    "more prompts on the candidate": (scores(prompts=12), scores(prompts=15)),
}


@pytest.mark.parametrize("case", NO_EVIDENCE)
def test_missing_evidence_is_never_a_pass(case: str) -> None:
    baseline, candidate = NO_EVIDENCE[case]
    report = gate(baseline, candidate, POLICY)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reason


def test_a_policy_without_metrics_is_inconclusive() -> None:
    nothing = POLICY.model_copy(update={"metrics": {}})
    report = gate(scores(), scores(), nothing)
    assert (report.verdict, report.reason) == (Verdict.INCONCLUSIVE, "the policy names no metric")


def test_harm_in_one_metric_fails_beside_missing_evidence_in_another() -> None:
    candidate = [score for score in scores(shift={SSIM: -0.1}) if score.metric != LPIPS]
    assert gate(scores(), candidate, POLICY).verdict is Verdict.FAIL


def test_missing_prompts_are_listed() -> None:
    report = gate(scores(prompts=12), scores(prompts=11), POLICY)
    assert {check.unmatched for check in report.checks} == {("p11",)}


def test_the_worst_prompts_come_first() -> None:
    candidate = altered({"value": 0.2}, every=36)
    (check,) = [c for c in gate(scores(), candidate, POLICY).checks if c.metric == SSIM]
    prompt, difference = check.worst[0]
    assert prompt == "p0"
    assert difference == pytest.approx(0.2 - 0.95)


def test_order_never_matters() -> None:
    candidate = scores(shift={SSIM: -0.009}, noise=0.003)
    shuffled = candidate[:]
    random.Random(3).shuffle(shuffled)
    assert asdict(gate(scores(), candidate, POLICY)) == asdict(gate(scores(), shuffled, POLICY))


def test_equal_models_seldom_fail() -> None:
    fails = sum(
        gate(scores(noise=0.02, seed=n), scores(noise=0.02, seed=1000 + n), POLICY).verdict
        is Verdict.FAIL
        for n in range(200)
    )
    assert fails <= 10


def test_several_clips_of_a_prompt_count_as_one() -> None:
    twice = [replace(score, job_id=f"{score.job_id}-again") for score in scores()]
    (check, *_) = gate(scores(), scores() + twice, POLICY).checks
    assert check.comparison is not None
    assert check.comparison.n == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Input should be"),
        ("version: 2", "version"),
        ("version: 1\nminimum_promts: 8", "unknown key; did you mean 'minimum_prompts'"),
        ("metrics: [", "while parsing"),
        ("M{ssim_wang_rbg_v1: {margin: 0.1}}", "did you mean 'ssim_wang_rgb_v1'"),
        ("M{ssim_wang_rgb_v1: {margin: 0}}", "margin: .*greater than 0: 0"),
        ("M{ssim_wang_rgb_v1: {margin: .nan}}", "margin"),
        ("M{ssim_wang_rgb_v1: {margn: 1}}", "did you mean 'margin'"),
    ],
)
def test_a_wrong_policy_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.yaml"
    head = "version: 1\nminimum_prompts: 8\nunmatched_share: 0.1\nmetrics: "
    path.write_text(text.replace("M{", head + "{"))
    with pytest.raises(InputError, match=message) as caught:
        load_policy(path)
    assert "gate.yaml" in str(caught.value)


def test_margins_are_each_metrics_own() -> None:
    loose = Policy(version=1, minimum_prompts=8, unmatched_share=0, metrics={SSIM: Rule(margin=9)})
    assert gate(scores(), scores(shift={SSIM: -0.5}), loose).verdict is Verdict.PASS


def test_the_command_judges_what_a_real_collector_holds(collector: RunningCollector) -> None:
    telemetry = start_telemetry("worker", endpoint=collector.url)
    for model, shift in (("old", {}), ("new", {SSIM: -0.1})):
        for score in scores(shift=shift):
            telemetry.event(
                names.EVENT_EVALUATION,
                {
                    names.JOB_ID: f"{model}-{score.job_id}",
                    names.MODEL: model,
                    names.PROMPT_ID: str(score.prompt_id),
                    names.EVALUATION_NAME: score.metric,
                    names.EVALUATION_VALUE: float(score.value or 0.0),
                },
            )
    telemetry.shutdown()
    run = CliRunner(env={"COLUMNS": "80"}).invoke
    asked = ["run", "--collector", collector.url, "--baseline", "old", "--candidate"]
    worse, same, unknown = (run(app, [*asked, name]) for name in ("new", "old", "ghost"))
    assert (worse.exit_code, same.exit_code, unknown.exit_code) == (1, 0, 3)
    assert "FAIL: ssim_wang_rgb_v1: 0.1 worse on average over 12 prompts" in worse.stdout
    assert max(map(len, worse.stdout.splitlines())) <= 80
    document = json.loads(run(app, [*asked, "new", "--json"]).stdout)
    assert (document["verdict"], len(document["checks"])) == ("FAIL", 3)
