"""framegate gate watch: judge a canary after every commit of the collector, and act."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import stamina
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from framegate.gate.live import live_evidence
from framegate.loadtest.service.headers import service_headers
from framegate.quality.gate.canary.canary import judge_canary
from framegate.quality.gate.canary.canary_result import CanaryCheck, CanaryResult, result_json
from framegate.quality.gate.policy.policy import Policy
from framegate.quality.gate.policy.rule_ref import RuleKind
from framegate.quality.gate.reports.numbers import amount
from framegate.quality.gate.reports.terminal import STYLES
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.platform.verdict import Verdict

LONGEST_WAIT_SECONDS = 10.0
ATTEMPTS = 6
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class CanaryWatch:
    """What is watched, for how long, and which service is notified."""

    baseline: str
    candidate: str
    policy: Policy
    collector: str | None
    registry: str | None
    seconds: float
    every_seconds: float
    promote: bool
    since_ns: int = 0


def watch_canary(watch: CanaryWatch) -> CanaryResult:
    """Judge again and again until there is a verdict or time is up."""
    deadline = time.monotonic() + watch.seconds
    commit, said = 0, ""
    with CollectorClient(watch.collector) as client:
        while True:
            found = judge_live_scores(client, watch)
            if found.reason != said:
                print_progress(found)
                said = found.reason
            rest = deadline - time.monotonic()
            if found.verdict is not Verdict.INCONCLUSIVE or rest <= 0:
                return found
            commit = wait_for_next_check(client, commit, min(rest, watch.every_seconds))


def wait_for_next_check(client: CollectorClient, commit: int, seconds: float) -> int:
    """Wait for the next check: ``seconds``, and on for the commits that came meanwhile."""
    until = time.monotonic() + seconds
    while (rest := until - time.monotonic()) > 0:
        commit = client.wait_for_commit(commit, timeout_seconds=min(rest, LONGEST_WAIT_SECONDS))
    return commit


def judge_live_scores(client: CollectorClient, watch: CanaryWatch) -> CanaryResult:
    sides = [
        live_evidence(client.query, client.url, model, since_ns=watch.since_ns)
        for model in (watch.baseline, watch.candidate)
    ]
    return judge_canary(sides[0], sides[1], watch.policy)


def print_progress(found: CanaryResult) -> None:
    line = f"{time.strftime('%H:%M:%S')} {found.verdict}: {found.reason}\n"
    sys.stderr.write(line)


def update_rollout(watch: CanaryWatch, found: CanaryResult) -> str | None:
    """Roll the canary back or promote it; returns what was done.

    Raises ConnectionError when the service could not be notified.
    """
    if watch.registry is None or found.verdict is Verdict.INCONCLUSIVE:
        return None
    if found.verdict is Verdict.FAIL:
        body = {"model": watch.candidate, "reason": f"framegate gate watch: {found.reason}"[:1000]}
        post_to_registry(f"{watch.registry}/v1/rollout/rollback", body)
        return f"{watch.candidate} was rolled back"
    if watch.promote:
        post_to_registry(f"{watch.registry}/v1/rollout/promote", {"model": watch.candidate})
        return f"{watch.candidate} was promoted"
    return None


def print_retry(details: RetryDetails) -> None:
    """Print to stderr, so that JSON on stdout stays valid."""
    why, rest = details.caused_by, details.wait_for
    sys.stderr.write(f"attempt {details.retry_num} failed: {why}; retrying in {rest:.1f} s\n")


def post_to_registry(url: str, body: Mapping[str, str]) -> Mapping[str, Any]:
    """The service's answer; retried for faults that may be temporary."""
    set_on_retry_hooks([print_retry])
    try:
        for attempt in stamina.retry_context(on=is_retryable, attempts=ATTEMPTS, timeout=60.0):
            with attempt:
                answer = httpx.post(
                    url,
                    json=dict(body),
                    headers=service_headers(()),
                    timeout=TIMEOUT_SECONDS,
                    verify=verification(url),
                )
                answer.raise_for_status()
                return dict(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ConnectionError(f"{url}: could not notify the registry: {error}") from error
    raise AssertionError("every attempt returns or raises")


def is_retryable(error: Exception) -> bool:
    """Whether a retry may help: not when the service refused the request."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.TransportError)


def print_canary_result(found: CanaryResult, done: str | None, *, as_json: bool) -> None:
    if as_json:
        document = {"version": 1, **result_json(found), "done": done}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    console = Console()
    console.print(canary_table(found))
    head = Text(f"\n{found.verdict}", style=STYLES[found.verdict])
    console.print(head.append(f": {found.reason}", style="default"))
    if done:
        console.print(done, highlight=False)


def canary_table(found: CanaryResult) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=0)
    table.add_column("rule", no_wrap=True)
    for heading in ("worse by", "at least", "at most", "margin", "prompts"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in found.looks:
        table.add_row(*cells(one))
    return table


def is_relative(one: CanaryCheck) -> bool:
    return one.rule.kind is RuleKind.RELATIVE_MARGIN


def cells(one: CanaryCheck) -> tuple[str | Text, ...]:
    prompts = " / ".join(map(str, one.prompts))
    return (
        f"{one.rule.metric} %" if is_relative(one) else one.rule.label,
        amount(one.worse_by),
        amount(one.at_least),
        amount(one.at_most),
        f"{one.margin:.3g}",
        f"{prompts} pairs" if one.paired else prompts,
        Text(one.verdict.value, style=STYLES[one.verdict]),
    )
