"""Values that no measurement has: named, never a crash, and never a PASS."""

import io
import json
import math
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from framegate.quality.gate.canary.canary import judge_canary
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip, Evidence, finite_clip
from framegate.quality.gate.judging.document import (
    VerdictDocument,
    document_of,
    dump_document,
    read_document,
    replay_document,
)
from framegate.quality.gate.margins.noise import (
    calibrate,
    dump_calibration,
    propose_margin,
)
from framegate.quality.gate.margins.power import noise_by_measure, power, powers
from framegate.quality.gate.margins.proposal import propose_policy, widen_policy
from framegate.quality.gate.reports.junit import junit
from framegate.quality.gate.reports.markdown import markdown
from framegate.quality.gate.reports.page import page
from framegate.quality.gate.reports.sarif import sarif
from framegate.quality.gate.reports.story import explain_checks
from framegate.quality.gate.reports.terminal import print_document
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict
from tests.commands import run_command
from tests.quality.gate.made_evidence import HEAD, SSIM, altered, clips, judged, policy, side
from tests.volume import examples

TTFP = "ttfp_v1"
EVERY_KIND = policy(
    HEAD + "environment: {may_differ: [times]}\n"
    "metrics:\n"
    "  ssim_wang_rgb_v1:\n"
    "    margin: 0.01\n"
    "    relative_margin: 0.1\n"
    "    worst: {prompts: 2, margin: 0.2}\n"
    "    broken: {worse_by: 0.1, at_most: 0.3}\n"
    "    band: {margin: 0.1, spreads: 1}\n"
    "    outside: {spreads: 2, at_most: 0.4}\n"
    "    categories: {margin: 0.05, minimum_prompts: 2}\n"
    "    floor: 0.5\n"
    "  ttfp_v1: {tier: supporting, relative_margin: 0.1}\n"
)
EDGES = (1e30, -1e30, 1e29, 5e-324, -5e-324, 1e-310, 1e-160, 1e-30, 1e-12, 0.0, -0.0, 0.95)
WILD = (1e308, -1e308, 1e200, 1.1e30, inf, -inf, math.nan)
NUMBERS = st.sampled_from(EDGES) | st.floats(-1e30, 1e30) | st.floats(0.9, 1.0)
SIDE = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=8, max_size=12)
Numbers = list[tuple[float, float]]


LIVE = policy(
    HEAD.replace("unmatched_share: 0.1", "unmatched_share: 0")
    + "metrics: {ssim_wang_rgb_v1: {margin: 0.01}, ttfp_v1: {relative_margin: 0.1}}\n"
).policy


def extreme(numbers: list[tuple[float, float]]) -> tuple[Clip, ...]:
    """One clip for each pair of values; two seeds of every third prompt, five categories."""
    return tuple(
        finite_clip(
            replace(
                one,
                key=f"p{n}",
                unit=f"p{n - (n % 3 == 1)}",
                category="abcde"[n % 5],
                values={SSIM: first, TTFP: second},
            )
        )
        for n, (one, (first, second)) in enumerate(
            zip(clips(prompts=len(numbers)), numbers, strict=True)
        )
    )


def written(document: VerdictDocument) -> str:
    """Every report of a verdict."""
    console = Console(file=io.StringIO(), width=80)
    print_document(document, console=console)
    texts = [markdown(document), page(document), *explain_checks(document)]
    return "".join([*texts, junit(document).decode(), sarif(document).decode()])


@given(before=SIDE, after=SIDE)
@settings(max_examples=examples(100), deadline=None)
def test_no_value_ends_a_verdict_in_an_error(
    before: Numbers, after: Numbers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = judged(extreme(before), extreme(after), EVERY_KIND)
    document = document_of(found, EVERY_KIND)
    written(document)
    path = tmp_path_factory.getbasetemp() / "verdict.json"
    path.write_bytes(dump_document(document))
    assert replay_document(read_document(path)).verdict is found.verdict


@given(before=SIDE, after=SIDE)
@settings(max_examples=examples(200), deadline=None)
def test_no_value_ends_a_canary_in_an_error(before: Numbers, after: Numbers) -> None:
    found = judge_canary(
        side(extreme(before), "old"), side(extreme(after), "new"), EVERY_KIND.policy
    )
    assert found.verdict is not Verdict.PASS  # ``worst`` is not judged in a canary


@given(before=SIDE, after=SIDE)
@settings(max_examples=examples(200), deadline=None)
def test_no_value_ends_a_calibration_in_an_error(before: Numbers, after: Numbers) -> None:
    found = calibrate([side(extreme(one)) for one in (before, after)])
    for propose in (propose_policy, widen_policy):
        policy(propose(EVERY_KIND.policy, found))
    assert all((propose_margin(one) or 1) <= 1e30 for one in found.measures.values())
    list(powers(EVERY_KIND.policy, noise_by_measure(found), prompts=20))


@pytest.mark.parametrize("wild", WILD)
@pytest.mark.parametrize("place", [0, 1])
def test_one_value_that_no_measurement_has_is_never_a_pass(wild: float, place: int) -> None:
    numbers = [(0.95, 1.0)] * 12
    worse = [*numbers[:3], ((wild, 1.0), (0.95, wild))[place], *numbers[4:]]
    for old, new in ((numbers, worse), (worse, numbers)):
        before, after = extreme(old), extreme(new)
        found = judged(before, after, EVERY_KIND)
        assert found.verdict is Verdict.INCONCLUSIVE
        written(document_of(found, EVERY_KIND))
        canary = judge_canary(side(before, "old"), side(after, "new"), LIVE)
        assert canary.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("value", [1e200, -1e308, 2e30])
def test_a_value_that_no_measurement_has_is_named(value: float) -> None:
    found = judged(clips(), altered(clips(), {SSIM: value}, only=(3,)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"prompt 3 (candidate: {value:g} is beyond 1e+30" in found.reason


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two records, one of them with a value that no measurement has."""
    found = Archive(str(tmp_path / "kept"))
    found.record(replace(side(clips()), name="old"), name="old")
    wild = altered(clips(), {SSIM: 1e200}, only=(3,))
    found.record(replace(side(wild), name="new"), name="new")
    return found


def test_commands_name_a_value_that_no_measurement_has(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text(f"{HEAD}metrics: {{{SSIM}: {{margin: 0.01}}}}\n")
    old, new = f"{archive.root}@old", f"{archive.root}@new"
    judge = run_command(
        *("gate", "run", "--baseline", old, "--candidate", new, "--out", str(tmp_path / "out")),
        *("--policy", str(tmp_path / "gate.yaml")),
    )
    assert judge.exit_code == 3, judge.stderr
    assert "1e+200 is beyond 1e+30" in " ".join(judge.stdout.split())
    again = run_command("gate", "explain", str(tmp_path / "out" / "verdict.json"))
    assert again.exit_code == 3, again.stderr
    for command in (("gate", "calibrate", old, new), ("baseline", "show", new)):
        done = run_command(*command)
        assert done.exit_code == 2, done.stderr
        assert "prompt 3: ssim_wang_rgb_v1: 1e+200 is beyond" in done.stderr


def test_garbage_in_the_place_of_a_record_id_is_shown(archive: Archive) -> None:
    (Path(archive.root) / "names" / "old").write_bytes(b"\xff\xfe garbage\x00")
    for reference in (f"{archive.root}@old", archive.root):
        done = run_command("baseline", "show", reference)
        assert done.exit_code == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert (
        r"old: '\\xff\\xfe garbage" in run_command("baseline", "show", f"{archive.root}@old").stderr
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("weight", 0.0), ("weight", -1.0), ("weight", 1e308), ("weight", 1e-320), ("seconds", 1e300)],
)
def test_a_record_with_a_weight_or_length_out_of_range_is_refused(
    name: str, value: float, tmp_path: Path
) -> None:
    first, *rest = clips()
    assert first.delivery
    wild = (
        replace(first, weight=value)
        if name == "weight"
        else replace(first, delivery=replace(first.delivery, seconds=value))
    )
    archive = Archive(str(tmp_path / "kept"))
    found: Evidence = archive.record(side((wild, *rest)))
    with pytest.raises(InputError, match=name):
        archive.load(f"sha256:{found.id}")


@pytest.mark.parametrize(
    "rule", ["margin: 1e300", "floor: -1e300", "broken: {worse_by: 1e31, at_most: 0}"]
)
def test_a_limit_that_no_measurement_reaches_is_refused(rule: str) -> None:
    with pytest.raises(InputError, match=r"gate\.yaml:\d+"):
        policy(f"{HEAD}metrics:\n  {SSIM}: {{{rule}}}\n")


@pytest.mark.parametrize("number", ["prompts", "runs", "mean", "deviation", "worst"])
def test_a_calibration_with_an_absurd_number_is_refused(number: str, tmp_path: Path) -> None:
    found = calibrate([side(clips(noise=0.01, seed=seed)) for seed in (1, 2)])
    whole = json.loads(dump_calibration(found))
    whole["measures"][SSIM][number] = 0 if number in ("prompts", "runs") else 1e300
    (tmp_path / "noise.json").write_text(json.dumps(whole))
    (tmp_path / "gate.yaml").write_text(f"{HEAD}metrics: {{{SSIM}: {{margin: 0.01}}}}\n")
    for command in ("lint", "power"):
        done = run_command(
            *("gate", command, str(tmp_path / "gate.yaml")),
            *("--noise", str(tmp_path / "noise.json")),
        )
        assert done.exit_code == 2, done.stderr
        assert number in done.stderr


@pytest.mark.parametrize("deviation", [0.0, 5e-324, 1e-200, 1e29])
@pytest.mark.parametrize("margin", [5e-324, 0.01, 1e29])
def test_the_power_of_any_margin_is_a_probability(margin: float, deviation: float) -> None:
    found = power("a rule", margin=margin, deviation=deviation, prompts=20)
    assert 0 <= found.equal_passes <= 1
    assert 0 <= found.twice_fails <= 1
