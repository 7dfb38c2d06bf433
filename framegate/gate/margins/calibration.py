"""Choosing margins: noise, lint and power, as they are printed."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.gate.settings import EvidenceSettings
from framegate.gate.sides import evidence_of
from framegate.quality.gate.judging.document import VerdictDocument, read_document
from framegate.quality.gate.margins.lint import LintFinding
from framegate.quality.gate.margins.noise import (
    Calibration,
    MeasureNoise,
    calibrate,
    dump_calibration,
    load_calibration,
    propose_margin,
)
from framegate.quality.gate.margins.power import Power, noise_by_measure, powers
from framegate.quality.gate.margins.proposal import propose_policy
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import Policy
from framegate.quality.gate.reports.numbers import amount
from framegate.telemetry.platform.errors import InputError

POWER_NOTE = """
P(PASS) if the models are equal, P(FAIL) if the candidate is worse by twice the margin.
For each rule alone: with more rules, FAIL needs more prompts.
"""


def run_calibration(
    records: Sequence[str], settings: EvidenceSettings, *, runs: int
) -> Calibration:
    """From records or folders, or from one model that is made ``runs`` times."""
    if len(records) > 1 or settings.generator is None:
        return calibrate(evidence_of(records, settings))
    folders = [settings.out / f"run-{number}" for number in range(runs)]
    return calibrate([evidence_of(records, replace(settings, out=out))[0] for out in folders])


def print_calibration(found: Calibration, policy: Policy, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(dump_calibration(found).decode())
        return
    console = Console()
    console.print(calibration_table(found))
    console.print(f"\n{source_text(found)}. A policy with these margins:\n")
    sys.stdout.write(propose_policy(policy, found))


def calibration_table(found: Calibration) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=0)
    table.add_column("measure", no_wrap=True)
    for heading in ("mean", "noise", "worst 3 mean", "min margin"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for name, noise in found.measures.items():
        table.add_row(name, *noise_cells(noise), f" {MEASURES[name].unit}")
    return table


def source_text(found: Calibration) -> str:
    count = max((noise.runs for noise in found.measures.values()), default=0)
    if found.source == "sides":
        return "From the differences of two sides, less their mean"
    return f"{count} {found.source} of {found.model}"


def noise_cells(noise: MeasureNoise) -> list[str]:
    margin = propose_margin(noise)
    texts = [amount(value) for value in (noise.mean, noise.noise, noise.worst)]
    return [*texts, "-" if margin is None else f"{margin:g}"]


def print_findings(path: str, found: Sequence[LintFinding], *, as_json: bool) -> None:
    if as_json:
        document = {"version": 1, "findings": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    for one in found:
        sys.stdout.write(f"{path}:{one.line}: {one.level}: {one.rule}: {one.message}\n")
    if not found:
        sys.stdout.write(f"{path}: no findings\n")


def known_noise(noise: Path | None, verdict: Path | None) -> Mapping[str, MeasureNoise]:
    """From a calibration, or from a verdict. Two models differ more than runs of one model."""
    if (noise is None) == (verdict is None):
        raise InputError("give either --noise or --verdict")
    source: Calibration | VerdictDocument = (
        load_calibration(noise) if noise else read_document(verdict or Path())
    )
    return noise_by_measure(source)


def print_powers(
    policy: Policy,
    known: Mapping[str, MeasureNoise],
    *,
    prompts: int,
    as_json: bool,
) -> None:
    found = list(powers(policy, known, prompts=prompts))
    if not found:
        raise InputError("no margin of the policy is for a measure with a known deviation")
    if as_json:
        document = {"version": 1, "powers": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    Console().print(power_table(found))
    sys.stdout.write(POWER_NOTE)


def power_table(found: Sequence[Power]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=0)
    table.add_column("rule", no_wrap=True)
    for heading in ("margin", "deviation", "prompts", "P(PASS)", "P(FAIL)", "n needed"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        table.add_row(
            one.rule,
            f"{one.margin:.3g}",
            f"{one.deviation:.3g}",
            str(one.prompts),
            f"{one.equal_passes:.1%}",
            f"{one.twice_fails:.1%}",
            "-" if one.needed is None else str(one.needed),
        )
    return table
