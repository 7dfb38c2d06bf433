"""Noise, lint and power: what a policy can decide, before it decides anything."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.judging.document import document_of
from framegate.quality.gate.margins.lint import Level, lint_policy
from framegate.quality.gate.margins.noise import (
    MeasureNoise,
    calibrate,
    calibrate_from_sides,
    dump_calibration,
    load_calibration,
    propose_margin,
    round_up,
)
from framegate.quality.gate.margins.power import band_power, noise_by_measure, power, powers
from framegate.quality.gate.margins.proposal import propose_policy, widen_policy
from framegate.quality.gate.policy.policy import load_policy, parse_policy
from framegate.quality.gate.policy.suite import Suite, load_suite
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import FLICKER, HEAD, SSIM, THREE, clips, judged, policy, side

FULL = HEAD.replace("0.1", "0")


def runs(count: int, *, noise: float, prompts: int = 40) -> list[Evidence]:
    return [side(clips(prompts=prompts, noise=noise, seed=n)) for n in range(count)]


def test_noise_is_what_was_put_in() -> None:
    found = calibrate(runs(6, noise=0.01, prompts=200)).measures[SSIM]
    assert found.deviation == pytest.approx(0.01 * np.sqrt(2), rel=0.05)
    assert found.noise == pytest.approx(1.645 * 0.01 * np.sqrt(2) / np.sqrt(200), rel=0.06)
    assert found.for_prompts(50) == pytest.approx(2 * found.noise)
    assert found.worst > 2 * found.deviation


def test_equal_runs_without_noise_have_none() -> None:
    found = calibrate(runs(2, noise=0)).measures[SSIM]
    assert (found.deviation, found.worst) == (0.0, 0.0)
    assert propose_margin(found) is None


def test_runs_of_different_places_are_refused() -> None:
    one, other = runs(2, noise=0.01)
    with pytest.raises(InputError, match="differs from the first run in host"):
        calibrate([one, replace(other, environment={"host": "there"})])
    with pytest.raises(InputError, match="needs at least 2 runs of one model, or prompts with sev"):
        calibrate([one])


def of_a_folder(run: Evidence, name: str) -> Evidence:
    return replace(run, name=name, environment={"model": name, "scorer.cpu": "c"})


def test_folders_are_runs_of_one_model_whatever_their_names() -> None:
    one, other = runs(2, noise=0.01)
    calibrate([of_a_folder(one, "first"), of_a_folder(other, "second")])
    made = [
        replace(run, environment={"model": name, "times": name})
        for run, name in ((one, "ref-1"), (other, "ref-2"))
    ]
    with pytest.raises(InputError, match="differs from the first run in model"):
        calibrate(made)


def with_seeds(run: Evidence, *, seeds: int, noise: float) -> Evidence:
    random = np.random.default_rng(9)
    found = (
        replace(
            clip,
            key=f"{clip.key} {seed}",
            seed=seed,
            values={name: value + random.normal(0, noise) for name, value in clip.values.items()},
        )
        for clip in run.clips
        for seed in range(seeds)
    )
    return replace(run, clips=tuple(found))


def test_the_seeds_of_one_run_are_noise_too() -> None:
    """A prompt's mean over four seeds varies half as much as one clip."""
    found = calibrate([with_seeds(side(clips(prompts=200)), seeds=4, noise=0.01)])
    assert found.source == "seeds"
    assert found.measures[SSIM].deviation == pytest.approx(0.01 * np.sqrt(2) / 2, rel=0.06)
    assert found.measures[SSIM].spread == pytest.approx(0.01 * np.arange(200).std(ddof=1), rel=0.05)


def test_two_sides_show_the_noise_whatever_their_means() -> None:
    sides = side(clips(prompts=200)), side(clips(prompts=200, noise=0.01, shift={SSIM: -0.3}))
    found = calibrate_from_sides(*sides)
    assert found.source == "sides"
    assert found.measures[SSIM].deviation == pytest.approx(0.01, rel=0.1)


def test_silence_proposes_no_margin() -> None:
    """Two equal runs say nothing of how large a margin should be."""
    text = propose_policy(policy().policy, calibrate(runs(2, noise=0)))
    assert text.count("no noise was seen; the margin is that of the policy before") == 3
    assert parse_policy(text, path="p").policy.metrics == policy().policy.metrics


def test_a_metric_that_was_not_measured_is_named() -> None:
    known = calibrate(runs(3, noise=0.01))
    rules = policy(THREE + "  blur_v1: {band: {spreads: 0.5}}\n").policy
    text = propose_policy(rules, known)
    assert "its noise was not measured" in text.split("blur_v1")[0].splitlines()[-2]


def test_a_first_policy_is_as_wide_as_the_noise_needs_and_no_narrower_than_before() -> None:
    noise = calibrate(runs(5, noise=0.05))
    before = policy(
        HEAD + f"metrics: {{{SSIM}: {{band: {{spreads: 0.1}}}}, {FLICKER}: {{margin: 9}}}}"
    )
    after = parse_policy(widen_policy(before.policy, noise), path="p").policy.metrics
    assert after[FLICKER].margin == 9
    band = after[SSIM].band
    assert band is not None
    assert band.margin == propose_margin(noise.measures[SSIM])
    wide = policy(HEAD + f"metrics: {{{SSIM}: {{band: {{spreads: 3}}}}}}")
    assert widen_policy(wide.policy, noise).count("spreads: 3") == 1


def test_a_margin_of_twice_the_noise_lets_equal_models_pass() -> None:
    """The promise of the proposed margin, held by simulation."""
    noise = calibrate(runs(5, noise=0.01))
    rules = parse_policy(propose_policy(policy().policy, noise), path="proposed.yaml")
    passed = sum(
        judged(
            clips(prompts=40, noise=0.01, seed=1000 + n),
            clips(prompts=40, noise=0.01, seed=2000 + n),
            policy(FULL + f"metrics: {{{SSIM}: {{margin: {rules.policy.metrics[SSIM].margin}}}}}"),
        ).verdict
        is Verdict.PASS
        for n in range(200)
    )
    assert passed >= 180


def test_a_proposed_policy_is_one_that_lint_accepts() -> None:
    noise = calibrate(runs(5, noise=0.01))
    rules = parse_policy(propose_policy(policy().policy, noise), path="proposed.yaml")
    assert not [one for one in lint_policy(rules, noise=noise) if one.level is Level.ERROR]


def test_a_calibration_is_read_back(tmp_path: Path) -> None:
    noise = calibrate(runs(3, noise=0.01))
    path = tmp_path / "noise.json"
    path.write_bytes(dump_calibration(noise))
    assert load_calibration(path) == noise
    path.write_text("{}")
    with pytest.raises(InputError, match=r"noise\.json:1: version: Field required"):
        load_calibration(path)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0123, 0.013), (0.012, 0.012), (4.01, 4.1), (0.99, 0.99), (99.1, 100)]
)
def test_margins_are_rounded_up(value: float, expected: float) -> None:
    assert round_up(value) == pytest.approx(expected)


def suite_of(categories: Mapping[str, int]) -> Suite:
    known = load_suite().clips
    names = [name for name, count in categories.items() for _ in range(count)]
    return Suite(
        "s", tuple(replace(one, category=name) for one, name in zip(known, names, strict=False))
    )


@pytest.mark.parametrize(
    ("rules", "place", "message"),
    [
        ("metrics: {}", "metrics", "can never pass"),
        (f"metrics: {{{SSIM}: {{tier: advisory, margin: 1}}}}", "metrics", "can never pass"),
        (
            f"metrics: {{{SSIM}: {{margin: 0.01}}}}",
            f"metrics.{SSIM}.margin",
            "twice the measured noise",
        ),
        (
            f"metrics: {{{SSIM}: {{relative_margin: 0.001}}}}",
            f"metrics.{SSIM}.relative_margin",
            "twice the measured noise",
        ),
        (
            f"metrics: {{{SSIM}: {{band: {{margin: 0.01}}}}}}",
            f"metrics.{SSIM}.band",
            "twice the measured noise",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, worst: {{prompts: 3, margin: 0.02}}}}}}",
            f"metrics.{SSIM}.worst",
            "twice the measured noise",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, categories: {{margin: 0.05}}}}}}",
            f"metrics.{SSIM}.categories",
            "twice the measured noise",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, worst: {{prompts: 49, margin: 2}}}}}}",
            f"metrics.{SSIM}.worst.prompts",
            "has 12 prompts",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, broken: {{worse_by: 1, at_most: 0.05}}}}}}",
            f"metrics.{SSIM}.broken.at_most",
            "even if none is broken",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, categories: {{margin: 1, minimum_prompts: 5}}}}}}",
            f"metrics.{SSIM}.categories.minimum_prompts",
            "category a has 4 prompts",
        ),
        (
            f"metrics: {{{SSIM}: {{margin: 1, minimum_prompts: 20}}}}",
            f"metrics.{SSIM}.minimum_prompts",
            "has 12 prompts",
        ),
    ],
)
def test_what_can_never_pass_is_an_error(rules: str, place: str, message: str) -> None:
    noise = calibrate(runs(5, noise=0.05, prompts=12))
    suite = suite_of({"a": 4, "b": 8})
    errors = [
        one for one in lint_policy(policy(HEAD + rules), suite, noise) if one.level is Level.ERROR
    ]
    assert [(one.rule, one.line) for one in errors] == [(place, 5)]
    assert message in errors[0].message


def test_a_suite_that_is_too_small_is_an_error() -> None:
    found = lint_policy(policy(HEAD.replace("8", "13") + THREE[len(HEAD) :]), suite_of({"a": 12}))
    assert [one.rule for one in found if one.level is Level.ERROR] == ["minimum_prompts"]


def test_a_suite_that_is_too_small_for_rare_faults_is_an_error() -> None:
    rules = policy(THREE.replace("tolerated_broken_share: 0.35\n", ""))
    (error,) = (one for one in lint_policy(rules, suite_of({"a": 12})) if one.level is Level.ERROR)
    assert error.rule == "tolerated_broken_share"
    assert error.message.startswith("0.1 takes 29 prompts, the suite has 12")


def test_margins_of_means_alone_are_warned_of() -> None:
    levels = {one.level for one in lint_policy(policy())}
    assert levels == {Level.WARNING}


@pytest.mark.parametrize("name", ["default", "no-reference", "strict"])
def test_our_policies_fit_our_suite(name: str) -> None:
    from framegate.quality.gate.policy.policy import POLICIES

    assert not lint_policy(load_policy(POLICIES[name]), load_suite())


def test_power_is_what_simulation_finds() -> None:
    random = np.random.default_rng(3)
    margin, deviation, prompts = 0.01, 0.02, 20
    found = power("r", margin=margin, deviation=deviation, prompts=prompts)
    equal = random.normal(0, deviation, (4000, prompts))
    bound = equal.mean(1) - 1.7291 * equal.std(1, ddof=1) / np.sqrt(prompts)
    assert found.equal_passes == pytest.approx((bound > -margin).mean(), abs=0.025)
    assert found.twice_fails == pytest.approx(found.equal_passes, abs=1e-9)
    assert found.needed == 25  # (2.487 * 0.02 / 0.01)^2


def test_power_of_a_band_is_what_simulation_finds() -> None:
    random = np.random.default_rng(3)
    found = band_power("r", margin=0.01, deviation=0.02, prompts=30)
    equal = random.normal(0, 0.02, (4000, 30))
    reach = 1.6991 * equal.std(1, ddof=1) / np.sqrt(30)
    passed = np.abs(equal.mean(1)) + reach < 0.01
    assert found.equal_passes == pytest.approx(passed.mean(), abs=0.025)
    assert found.needed is not None
    assert found.needed > 30


def test_power_without_noise_is_certain() -> None:
    found = power("r", margin=0.01, deviation=0, prompts=2)
    assert (found.equal_passes, found.twice_fails) == (1.0, 1.0)


def test_power_reads_a_verdict() -> None:
    document = document_of(judged(clips(), clips(noise=0.01)), policy())
    (first, *_) = powers(policy().policy, noise_by_measure(document), prompts=30)
    assert first.rule == SSIM
    assert first.deviation == pytest.approx(0.01, rel=0.5)


def test_numbers_that_make_no_rule_are_refused() -> None:
    with pytest.raises(InputError, match="1 prompts"):
        power("r", margin=0.01, deviation=1, prompts=1)


def test_noise_needs_more_than_one_prompt() -> None:
    noise = MeasureNoise(prompts=10, runs=2, mean=1.0, deviation=0.1, worst=0.2)
    assert noise.noise > 0
    assert calibrate(runs(2, noise=0.1, prompts=1)).measures == {}
