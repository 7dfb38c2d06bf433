"""Waivers: who may sign one, what it excuses, and that it is always seen."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from framegate.quality.gate.evidence.content import content_id_of
from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.judging.judge import GateResult
from framegate.quality.gate.judging.waivers import Waiver, describe_waiver, load_waivers
from framegate.quality.gate.policy.keys import private_key
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import (
    LPIPS,
    SSIM,
    altered,
    clips,
    delivery,
    judged,
    policy,
    side,
    without,
)
from tests.quality.gate.signed_waivers import KEY, OTHER, RULES, public, signed_waiver

CANDIDATE = clips(shift={SSIM: -0.1})
CONTENT = content_id_of(side(CANDIDATE, "new"))


def found(*waivers: Waiver, candidate: tuple[Clip, ...] = CANDIDATE) -> GateResult:
    return judged(clips(), candidate, RULES, waivers=waivers)


def waiver(key: Ed25519PrivateKey = KEY, **changed: object) -> Waiver:
    return signed_waiver(key, **{"content": CONTENT, **changed})


def test_a_signed_waiver_excuses_one_rule_and_is_printed() -> None:
    judgement = found(waiver())
    assert judgement.verdict is Verdict.PASS
    assert "broken rules waived: 1" in judgement.reason
    assert [check.waived for check in judgement.checks if check.waived] == [
        describe_waiver(judgement.waivers[0])
    ]
    assert "by ada until 2026-11-20: known since 1.2" in describe_waiver(judgement.waivers[0])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (waiver(OTHER), "not signed by ada"),
        (waiver().model_copy(update={"signature": ""}), "not signed by ada"),
        (waiver().model_copy(update={"reason": "because"}), "not signed by ada"),
        (waiver().model_copy(update={"expires": date(2030, 1, 1)}), "not signed by ada"),
        (waiver(expires=date(2026, 11, 19)), "expired on 2026-11-19"),
        (waiver(candidate="other"), "for another candidate: other"),
        (waiver(content="sha256:0"), "for other content: sha256:0, the candidate is sha256:"),
        (waiver(content=""), "does not name the candidate's content; sign it again"),
        (waiver().model_copy(update={"content": "sha256:0"}), "not signed by ada"),
        (waiver(approver="eve"), "eve is not an approver"),
        (waiver(rule=f"metrics.{LPIPS}.margin"), "not needed"),
        (waiver(rule="metrics.nothing.margin"), "no such rule"),
    ],
)
def test_a_waiver_that_does_not_fit_has_no_effect_and_is_printed(given: Waiver, why: str) -> None:
    judgement = found(given)
    assert judgement.verdict is Verdict.FAIL
    assert why in describe_waiver(judgement.waivers[0])


def test_a_waiver_excuses_no_other_rule() -> None:
    worse = altered(CANDIDATE, {LPIPS: 0.5})
    assert found(waiver(), candidate=worse).verdict is Verdict.FAIL


def test_a_waiver_excuses_no_later_candidate_of_the_same_name() -> None:
    later = clips(shift={SSIM: -0.1})
    judgement = found(waiver(), candidate=later)
    assert judgement.verdict is Verdict.FAIL
    assert "for other content" in describe_waiver(judgement.waivers[0])


def test_scores_and_order_are_no_content_and_frames_and_keys_are() -> None:
    one = side(CANDIDATE)
    assert content_id_of(replace(one, name="x", clips=altered(CANDIDATE[::-1], {SSIM: 0.5}))) == (
        content_id_of(one)
    )
    first, *rest = CANDIDATE
    for other in (replace(first, key="other"), replace(first, delivery=delivery())):
        assert content_id_of(side((other, *rest))) != content_id_of(one)


def test_live_scores_are_named_by_the_model_alone() -> None:
    live = replace(side(CANDIDATE, "ref-2"), environment={"times": "live"})
    assert content_id_of(live) == content_id_of(replace(live, clips=clips())) == "model:ref-2"


def test_missing_evidence_cannot_be_waived() -> None:
    lacking = without(CANDIDATE, SSIM)
    judgement = judged(clips(), lacking, RULES, waivers=(waiver(),))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "evidence is missing" in describe_waiver(judgement.waivers[0])


def test_a_pass_is_never_made_of_waivers_alone() -> None:
    rules = policy(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0\ntolerated_broken_share: 0.35\n"
        f"metrics: {{{SSIM}: {{margin: 0.01}}}}\napprovers: {{ada: {public(KEY)}}}\n"
    )
    judgement = judged(clips(), CANDIDATE, rules, waivers=(waiver(),))
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_waivers_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    lines = "\n".join(f"    {name}: {value}" for name, value in waiver().model_dump().items())
    path.write_text(f"version: 1\nwaivers:\n  -\n{lines}\n")
    assert load_waivers(path) == (waiver(),)
    path.write_text("version: 1\nwaivers: [{rule: x}]\n")
    with pytest.raises(InputError, match=r"waivers\.yaml:2: waivers\.0\.candidate"):
        load_waivers(path)


def test_private_keys_are_those_of_ssh(tmp_path: Path) -> None:
    path = tmp_path / "id_ed25519"
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    assert private_key(path).private_bytes_raw() == KEY.private_bytes_raw()
    path.write_text("no key")
    with pytest.raises(InputError, match="id_ed25519"):
        private_key(path)
