"""Made-up evidence: two sides whose truth the test knows."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from framegate.quality.gate.evidence.evidence import Clip, DeliveredClip, Evidence
from framegate.quality.gate.judging.judge import BudgetDecision, GateResult, judge
from framegate.quality.gate.judging.waivers import Waiver
from framegate.quality.gate.policy.policy import PolicyFile, parse_policy

SSIM, LPIPS, FLICKER = "ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"
BASE = {SSIM: 0.95, LPIPS: 0.05, FLICKER: 0.4}
HERE = {"host": "here", "model": "m"}
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEAD = "version: 1\nminimum_prompts: 8\nunmatched_share: 0.1\ntolerated_broken_share: 0.35\n"
THREE = HEAD + (
    "metrics:\n"
    "  ssim_wang_rgb_v1: {margin: 0.01}\n"
    "  lpips_alex_v0.1: {margin: 0.02}\n"
    "  flicker_fr_v1: {margin: 0.25}\n"
)


def policy(text: str = THREE) -> PolicyFile:
    return parse_policy(text, path="gate.yaml")


NUMBERS = itertools.count()


def delivery(**changes: Any) -> DeliveredClip:
    """What a file delivers that no other file does."""
    usual = DeliveredClip(
        frames=16,
        seconds=2.0,
        frame_rate=8.0,
        width=256,
        height=256,
        pixel_format="yuv420p",
        has_audio=False,
        digest=f"{next(NUMBERS):032x}",
    )
    return replace(usual, **changes)


def clips(
    *,
    prompts: int = 12,
    shift: Mapping[str, float] | None = None,
    noise: float = 0.0,
    seed: int = 0,
    base: Mapping[str, float] | None = None,
) -> tuple[Clip, ...]:
    """One clip for each prompt; categories take turns."""
    source = np.random.default_rng(seed)
    moved = shift or {}
    return tuple(
        Clip(
            key=f"p{prompt}",
            unit=f"p{prompt}",
            prompt=f"prompt {prompt}",
            category=("a", "b", "c")[prompt % 3],
            delivery=delivery(),
            values={
                name: value + 0.01 * prompt + moved.get(name, 0.0) + noise * source.normal()
                for name, value in (base or BASE).items()
            },
        )
        for prompt in range(prompts)
    )


def side(found: tuple[Clip, ...] | None = None, name: str = "m") -> Evidence:
    return Evidence(name, "a test", HERE, clips() if found is None else found)


def judged(
    baseline: tuple[Clip, ...],
    candidate: tuple[Clip, ...],
    rules: PolicyFile | None = None,
    *,
    waivers: tuple[Waiver, ...] = (),
    budget: BudgetDecision | None = None,
) -> GateResult:
    return judge(
        side(baseline, "old"),
        side(candidate, "new"),
        (rules or policy()).policy,
        at=NOW,
        waivers=waivers,
        budget=budget,
    )


def altered(
    found: tuple[Clip, ...], values: Mapping[str, float], *, only: tuple[int, ...] | None = None
) -> tuple[Clip, ...]:
    """Clips with other values for some measures; all of them, or those at some places."""
    return tuple(
        replace(clip, values={**clip.values, **values}) if only is None or n in only else clip
        for n, clip in enumerate(found)
    )


def without(
    found: tuple[Clip, ...], measure: str, *, reason: str | None = None, only: int | None = None
) -> tuple[Clip, ...]:
    """Clips that lack a measure, with a reason or without one."""
    return tuple(
        replace(
            clip,
            values={name: value for name, value in clip.values.items() if name != measure},
            reasons={measure: reason} if reason else {},
        )
        if only is None or n == only
        else clip
        for n, clip in enumerate(found)
    )
