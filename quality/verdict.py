"""How a gate's verdict is asked for and shown: a table for people, JSON for programs."""

import json
import sys
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from quality.gate import Check, GateReport, Verdict, gate
from quality.policy import Policy
from telemetry.client import CollectorClient

JSON_VERSION = 1
EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}


def report_from_collector(url: str | None, *, names: tuple[str, str], policy: Policy) -> GateReport:
    """Judge two model versions by the scores that a collector holds."""
    baseline, candidate = names
    with CollectorClient(url) as client:
        scores = [client.scores(model=name) for name in (baseline, candidate)]
    return gate(scores[0], scores[1], policy, names=names)


def gate_table(report: GateReport) -> Table:
    table = Table(
        title=f"{report.candidate} against {report.baseline}",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("metric", no_wrap=True)
    for heading in ("baseline", "candidate", "worse by", "at most", "margin", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in report.checks:
        table.add_row(check.metric, *numbers(check), check.verdict.value)
    return table


def numbers(check: Check) -> list[str]:
    """Means, how much worse on average and with 95 % at most, margin, prompts."""
    found = check.comparison
    shown = [check.baseline_mean, check.candidate_mean]
    shown += [-found.mean, -found.lower] if found else [None, None]
    texts = ["-" if value is None else f"{value:.4f}" for value in shown]
    return [*texts, f"{check.margin:g}", str(found.n if found else 0)]


def print_report(report: GateReport) -> None:
    console = Console()
    console.print(gate_table(report))
    console.print(f"[bold]{report.verdict}[/bold]: {report.reason}")
    for check in report.checks:
        if check.unmatched:
            console.print(f"{check.metric}: no pair for {', '.join(check.unmatched)}")


def print_json(report: GateReport) -> None:
    sys.stdout.write(json.dumps({"version": JSON_VERSION, **asdict(report)}) + "\n")
