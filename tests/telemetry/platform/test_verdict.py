"""Verdicts: how several become one, and what scripts see of them."""

import pytest

from framegate.telemetry.platform.verdict import EXIT_CODES, Verdict, combine_verdicts

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], INCONCLUSIVE),
        ([PASS], PASS),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, FAIL, PASS], FAIL),
    ],
)
def test_fail_beats_inconclusive_beats_pass_and_nothing_is_no_pass(
    found: list[Verdict], expected: Verdict
) -> None:
    assert combine_verdicts(found) is expected


def test_every_verdict_has_an_exit_code_of_its_own() -> None:
    assert {one: int(code) for one, code in EXIT_CODES.items()} == {
        PASS: 0,
        FAIL: 1,
        INCONCLUSIVE: 3,
    }
