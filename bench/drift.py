"""How many clips a fall in scores takes to be found, and how often there is an alarm without one.

``python -m bench.drift`` prints a table; every series is drawn from a seeded generator.
"""

import sys

import numpy as np

from framegate.quality.worker.drift import DriftDetector, ScoreSeries
from framegate.telemetry.client.records import Score

SERIES, AFTER = 60, 1_500
STEADY_SERIES, STEADY_CLIPS = 60, 10_000


def score(number: int, value: float, seed: int) -> Score:
    return Score(
        job_id=f"{seed}-{number}",
        trace_id="",
        scored_ns=number,
        workload="batch",
        model="m",
        prompt_id=None,
        seed=None,
        metric="ssim_wang_rgb_v1",
        value=value,
        minimum=None,
        maximum=None,
        frames=1,
        reason=None,
    )


def found_at(seed: int, *, usual: int, after: int, shift: float) -> tuple[int, int] | None:
    """After how many clips of the fall it was found, and how far off its place was said to be."""
    values = np.random.default_rng(seed).normal(size=usual + after)
    values[usual:] -= shift
    watched = DriftDetector(ScoreSeries("batch", "m", "ssim_wang_rgb_v1"))
    for number, value in enumerate(values):
        change = watched.add(score(number, float(value), seed))
        if change:
            return number - usual + 1, abs(change.since_ns - usual)
    return None


def main() -> None:
    out = sys.stdout.write
    out("| clips before | fall, standard deviations | found | clips until then | off by |\n")
    out("|---|---|---|---|---|\n")
    for usual in (50, 200, 1_000):
        for shift in (0.5, 1.0, 2.0, 3.0):
            runs = [found_at(seed, usual=usual, after=AFTER, shift=shift) for seed in range(SERIES)]
            found = np.array([run for run in runs if run and run[0] > 0]).reshape(-1, 2)
            delays = np.percentile(found[:, 0], [50, 95]) if found.size else (np.nan, np.nan)
            off = np.median(found[:, 1]) if found.size else np.nan
            out(
                f"| {usual} | {shift} | {len(found)} of {SERIES}"
                f" | {delays[0]:.0f} (95th percentile {delays[1]:.0f}) | {off:.0f} |\n"
            )
    alarms = sum(
        found_at(seed, usual=0, after=STEADY_CLIPS, shift=0.0) is not None
        for seed in range(STEADY_SERIES)
    )
    out(f"\nWithout a fall: {alarms} alarms in {STEADY_SERIES * STEADY_CLIPS} clips.\n")


if __name__ == "__main__":
    main()
