"""What lint says of a policy that looks like a slip."""

from pathlib import Path

import pytest

from framegate.quality.gate.margins.lint import Level, lint_policy
from framegate.quality.gate.policy.policy import POLICIES
from tests.commands import run_command
from tests.quality.gate.made_evidence import HEAD, policy

BOTH = "margin: 0.01, broken: {worse_by: 0.04, at_most: 0.1}"


def findings(rule: str, *, metric: str = "blur_v1", head: str = HEAD) -> list[tuple[str, str, str]]:
    found = lint_policy(policy(f"{head}metrics:\n  {metric}: {{{rule}}}\n"))
    return [(one.level.value, one.rule, one.message) for one in found]


def test_rules_of_categories_alone_can_never_pass() -> None:
    ((level, rule, message),) = findings("categories: {margin: 0.02}")
    assert (level, rule) == ("error", "metrics")
    assert "categories alone" in message


@pytest.mark.parametrize(
    ("metric", "rule", "path", "said"),
    [
        ("blur_v1", "floor: 0.2", "floor", "better the lower it is, so a floor"),
        ("ssim_wang_rgb_v1", "ceiling: 0.9", "ceiling", "better the higher it is, so a ceiling"),
        ("blur_v1", f"{BOTH}, relative_margin: 5", "relative_margin", "write 5 % as 0.05"),
        ("blur_v1", "margin: 2, floor: -1", "margin", "at most 1 apart"),
        ("freeze_v1", "broken: {worse_by: 5, at_most: 0.1}", "broken.worse_by", "never fail"),
        ("golden.ms_ssim_v1", "worst: {prompts: 3, margin: 1}", "worst.margin", "never fail"),
        ("black_v1", "band: {margin: 3}, ceiling: 1", "band.margin", "never fail"),
        ("motion_amount_v1", "margin: 3, ceiling: 90", "", "too much of motion_amount_v1"),
    ],
)
def test_a_limit_that_looks_like_a_slip_is_named(
    metric: str, rule: str, path: str, said: str
) -> None:
    found = {place: message for _, place, message in findings(rule, metric=metric)}
    assert said in found[f"metrics.{metric}.{path}".rstrip(".")]


@pytest.mark.parametrize(
    ("metric", "rule"),
    [
        ("blur_v1", f"{BOTH}, ceiling: 0.9, relative_margin: 0.05"),
        ("motion_amount_v1", "band: {margin: 0.1}, floor: 0.1, ceiling: 9"),
        ("psnr_v1", "margin: 3, floor: 20"),
        ("ttfp_v1", "relative_margin: 0.5, ceiling: 30"),
    ],
)
def test_a_limit_that_makes_sense_is_not(metric: str, rule: str) -> None:
    assert findings(rule, metric=metric) == []


@pytest.mark.parametrize(("prompts", "share", "warned"), [(2, 0.8, True), (2, 0.1, False)])
def test_a_pass_of_a_few_prompts_is_named(prompts: int, share: float, warned: bool) -> None:
    head = f"version: 1\nminimum_prompts: {prompts}\nunmatched_share: 0\n"
    found = findings(BOTH, head=f"{head}tolerated_broken_share: {share}\n")
    said = "with tolerated_broken_share 0.8, 2 prompts are enough for a PASS"
    assert found == ([(Level.WARNING.value, "minimum_prompts", said)] if warned else [])


def test_rules_that_need_a_reference_are_named_where_there_is_none() -> None:
    with_footage = run_command("gate", "lint", "default")
    without = run_command("gate", "lint", "default", "--without-references")
    assert (with_footage.exit_code, without.exit_code) == (0, 2)
    assert without.stdout.count("needs reference footage") == 3
    clean = run_command("gate", "lint", "no-reference", "--without-references")
    assert "no-reference" in POLICIES
    assert clean.exit_code == 0, clean.stdout


def test_an_unknown_metric_is_named_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(f"{HEAD}metrics:\n  blur_v1: {{margin: 0.1}}\n  blurr_v1: {{margin: 0.1}}\n")
    done = run_command("gate", "lint", str(path))
    assert done.exit_code == 2
    assert f"{path}:7: metrics.blurr_v1: unknown measure; did you mean 'blur_v1'?" in done.stderr


def test_a_mistyped_folder_is_said_to_be_taken_for_a_model(tmp_path: Path) -> None:
    done = run_command(
        *("gate", "run", "--baseline", "basline", "--candidate", "candidat"),
        *("--collector", "http://127.0.0.1:9", "--out", str(tmp_path)),
    )
    assert done.exit_code == 4
    assert "basline and candidat: neither a folder nor a record, so taken for" in done.stderr
