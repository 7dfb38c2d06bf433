"""framegate gate run: evidence of two sides, error budget, verdict, reports."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from framegate.gate.settings import EvidenceSettings
from framegate.gate.sides import evidence_of, evidence_reader
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.judging.document import VerdictDocument, document_of, dump_document
from framegate.quality.gate.judging.judge import BudgetDecision, judge
from framegate.quality.gate.judging.waivers import Waiver, load_waivers
from framegate.quality.gate.policy.policy import POLICIES, ErrorBudgetRule, PolicyFile, load_policy
from framegate.quality.gate.reports.annotations import annotations
from framegate.quality.gate.reports.junit import junit
from framegate.quality.gate.reports.markdown import markdown
from framegate.quality.gate.reports.sarif import sarif
from framegate.quality.gate.reports.story import explain_checks
from framegate.quality.gate.reports.terminal import print_document
from framegate.telemetry.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class GateRequest:
    """The arguments of one run."""

    baseline: str
    candidate: str
    policy: PolicyFile
    waivers: tuple[Waiver, ...]
    settings: EvidenceSettings


def run_gate(request: GateRequest) -> VerdictDocument:
    """Read or make both sides' evidence, ask for the error budget, judge."""
    sides = evidence_of([request.baseline, request.candidate], request.settings)
    policy = request.policy
    if policy.policy.golden_metrics:
        sides = with_golden_scores(
            sides, policy.policy.golden_metrics, workers=request.settings.workers
        )
    judgement = judge(
        sides[0],
        sides[1],
        policy.policy,
        at=datetime.now(UTC),
        waivers=request.waivers,
        budget=error_budget_decision(policy.policy.error_budget, request.settings.collector),
    )
    return document_of(judgement, policy)


def with_golden_scores(
    sides: Sequence[Evidence], metrics: Sequence[str], *, workers: int
) -> list[Evidence]:
    """Both sides with the candidate's clips scored against the baseline's clips."""
    from framegate.quality.gate.evidence.golden import score_against_baseline

    return list(score_against_baseline(sides[0], sides[1], metrics, workers=workers))


def error_budget_decision(
    rule: ErrorBudgetRule | None, collector: str | None
) -> BudgetDecision | None:
    """The SLO engine's decision; None without such a rule or without a collector."""
    if rule is None or collector is None:
        return None
    from framegate.gate.budget import fetch_budget_decision

    return fetch_budget_decision(rule, collector)


def write_file(path: Path, text: str | bytes) -> None:
    """Raises InputError for a file that cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from error


def policy_for(text: str | None, *, live: bool) -> PolicyFile:
    """A policy file or a built-in policy; without a name, the built-in one for such sides."""
    name = text or ("live" if live else "default")
    return load_policy(POLICIES.get(name) or Path(name))


def is_live(request_sides: Sequence[str], *, generator: str | None) -> bool:
    """Whether a side's scores are read from the collector."""
    return generator is None and any(evidence_reader(side) is None for side in request_sides)


def waivers_of(path: Path | None) -> tuple[Waiver, ...]:
    return load_waivers(path) if path else ()


def run_and_write(request: GateRequest, reports: Path | None, *, as_json: bool) -> VerdictDocument:
    """Judge, write the reports into a folder if one is given, and print the verdict."""
    document = run_gate(request)
    if reports:
        write_reports(document, reports)
    if as_json:
        sys.stdout.write(dump_document(document).decode())
    else:
        print_document(document)
    if reports:
        sys.stderr.write(f"reports are in {reports}\n")
    return document


def write_reports(document: VerdictDocument, folder: Path) -> None:
    """The verdict in every format."""
    write_file(folder / "verdict.json", dump_document(document))
    write_file(folder / "verdict.md", markdown(document))
    write_file(folder / "annotations.txt", annotations(document))
    write_file(folder / "junit.xml", junit(document))
    write_file(folder / "verdict.sarif", sarif(document))


def print_explanation(document: VerdictDocument, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(dump_document(document).decode())
        return
    print_document(document)
    sys.stdout.write("\n" + "".join(f"{line}\n" for line in explain_checks(document)))
