"""What the page of blind spots claims, measured: most of it in CI, some elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bench.blind_spots import (
    CLIPS,
    DOUBLE,
    FAULTS,
    VMAF,
    Finding,
    findings,
    limit_passed,
    page,
    read_findings,
)
from tests.volume import draws_all

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "blind-spots.md"
CLEAN = ("none", DOUBLE)
AGAINST_NOISE = ("noise_v1", "motion_coherence_v1", "motion_amount_v1")
FLICKER = ("flicker ±1", "flicker ±3", "slow flicker ±1")
PLACES = [(clip, fault) for clip in CLIPS for fault in (*FAULTS, DOUBLE)]
# In CI all faults of the first clip and every second one of the others; elsewhere half of the
# first clip's: every clip has to be rendered and decoded first.
FIRST = len(FAULTS) + 1
MEASURED = PLACES[:FIRST] + PLACES[FIRST::2] if draws_all() else PLACES[: len(FAULTS) : 2]

Table = Mapping[tuple[str, str], Finding]


def table_of(found: Sequence[Finding]) -> Table:
    return {(one.clip, one.fault): one for one in found}


@pytest.fixture(scope="module")
def measured() -> Table:
    return table_of(
        [
            found
            for clip in CLIPS
            if (faults := [fault for place, fault in MEASURED if place == clip])
            for found in findings(clip, faults)
        ]
    )


@pytest.fixture(scope="module")
def table(measured: Table) -> Table:
    """Every clip: as it was when the page was written, where it is not measured now."""
    return {**table_of(read_findings()), **measured}


def values(table: Table, metric: str, *faults: str) -> list[float]:
    """The metric's values for these faults, of the clips on which it does not abstain."""
    said = [found.values[metric] for (_, fault), found in table.items() if fault in faults]
    return [value for value in said if value is not None]


def test_one_limit_separates_flicker_from_motion(table: Table) -> None:
    for metric, clean_most, flicker_least in (
        ("flicker_nr_v1", 0.6, 0.95),
        ("flicker_fr_v1", 0.01, 0.95),
    ):
        clean, flickering = values(table, metric, *CLEAN), values(table, metric, *FLICKER)
        assert len(clean) == 8
        assert len(flickering) == 12
        assert max(clean) < clean_most
        assert min(flickering) > flicker_least


def test_no_limit_of_vbenchs_formula_does(table: Table) -> None:
    worst_clean = min(values(table, "flicker_vbench_v1", *CLEAN))
    best_flickering = max(values(table, "flicker_vbench_v1", *FLICKER))
    assert worst_clean < best_flickering
    worse_when_fast = [
        table[clip, DOUBLE].values["flicker_vbench_v1"] or 0.0
        for clip in ("carphone", "stars", "squares")
    ]
    with_flicker = [
        table[clip, "flicker ±1"].values["flicker_vbench_v1"] or 0.0
        for clip in ("carphone", "stars", "squares")
    ]
    assert all(fast < shaken for fast, shaken in zip(worse_when_fast, with_flicker, strict=True))


@pytest.mark.parametrize("metric", ["ssim_wang_rgb_v1", "ssim_ffmpeg_v1", "psnr_v1", VMAF])
def test_metrics_of_single_frames_take_flicker_for_better_than_compression(
    table: Table, metric: str
) -> None:
    for clip in dict.fromkeys(clip for clip, _ in table):
        shaken = table[clip, "flicker ±1"].values[metric]
        compressed = table[clip, "x264 crf 32"].values[metric]
        assert shaken is not None
        assert compressed is not None
        assert shaken > compressed


def test_vmaf_does_not_react_to_flicker_of_three_levels_nor_to_colour(table: Table) -> None:
    for clip in dict.fromkeys(clip for clip, _ in table):
        clean = table[clip, "none"].values[VMAF]
        for fault in ("flicker ±3", "redder by 20"):
            assert table[clip, fault].values[VMAF] == pytest.approx(clean, abs=0.05)


@pytest.mark.parametrize(
    ("metric", "fault", "limit"),
    [
        ("flash_risk_v1", "flashes, 6 Hz", 3.0),
        ("black_v1", "black frames", 0.05),
        ("luma_drift_v1", "darker by 20", 10.0),
        ("colour_drift_v1", "redder by 20", 10.0),
    ],
)
def test_each_fault_of_its_own_kind_is_seen_and_only_it(
    table: Table, metric: str, fault: str, limit: float
) -> None:
    blinking = ("flashes, 6 Hz", "scenes in turns")
    others = [name for name in (*FAULTS, DOUBLE) if name not in (fault, *blinking)]
    assert min(values(table, metric, fault)) > limit
    assert max(values(table, metric, *others)) < limit


def test_a_freeze_shows_on_every_clip(table: Table) -> None:
    for clip in dict.fromkeys(clip for clip, _ in table):
        still = table[clip, "none"].values["freeze_v1"]
        frozen = table[clip, "frozen third"].values["freeze_v1"]
        assert still is not None
        assert frozen is not None
        assert frozen > still + 0.2


def test_without_a_reference_white_noise_shows_only_where_it_was_meant_to(table: Table) -> None:
    for metric in ("flash_risk_v1", "freeze_v1", "black_v1", "blockiness_v1"):
        assert not any(limit_passed(metric, one) for one in values(table, metric, "white noise"))
    assert max(values(table, "luma_drift_v1", "white noise")) < 0.2
    assert not values(table, "flicker_nr_v1", "white noise")
    for metric in AGAINST_NOISE:
        said = values(table, metric, "white noise")
        assert len(said) == len(CLIPS)
        assert all(limit_passed(metric, one) for one in said)
        assert not any(limit_passed(metric, one) for one in values(table, metric, *CLEAN))


def test_a_still_picture_is_coherent_and_does_not_move(table: Table) -> None:
    assert values(table, "motion_coherence_v1", "still") == pytest.approx([1.0] * 4)
    assert values(table, "motion_amount_v1", "still") == [0.0] * 4
    assert values(table, "flicker_nr_v1", "still") == [0.0] * 4
    assert values(table, "freeze_v1", "still") == [1.0] * 4


def test_coherence_separates_scenes_in_turns_from_all_that_only_looks_worse(table: Table) -> None:
    looks = ("none", "blur 2", "noise 4", "noise 12", "x264 crf 44", *FLICKER)
    assert min(values(table, "motion_coherence_v1", *looks)) > 0.75
    assert max(values(table, "motion_coherence_v1", "scenes in turns")) < 0.3


def test_noise_is_measured_and_nothing_else_is_taken_for_it(table: Table) -> None:
    for strength in (4.0, 12.0):
        said = values(table, "noise_v1", f"noise {strength:g}")
        assert said == pytest.approx([strength] * 4, rel=0.1)
    others = [name for name in (*FAULTS, DOUBLE) if "noise" not in name]
    assert max(values(table, "noise_v1", *others)) < 1.0


def test_motion_twice_as_fast_is_twice_as_much_while_it_is_found(table: Table) -> None:
    for clip in ("stars", "balls"):
        plain, double = (table[clip, name].values["motion_amount_v1"] for name in CLEAN)
        assert plain is not None
        assert double == pytest.approx(2 * plain, rel=0.15)
    lost = [table["squares", name].values["motion_amount_v1"] or 0.0 for name in CLEAN]
    assert lost[1] < lost[0]


def test_the_page_is_made_of_what_was_measured() -> None:
    assert page(read_findings()) == PAGE.read_text()


def test_what_was_measured_still_is(measured: Table) -> None:
    kept = table_of(read_findings())
    assert set(measured) == set(MEASURED)
    for place, found in measured.items():
        expected = {
            metric: value if value is None else pytest.approx(value, rel=0.1, abs=0.02)
            for metric, value in kept[place].values.items()
        }
        assert found.values == expected, place
