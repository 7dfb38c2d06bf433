"""What helps to choose margins: noise, lint, power."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.gate.means import EvidenceSettings
from framegate.gate.sides import evidence_of
from framegate.quality.gate.judging.document import VerdictDocument, read_document
from framegate.quality.gate.judging.lint import LintFinding
from framegate.quality.gate.judging.noise import (
    Calibration,
    MeasureNoise,
    calibrate,
    dump_calibration,
    load_calibration,
    policy_from_calibration,
    propose_margin,
)
from framegate.quality.gate.judging.power import Power, deviations, powers
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import Policy
from framegate.quality.gate.reports.numbers import amount
from framegate.telemetry.platform.errors import InputError


def run_calibration(runs: Sequence[str], means: EvidenceSettings, *, again: int) -> Calibration:
    """From records, or from one model made ``again`` times over."""
    if len(runs) == 1 and means.generator:
        return calibrate(
            [evidence_of(runs, replace(means, out=means.out / f"run-{n}"))[0] for n in range(again)]
        )
    return calibrate(evidence_of(runs, means))


def print_calibration(found: Calibration, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(dump_calibration(found).decode())
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=0)
    table.add_column("measure", no_wrap=True)
    for heading in ("mean", "noise", "worst 3", "margin from"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for name, noise in found.measures.items():
        table.add_row(name, *noise_cells(noise), f" {MEASURES[name].unit}")
    console = Console()
    console.print(table)
    runs = max((noise.runs for noise in found.measures.values()), default=0)
    console.print(f"\n{runs} runs of {found.model}. A policy with these margins:\n")
    sys.stdout.write(policy_from_calibration(found))


def noise_cells(noise: MeasureNoise) -> list[str]:
    texts = [amount(value) for value in (noise.mean, noise.noise, noise.worst)]
    return [*texts, f"{propose_margin(noise):g}"]


def print_findings(path: str, found: Sequence[LintFinding], *, as_json: bool) -> None:
    if as_json:
        document = {"version": 1, "findings": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    for one in found:
        sys.stdout.write(f"{path}:{one.line}: {one.level}: {one.rule}: {one.message}\n")
    if not found:
        sys.stdout.write(f"{path}: nothing to complain about\n")


def known_deviations(noise: Path | None, verdict: Path | None) -> Mapping[str, tuple[float, float]]:
    """From a calibration, or from a verdict of two models, which differ more than runs of one."""
    if (noise is None) == (verdict is None):
        raise InputError("either --noise or --verdict is needed, and not both")
    source: Calibration | VerdictDocument = (
        load_calibration(noise) if noise else read_document(verdict or Path())
    )
    return deviations(source)


def print_powers(
    policy: Policy,
    known: Mapping[str, tuple[float, float]],
    *,
    prompts: int,
    as_json: bool,
) -> None:
    found = list(powers(policy, known, prompts=prompts))
    if not found:
        raise InputError("the policy has no margin for a measure whose deviation is known")
    if as_json:
        document = {"version": 1, "powers": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    Console().print(power_table(found))
    sys.stdout.write("\nEach rule on its own: beside other rules, FAIL takes more prompts.\n")


def power_table(found: Sequence[Power]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=0)
    table.add_column("margin of", no_wrap=True)
    for heading in ("margin", "deviation", "prompts", "equal: PASS", "twice: FAIL", "needed"):
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
