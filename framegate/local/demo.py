"""framegate demo: from prompts to a verdict on one machine, shown as it happens."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from framegate.gate.live import evidence_from_scores
from framegate.loadtest.watch import ViewerResult
from framegate.local.demo_prompts import ClipSeconds, demo_prompts
from framegate.local.demo_report import DemoResult, print_demo_result
from framegate.local.demo_suite import wait_for_scores, watch_suite
from framegate.local.stack import Stack, running_stack
from framegate.quality.gate.judging.document import VerdictDocument, document_of
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.policy.policy import LIVE_POLICY, load_policy
from framegate.slo.commands.state_source import fetch_statuses, statuses_of
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.client.records import Job, Score

MODELS = ("ref-1", "ref-2-draft")
SERVICES = 4
PROMPT_WIDTH = 44  # characters


def run_demo(folder: Path, *, keep: bool, clip_seconds: ClipSeconds) -> None:
    """Run the demo in a new folder below ``folder``; with ``keep``, stay until Ctrl-C."""
    # Set for both: a shell's background job starts with SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    console = Console()
    run_folder = folder.resolve() / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    with progress_display(console) as progress:
        services = progress.add_task("services", total=SERVICES)
        slow: set[str] = set()

        def show_waiting(name: str, processor_seconds: float) -> None:
            detail = f"waiting for {name}, {processor_seconds:.0f} s of processor time so far"
            if name not in slow:
                progress.console.print(f"{detail}; a first start compiles", highlight=False)
            slow.add(name)

        with running_stack(
            run_folder, tell=lambda _: progress.advance(services), waiting=show_waiting
        ) as stack:
            findings = stream_and_judge(stack, progress, clip_seconds)
            progress.stop()
            print_demo_result(console, findings, stack)
            if keep:
                console.print("Everything stays up until Ctrl-C.")
                with suppress(KeyboardInterrupt):
                    signal.pause()
            else:
                console.print("Stopped; `framegate demo --keep` leaves everything running.")


@contextmanager
def progress_display(console: Console) -> Iterator[Progress]:
    progress = Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with progress:
        yield progress


def stream_and_judge(stack: Stack, progress: Progress, clip_seconds: ClipSeconds) -> DemoResult:
    """Stream the prompts on both models, wait for all scores, judge."""
    asks = demo_prompts()
    clips = len(asks) * len(MODELS)
    streamed = progress.add_task("clips streamed", total=clips)
    scored = progress.add_task("clips scored", total=clips)
    with CollectorClient(stack.collector_url) as client:

        def tell(watched: ViewerResult) -> None:
            progress.advance(streamed)
            progress.update(scored, completed=len({item.job_id for item in client.scores()}))
            progress.console.print(clip_line(watched), highlight=False)

        seen = watch_suite(
            stack.generator_url, asks, models=MODELS, clip_seconds=clip_seconds, tell=tell
        )
        scores = wait_for_scores(
            client,
            {watched.job_id for watched in seen if watched.job_id},
            tell=lambda done: progress.update(scored, completed=done),
            processor_seconds=stack.worker_processor_seconds,
        )
        verdict = demo_verdict(scores, client.jobs())
    statuses = statuses_of(fetch_statuses(stack.collector_url))
    return DemoResult(tuple(statuses), tuple(seen), tuple(scores), verdict)


def clip_line(watched: ViewerResult) -> str:
    """What a viewer saw of one clip, in one line."""
    ttfp = watched.playback.ttfp_seconds
    first = "never" if ttfp is None else f"{ttfp * 1000:4.0f} ms"
    prompt = watched.ask.prompt
    shown = prompt if len(prompt) <= PROMPT_WIDTH else f"{prompt[: PROMPT_WIDTH - 1]}…"
    return f"{watched.outcome:<9} {watched.model:<11} {first:>7}  {shown}"


def demo_verdict(scores: Sequence[Score], jobs: Sequence[Job]) -> VerdictDocument:
    policy = load_policy(LIVE_POLICY)
    baseline, candidate = (
        evidence_from_scores(
            name,
            [score for score in scores if score.model == name],
            [job for job in jobs if job.model == name],
        )
        for name in MODELS
    )
    return document_of(judge(baseline, candidate, policy.policy, at=datetime.now(UTC)), policy)
