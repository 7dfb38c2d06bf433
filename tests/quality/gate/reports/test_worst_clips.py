"""The clips of the page: those of the rules that decide, at the frame where they are worst."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.folders import ClipFolder, folder_evidence
from framegate.quality.gate.judging.document import VerdictDocument, document_of, dump_document
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.policy.policy import PolicyFile
from framegate.quality.gate.reports.page import page
from framegate.quality.gate.reports.worst import worst_clips
from framegate.telemetry.platform.verdict import Verdict
from tests.commands import run_command
from tests.quality.gate.made_evidence import (
    HEAD,
    LPIPS,
    NOW,
    SSIM,
    altered,
    clips,
    delivery,
    judged,
    policy,
    without,
)
from tests.videos import Pixels, moving_frames, write_video

PROMPTS = 8
BLURRED = range(5, 8)  # frames
SHARP = {"blur_v1": "{margin: 0.02}", "luma_drift_v1": "{margin: 100}", "freeze_v1": "{margin: 1}"}


def shown(
    baseline: tuple[Clip, ...], candidate: tuple[Clip, ...], rules: PolicyFile | None = None
) -> list[tuple[str, str]]:
    """The rule and the prompt of every clip on the page."""
    found = document_of(judged(baseline, candidate, rules), rules or policy())
    return [(one.check.rule.label, one.clip.prompt) for one in worst_clips(found)]


def test_clips_of_the_broken_rule_come_first_and_those_of_rules_that_hold_do_not_come() -> None:
    candidate = clips(shift={SSIM: -0.1, LPIPS: 0.0199})
    assert {rule for rule, _ in shown(clips(), candidate)} == {SSIM}


def test_broken_rules_take_turns_and_undecided_ones_follow() -> None:
    worse = altered(clips(shift={SSIM: -0.1}), {LPIPS: 5.0}, only=(4,))
    worse = altered(worse, {SSIM: 0.9}, only=(11,))
    rules = policy(
        f"{HEAD}metrics: {{{SSIM}: {{margin: 0.01, floor: 0.95}}, {LPIPS}: {{margin: 0.02}}}}"
    )
    found = shown(clips(), worse, rules)
    assert found[:2] == [(SSIM, "prompt 11"), (f"{SSIM}.floor", "prompt 0")]
    assert shown(clips(), worse)[-1] == (LPIPS, "prompt 4")


@pytest.mark.parametrize(("rule", "value"), [("floor: 0.5", 0.4), ("ceiling: 1.5", 1.6)])
def test_a_limit_shows_the_clips_beyond_it(rule: str, value: float) -> None:
    rules = policy(f"{HEAD}metrics: {{{SSIM}: {{{rule}}}}}")
    candidate = altered(clips(), {SSIM: value}, only=(3, 9))
    found = {prompt for _, prompt in shown(clips(), candidate, rules)}
    assert found == {"prompt 3", "prompt 9"}


def test_another_delivery_shows_the_clips_that_it_names() -> None:
    short = tuple(
        replace(one, delivery=delivery(frames=12, seconds=1.5)) if n in (2, 5) else one
        for n, one in enumerate(clips())
    )
    found = shown(clips(), short)
    assert [prompt for _, prompt in found] == ["prompt 2", "prompt 5"]
    assert found[0][0] == "delivery.duration"


def test_identical_clips_are_shown() -> None:
    one = clips()
    rule, prompt = shown(one, tuple(replace(clip) for clip in one))[0]
    assert (rule, prompt) == ("identity.clips", "prompt 0")


def test_clips_that_one_side_lacks_are_shown() -> None:
    assert shown(clips(), clips()[:-3])[0] == (SSIM, "prompt 10")  # the keys' order
    broken = without(clips(), SSIM, reason="no picture", only=3)
    assert shown(clips(), broken)[0] == (SSIM, "prompt 3")


def test_a_pass_shows_the_critical_rules_clips() -> None:
    assert [rule for rule, _ in shown(clips(), clips(shift={SSIM: -0.001}))] == [SSIM] * 5


def test_the_worst_seed_of_a_prompt_is_shown() -> None:
    seeds = tuple(
        replace(one, key=f"{one.key} {seed}", seed=seed, delivery=delivery())
        for one in clips()
        for seed in (1, 2)
    )
    worse = altered(altered(seeds, {SSIM: 0.5}), {SSIM: 0.1}, only=(7,))
    (first, *_) = worst_clips(document_of(judged(seeds, worse), policy()))
    assert (first.clip.prompt, first.clip.seed) == ("prompt 3", 2)


def test_a_long_list_of_missing_prompts_is_collapsed() -> None:
    few, many = (page(document_of(judged(clips(), clips()[:left]), policy())) for left in (10, 3))
    assert "<details open><summary>2 clips without a partner" in few
    assert "<details><summary>9 clips without a partner" in many


def frames_of(prompt: int, *, blurred: range) -> list[Pixels]:
    frames = moving_frames(12, seed=prompt)
    return [
        np.asarray(cv2.GaussianBlur(one, (0, 0), 3), np.uint8) if n in blurred else one
        for n, one in enumerate(frames)
    ]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evidence, Evidence]:
    """Two folders, scored; the candidate's clips are blurred for a few frames."""
    folder = tmp_path_factory.mktemp("sides")
    for name, blurred in (("old", range(0)), ("new", BLURRED)):
        (folder / name).mkdir()
        for prompt in range(PROMPTS):
            own = range(5 + prompt % 2, 8) if blurred else blurred
            write_video(
                folder / name / f"{prompt}.mp4", frames_of(prompt, blurred=own), crf="10", fps=8
            )
    old, new = (
        folder_evidence(
            ClipFolder(folder / name),
            tuple(SHARP),
            workers=1,
            archive=Archive(str(folder / "evidence")),
            done=lambda _: None,
        )
        for name in ("old", "new")
    )
    return folder, old, new


def page_of(sides: tuple[Path, Evidence, Evidence], rules: str) -> tuple[VerdictDocument, str]:
    folder, old, new = sides
    file = policy(f"{HEAD}metrics:\n{rules}")
    document = document_of(judge(old, new, file.policy, at=NOW), file)
    return document, page(document, Archive(str(folder / "evidence")))


def test_the_frame_where_a_metric_is_worst_is_shown_of_both_sides_without_a_reference(
    sides: tuple[Path, Evidence, Evidence],
) -> None:
    rules = "".join(f"  {name}: {rule}\n" for name, rule in reversed(SHARP.items()))
    document, text = page_of(sides, rules)
    assert document.verdict is Verdict.FAIL
    found = re.findall(r"Frame (\d+) at (\d\.\d\d) s, where (\S+) is worse by most", text)
    assert found
    for number, seconds, measure in found:
        assert int(number) in BLURRED
        assert float(seconds) == pytest.approx(int(number) / 8, abs=0.006)
        assert measure == "blur_v1"
    captions = re.findall(r'alt="(\w+), frame \d+"', text)
    assert captions[:2] == ["baseline", "candidate"]


def test_the_frame_beyond_a_limit_is_the_candidates_own(
    sides: tuple[Path, Evidence, Evidence],
) -> None:
    document, text = page_of(sides, "  blur_v1: {ceiling: 0.2}\n")
    assert document.verdict is Verdict.FAIL
    (first, *_) = re.findall(r"Frame (\d+) at \S+ s, where the candidate(.*) is highest", text)
    assert int(first[0]) in BLURRED


def test_without_values_by_frame_the_first_frame_is_shown_and_the_page_says_so(
    sides: tuple[Path, Evidence, Evidence],
) -> None:
    document, _ = page_of(sides, "  blur_v1: {margin: 0.02}\n")
    text = page(document)
    assert "Frame 0 at 0.00 s, the first of each side; no values by frame are kept" in text
    assert 'alt="candidate, frame 0"' in text


def test_the_command_finds_the_values_beside_the_verdict(
    sides: tuple[Path, Evidence, Evidence],
) -> None:
    folder = sides[0]
    document, _ = page_of(sides, "  blur_v1: {margin: 0.02}\n")
    (folder / "verdict.json").write_bytes(dump_document(document))
    written = folder / "report.html"
    done = run_command("gate", "report", str(folder / "verdict.json"), str(written))
    assert done.exit_code == 0, done.stderr
    assert "s, where blur_v1 is worse by most" in written.read_text()


def test_a_two_sided_rule_shows_where_a_clip_differs_the_most(
    sides: tuple[Path, Evidence, Evidence],
) -> None:
    document, text = page_of(sides, "  blur_v1: {band: {margin: 0.02}}\n")
    assert document.verdict is Verdict.FAIL
    (first, *_) = re.findall(r"Frame (\d+) at \S+ s, where blur_v1 differs the most", text)
    assert int(first) in BLURRED
