"""One rule's verdict, with the numbers it rests on."""

from dataclasses import dataclass
from enum import StrEnum

from framegate.quality.gate.policy.policy import RuleTier


class Verdict(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}


@dataclass(frozen=True, slots=True)
class PromptHarm:
    """A prompt and how much worse it got, in the measure's unit."""

    unit: str
    prompt: str
    worse_by: float


@dataclass(frozen=True, slots=True)
class Check:
    """One rule.

    ``rule`` is its dotted place in the policy. ``value`` is what is held against ``limit``, by
    default an amount of harm: worse by, positive is worse. ``above`` says on which side of the
    limit is wrong. ``lower`` and ``upper`` each hold with 95 % on their own side.
    ``evidenced`` is False where evidence is missing or bad; nothing can waive that.
    ``harm_p`` is the p of the claim that the rule is broken; such claims are corrected together.
    """

    rule: str
    tier: RuleTier
    verdict: Verdict
    reason: str
    measure: str | None = None
    unit: str = ""
    evidenced: bool = True
    n: int = 0
    baseline: float | None = None
    candidate: float | None = None
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    limit: float | None = None
    above: bool = True
    harm_p: float | None = None
    shift: float | None = None
    flips_p: float | None = None
    n_needed: int | None = None
    worst: tuple[PromptHarm, ...] = ()
    missing: tuple[str, ...] = ()
    waived: str | None = None

    @property
    def is_limit(self) -> bool:
        """Whether ``value`` is one of the candidate's own, and not an amount of harm."""
        return self.rule.endswith((".floor", ".ceiling"))

    @property
    def blocks(self) -> bool:
        """Whether this check alone keeps the candidate from passing."""
        if self.tier is RuleTier.ADVISORY or self.waived or self.verdict is Verdict.PASS:
            return False
        undecided = self.verdict is Verdict.INCONCLUSIVE and self.evidenced
        return not (undecided and self.tier is RuleTier.SUPPORTING)
