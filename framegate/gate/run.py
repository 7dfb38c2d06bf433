"""framegate gate run: from two sides to a verdict and its reports."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from framegate.gate.means import Means
from framegate.gate.sides import evidence_of, kind_of
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.judging.document import Document, document_of, dumped
from framegate.quality.gate.judging.judge import Budget, judge
from framegate.quality.gate.judging.waivers import Waiver, load_waivers
from framegate.quality.gate.policy.policy import POLICIES, ErrorBudget, PolicyFile, load_policy
from framegate.quality.gate.reports.annotations import annotations
from framegate.quality.gate.reports.junit import junit
from framegate.quality.gate.reports.markdown import markdown
from framegate.quality.gate.reports.sarif import sarif
from framegate.quality.gate.reports.story import story
from framegate.quality.gate.reports.terminal import print_document
from framegate.telemetry.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a run."""

    baseline: str
    candidate: str
    policy: PolicyFile
    waivers: tuple[Waiver, ...]
    means: Means


def run(request: Request) -> Document:
    """Gather the evidence, ask for the error budget, judge."""
    sides = evidence_of([request.baseline, request.candidate], request.means)
    policy = request.policy
    if policy.policy.golden:
        sides = compared(sides, policy.policy.golden, workers=request.means.workers)
    judgement = judge(
        sides[0],
        sides[1],
        policy.policy,
        at=datetime.now(UTC),
        waivers=request.waivers,
        budget=budget_of(policy.policy.error_budget, request.means.collector),
    )
    return document_of(judgement, policy)


def compared(sides: Sequence[Evidence], metrics: Sequence[str], *, workers: int) -> list[Evidence]:
    """The sides with the candidate's clips held against the baseline's own."""
    from framegate.quality.gate.evidence.golden import held_together

    return list(held_together(sides[0], sides[1], metrics, workers=workers))


def budget_of(rule: ErrorBudget | None, collector: str | None) -> Budget | None:
    """What the SLO engine says; nothing, where nobody asks or there is none to be asked."""
    if rule is None or collector is None:
        return None
    from framegate.gate.budget import engine_budget

    return engine_budget(rule, collector)


def write(path: Path, text: str | bytes) -> None:
    """Raises InputError for a file that cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from error


def policy_for(text: str | None, *, live: bool) -> PolicyFile:
    """A file, or one of ours by name; where none is named, ours for what is judged."""
    name = text or ("live" if live else "default")
    return load_policy(POLICIES.get(name) or Path(name))


def is_live(request_sides: Sequence[str], *, generator: str | None) -> bool:
    """Whether a side is a model whose scores the collector has."""
    return generator is None and any(kind_of(side) is None for side in request_sides)


def waivers_of(path: Path | None) -> tuple[Waiver, ...]:
    return load_waivers(path) if path else ()


def run_and_write(request: Request, reports: Path | None, *, as_json: bool) -> Document:
    """Judge, write every report to a folder if there is one, and print the verdict."""
    document = run(request)
    if reports:
        write_reports(document, reports)
    if as_json:
        sys.stdout.write(dumped(document).decode())
    else:
        print_document(document)
    if reports:
        sys.stderr.write(f"reports are in {reports}\n")
    return document


def write_reports(document: Document, folder: Path) -> None:
    """One document, as everybody reads it."""
    write(folder / "verdict.json", dumped(document))
    write(folder / "verdict.md", markdown(document))
    write(folder / "annotations.txt", annotations(document))
    write(folder / "junit.xml", junit(document))
    write(folder / "verdict.sarif", sarif(document))


def print_explained(document: Document, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(dumped(document).decode())
        return
    print_document(document)
    sys.stdout.write("\n" + "".join(f"{line}\n" for line in story(document)))
