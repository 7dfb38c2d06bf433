"""framegate gate run: evidence of two sides, error budget, verdict, reports."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from framegate.gate.reports_folder import write_reports
from framegate.gate.service.shared_failures import without_shared_failures
from framegate.gate.settings import EvidenceSettings
from framegate.gate.sides import (
    check_clips_are_kept,
    evidence_of,
    evidence_reader,
    may_have_references,
)
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.judging.document import VerdictDocument, document_of, dump_document
from framegate.quality.gate.judging.environment import (
    are_of_scorers,
    environment_differences,
    scorer_of,
)
from framegate.quality.gate.judging.judge import BudgetDecision, judge
from framegate.quality.gate.judging.waivers import Waiver, load_waivers
from framegate.quality.gate.policy.policy import POLICIES, ErrorBudgetRule, PolicyFile, load_policy
from framegate.quality.gate.reports.story import explain_checks
from framegate.quality.gate.reports.terminal import print_document

BUILT_IN = "built-in"  # before the name of a policy that comes with framegate


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
    policy, texts = request.policy, (request.baseline, request.candidate)
    if policy.policy.golden_metrics:
        check_clips_are_kept(texts)
    sides = with_compared_scorers(evidence_of(texts, request.settings), request)
    if policy.policy.golden_metrics:
        sides = with_golden_scores(
            sides, policy.policy.golden_metrics, workers=request.settings.workers
        )
    sides = without_shared_failures(sides, policy.policy.metrics)
    judgement = judge(
        sides[0],
        sides[1],
        policy.policy,
        at=datetime.now(UTC),
        waivers=request.waivers,
        budget=error_budget_decision(policy.policy.error_budget, request.settings.collector),
    )
    return document_of(judgement, policy)


def with_compared_scorers(sides: Sequence[Evidence], request: GateRequest) -> list[Evidence]:
    """Where only the scorers differ: a few clips of a record scored by this one, if it is one.

    The record is the side that another scorer scored.
    """
    found, policy = list(sides), request.policy.policy
    if not are_of_scorers(environment_differences(found[0], found[1], policy)):
        return found
    here = scorer_of(scorer_environment())
    for one, other in ((0, 1), (1, 0)):
        if found[one].id and scorer_of(found[other].environment) == here:
            from framegate.quality.gate.evidence.rescoring import rescore

            workers = request.settings.workers
            found[one] = rescore(found[one], policy.scored_metrics, workers=workers)
            break
    return found


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


def policy_for(name: str) -> PolicyFile:
    """A policy file or a built-in policy."""
    if name in POLICIES:
        return replace(load_policy(POLICIES[name]), path=f"{BUILT_IN}/{name}.yaml")
    return load_policy(Path(name))


def chosen_policy(
    text: str | None, sides: Sequence[str], *, generator: str | None, references: Path | None
) -> PolicyFile:
    """The policy that is named, or else the built-in one for such sides."""
    if text is not None:
        return policy_for(text)
    if is_live(sides, generator=generator):
        return policy_for("live")
    if references is None and not all(may_have_references(side) for side in sides):
        return policy_for("no-reference")
    return policy_for("default")


def repository_path(text: str) -> str:
    """A file's path below the root of its repository, which is where CI systems show findings.

    As it is for a file that is in no repository, and for a built-in policy.
    """
    whole = Path(text).resolve()
    for folder in whole.parents if whole.is_file() else ():
        if (folder / ".git").exists():
            return whole.relative_to(folder).as_posix()
    return text


def is_live(request_sides: Sequence[str], *, generator: str | None) -> bool:
    """Whether a side's scores are read from the collector."""
    return generator is None and any(evidence_reader(side) is None for side in request_sides)


def waivers_of(path: Path | None) -> tuple[Waiver, ...]:
    return load_waivers(path) if path else ()


def run_and_write(request: GateRequest, folder: Path, *, as_json: bool) -> VerdictDocument:
    """Judge, write the reports into the run's folder, and print the verdict."""
    policy = replace(request.policy, path=repository_path(request.policy.path))
    document = run_gate(replace(request, policy=policy))
    write_reports(document, folder)
    if as_json:
        sys.stdout.write(dump_document(document).decode())
    else:
        print_document(document)
    sys.stderr.write(f"reports are in {folder}\n")
    return document


def print_explanation(document: VerdictDocument, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(dump_document(document).decode())
        return
    print_document(document)
    sys.stdout.write("\n" + "".join(f"{line}\n" for line in explain_checks(document)))
