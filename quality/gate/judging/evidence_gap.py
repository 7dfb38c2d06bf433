"""Evidence that is missing for a rule, and what a report says about it."""

from dataclasses import dataclass
from enum import StrEnum

from framegate.quality.gate.evidence.pairing import Pairing, prompt_list


class GapKind(StrEnum):
    """Why evidence is not enough for a rule."""

    DIFFERENT_RUNS = "different runs"
    UNSCORABLE = "unscorable"
    TOO_FEW_PROMPTS = "too few prompts"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class EvidenceGap:
    """Evidence that is missing; ``text`` is what a report says about it."""

    kind: GapKind
    text: str


DIFFERENT_RUNS = EvidenceGap(
    GapKind.DIFFERENT_RUNS,
    "timings come from different runs; make both sides in one run, "
    "or add 'times' to environment.may_differ",
)


def evidence_gap(pairing: Pairing, *, minimum: int, unmatched_share: float) -> EvidenceGap | None:
    """What is missing for a rule; None when the evidence is enough."""
    if pairing.unscorable:
        count = len(pairing.unscorable)
        text = f"{count} clips have no value: {prompt_list(pairing.unscorable)}"
        return EvidenceGap(GapKind.UNSCORABLE, text)
    unmatched = prompt_list(pairing.unmatched)
    if not pairing.pairs and pairing.unmatched:
        text = f"no prompt was measured on both sides: {unmatched}"
        return EvidenceGap(GapKind.UNMATCHED, text)
    if len(pairing.pairs) < minimum:
        more = f"; unmatched: {unmatched}" if pairing.unmatched else ""
        text = f"{len(pairing.pairs)} prompts measured on both sides, {minimum} needed{more}"
        return EvidenceGap(GapKind.TOO_FEW_PROMPTS, text)
    if len(pairing.unmatched) > unmatched_share * pairing.prompts:
        text = f"{len(pairing.unmatched)} prompts are unmatched: {unmatched}"
        return EvidenceGap(GapKind.UNMATCHED, text)
    return None


def category_gap(category: str, prompts: int, minimum: int) -> EvidenceGap | None:
    if prompts >= minimum:
        return None
    text = f"{category}: {prompts} prompts, {minimum} needed"
    return EvidenceGap(GapKind.TOO_FEW_PROMPTS, text)
