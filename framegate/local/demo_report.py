"""What the demo says at its end: objectives, scores, the verdict, and where everything is."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.loadtest.watch import ViewerResult
from framegate.local.stack import Stack
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.reports.terminal import verdict_table
from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.slo.commands.status_table import status_table
from framegate.slo.judging.status import SloStatus
from framegate.telemetry.client.records import Score


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo has to tell."""

    statuses: tuple[SloStatus, ...]
    seen: tuple[ViewerResult, ...]
    scores: tuple[Score, ...]
    verdict: VerdictDocument


def print_demo_result(console: Console, findings: DemoResult, stack: Stack) -> None:
    console.print(status_table(findings.statuses))
    console.print(score_table(findings.seen, findings.scores))
    console.print(verdict_table(findings.verdict))
    verdict = findings.verdict
    console.print(f"\n[bold]{verdict.verdict}[/bold]: {verdict.reason}\n", highlight=False)
    for name, place in (
        ("clips", stack.clips),
        ("logs", stack.logs),
        ("dashboard", stack.dashboard_url),
        ("collector", stack.collector_url),
        ("generator", stack.generator_url),
    ):
        console.print(f"{name:<10} {place}", soft_wrap=True, highlight=False)


def score_table(seen: Sequence[ViewerResult], scores: Sequence[Score]) -> Table:
    """Per model: clips watched, and the mean over its clips of each metric that they have."""
    table = Table(
        title="Scores by model version", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("model", no_wrap=True)
    table.add_column("clips", justify="right")
    said = {score.metric for score in scores}
    metrics = [metric for metric in DEFINITIONS if metric in said]
    for metric in metrics:
        table.add_column(metric, justify="right", no_wrap=True)
    table.add_column("no score", justify="right")
    for model in dict.fromkeys(watched.model for watched in seen):
        clips = sum(watched.model == model for watched in seen)
        own = [score for score in scores if score.model == model]
        without = len({score.job_id for score in own if score.value is None})
        table.add_row(
            model, str(clips), *(mean_text(own, metric) for metric in metrics), str(without)
        )
    return table


def mean_text(scores: Sequence[Score], metric: str) -> str:
    values = [score.value for score in scores if score.metric == metric and score.value is not None]
    return f"{fmean(values):.4f}" if values else "-"
