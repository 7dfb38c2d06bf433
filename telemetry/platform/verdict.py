"""What a judgement comes to, and the exit codes of every command."""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class ExitCode(IntEnum):
    """A script must not take bad input or a broken tool for a verdict, so these have their own."""

    PASS = 0
    FAIL = 1
    INPUT = 2
    INCONCLUSIVE = 3
    BROKEN = 4


EXIT_CODES: Mapping[Verdict, ExitCode] = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def combine_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """FAIL beats INCONCLUSIVE beats PASS; having checked nothing is not a pass."""
    found = set(verdicts)
    if Verdict.FAIL in found:
        return Verdict.FAIL
    if not found or Verdict.INCONCLUSIVE in found:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
