"""A small suite that a generator makes in seconds, and runs of the gate over it."""

import json
from pathlib import Path
from typing import Any

from tests.commands import CommandResult, run_command

SUITE = """\
version: 1
name: small
defaults: {size: 256x256, duration: 1, fps: 8, class: batch}
prompts:
  - {prompt: a green ball bouncing in space, seed: 1, category: other}
  - {prompt: two navy cubes jumping in the desert, seed: 2, category: other}
  - {prompt: a silver balloon orbiting in the desert, seed: 3, category: orbit}
  - {prompt: a golden box circling in a studio, seed: 4, category: orbit}
  - {prompt: a lime flower orbiting over the ocean, seed: 5, category: orbit}
  - {prompt: a grey crate rolling in the snow, seed: 6, category: other}
  - {prompt: a yellow wheel races on the lake, seed: 7, category: other}
  - {prompt: a red flower spinning over the city, seed: 8, category: other}
"""
POLICY = """\
version: 1
minimum_prompts: 8
unmatched_share: 0
tolerated_broken_share: 0.35
metrics:
  ssim_wang_rgb_v1:
    margin: 0.0005
    categories: {margin: 0.01, minimum_prompts: 3}
    worst: {prompts: 2, margin: 0.02}
  lpips_alex_v0.1: {relative_margin: 0.01}
  flicker_fr_v1: {relative_margin: 0.005}
  freeze_v1: {margin: 0.02}
  failed_v1: {ceiling: 0}
  frame_time_v1: {tier: supporting, relative_margin: 0.3}
environment: {may_differ: [times]}
identity: {expected: [clips]}
"""
# Starting a scorer takes longer than scoring these clips.
ONE = ("--processes", "1")


def run_gate(
    baseline: str, candidate: str, out: Path, *more: str, policy: Path, suite: Path | None = None
) -> CommandResult:
    """``framegate gate run``, its reports in ``out``."""
    suites = ("--suite", str(suite)) if suite else ()
    return run_command(
        *("gate", "run", "--baseline", baseline, "--candidate", candidate, "--out", str(out)),
        *("--policy", str(policy), *suites, *more, *ONE),
    )


def verdict_document(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "verdict.json").read_text()))


def failing_rules(out: Path) -> set[str]:
    checks = verdict_document(out)["checks"]
    return {
        check["rule"].removeprefix("metrics.") for check in checks if check["verdict"] == "FAIL"
    }
