"""The gate on the reference generator: equal models again and again, and one fault at a time.

``python -m bench.gate_drills FOLDER [--runs 10]`` starts a generator, runs the whole gate on the
default suite that often with one model on both sides, then each drill against a recorded baseline
(the slow one beside its baseline, for times of different runs are not compared),
and writes a page for the documentation to standard output. Half an hour on two cores.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.templates import rendered
from framegate.generator.model.versions import MODELS
from framegate.quality.gate.policy.policy import POLICIES
from framegate.quality.gate.policy.rule_ref import parse_rule

PORT = 8097
STARTUP_SECONDS = 120.0
STORED_RUNS = 5
NAMED = 3  # rules of a verdict
POLICY_NAMES = ("default", "strict")
COMMAND = [sys.executable, "-P", "-m", "framegate"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the gate: its document, and how long it took."""

    model: str
    policy: str
    seconds: float
    document: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.document["verdict"])

    @property
    def rules(self) -> list[str]:
        """The failed rules by their short names."""
        return [
            parse_rule(check["rule"]).label
            for check in self.document["checks"]
            if check["verdict"] == "FAIL"
        ]

    @property
    def broken(self) -> str:
        """The first of them, as Markdown."""
        named = ", ".join(f"`{rule}`" for rule in self.rules[:NAMED])
        more = len(self.rules) - NAMED
        return f"{named} and {more} more" if more > 0 else named

    def check(self, rule: str) -> Mapping[str, Any]:
        return next(check for check in self.document["checks"] if check["rule"] == rule)


@contextmanager
def generator(folder: Path) -> Iterator[str]:
    options = ["--port", str(PORT), "--artifacts", str(folder / "clips")]
    with (folder / "generator.log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "generator", *options, "--spool", str(folder / "spool")],
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{PORT}"
        try:
            wait_until_ready(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_until_ready(url: str) -> None:
    transport = httpx.HTTPTransport(retries=12)  # with growing pauses
    with httpx.Client(transport=transport, timeout=STARTUP_SECONDS) as client:
        client.get(f"{url}/readyz").raise_for_status()


def gate(folder: Path, baseline: str, candidate: str, policy: str, *more: str) -> Run:
    options = ["--baseline", baseline, "--candidate", candidate, "--out", str(folder)]
    started = time.perf_counter()
    subprocess.run(
        [*COMMAND, "gate", "run", *options, "--policy", policy, *more],
        check=False,
        capture_output=True,
    )
    seconds = time.perf_counter() - started
    document = json.loads((folder / "verdict.json").read_bytes())
    run = Run(candidate, policy, seconds, document)
    sys.stderr.write(f"{candidate} against {baseline}: {run.verdict}, {seconds:.1f} s\n")
    return run


def measure(folder: Path, *, runs: int) -> Mapping[str, Any]:
    policy = policy_file(folder, "default")
    with generator(folder) as url:
        equal = [
            gate(folder / f"equal-{n}", "ref-1", "ref-1", policy, "--generator", url)
            for n in range(runs)
        ]
        baseline = f"{folder / 'equal-0' / 'evidence'}@ref-1"
        drills = [
            run
            for name in MODELS
            if name.startswith("drill-")
            for run in drill(folder, baseline, name, url)
        ]
    stored = [
        gate(folder / "stored", baseline, f"{folder / 'drill-noise' / 'evidence'}", "default")
        for _ in range(STORED_RUNS)
    ]
    return {
        "equal": equal,
        "drills": drills,
        "whole": median(run.seconds for run in equal),
        "stored": median(run.seconds for run in stored),
        "models": MODELS,
        "spread": spread(equal),
    }


def drill(folder: Path, baseline: str, name: str, url: str) -> tuple[Run, Run]:
    """A faulty version by the default policy, and the same clips by the strict one."""
    slow = MODELS[name].passes > 1
    policies = [policy_file(folder, one, timed=slow) for one in POLICY_NAMES]
    before = "ref-1" if slow else baseline
    first = gate(folder / name, before, name, policies[0], "--generator", url)
    made = str(folder / name / "evidence")
    before = f"{made}@ref-1" if slow else baseline
    return first, gate(folder / f"{name}-strict", before, f"{made}@{name}", policies[1])


def policy_file(folder: Path, name: str, *, timed: bool = True) -> str:
    """A built-in policy that expects the same frames, which a drill may make where it has no fault.

    Without a say for times, where the baseline is recorded: its times cannot be compared.
    """
    path = folder / f"{name}-{'timed' if timed else 'timeless'}.yaml"
    text = POLICIES[name].read_text()
    if "identity: {expected: [clips]}\n" not in text.replace("# identity", "#"):
        text += "identity: {expected: [clips]}\n"
    if not timed:
        for measure in ("frame_time_v1", "ttfp_v1"):
            text = re.sub(rf"{measure}: {{tier: \w+", f"{measure}: {{tier: advisory", text)
        text += "environment: {may_differ: [times]}\n"
    path.write_text(text)
    return str(path)


def spread(equal: Sequence[Run]) -> Mapping[str, tuple[float, float]]:
    """How far the means of equal models lay apart, by measure of time: the least and the most."""
    rules = {name: f"metrics.{name}.relative_margin" for name in ("frame_time_v1", "ttfp_v1")}
    found = {name: [run.check(rule)["value"] for run in equal] for name, rule in rules.items()}
    return {name: (min(values), max(values)) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    found = measure(options.folder, runs=options.runs)
    sys.stdout.write(rendered("gate_drills.md.j2", **found))


if __name__ == "__main__":
    main()
