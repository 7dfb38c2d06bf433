"""The ``no-reference`` policy on clips of a model: other seeds of it, and one fault at a time.

``python -m bench.no_reference FOLDER`` makes two clips of every prompt of the default suite with
the reference generator, puts faults into the second ones, scores everything, writes the values to
no_reference.json, and prints docs/explanation/gate-without-references.md. Half an hour on two
cores. ``python -m bench.no_reference`` judges the stored values again.

Truth is known: the two seeds of a prompt are equal models, which of them is the baseline's is drawn
for each prompt; a candidate with a fault has it in every clip, or in so many of them.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from bench.blind_spots import FAULTS, Fault, Frame, decoded, levels, written
from bench.gate_drills import COMMAND, generator
from bench.templates import rendered
from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.folders import ClipFolder, folder_evidence
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.policy.policy import POLICIES, Policy, load_policy
from framegate.quality.gate.policy.suite import DEFAULT_SUITE
from framegate.quality.metrics.definitions import WITHOUT_REFERENCE
from framegate.telemetry.platform.verdict import Verdict

VALUES = Path(__file__).with_suffix(".json")
MODEL = "ref-1"
FRAMES = 24
OTHER_SEEDS = 9  # written before a prompt's seed
CRF = 18  # of all clips: the faults are put into decoded frames, and encoded like the others
EQUAL = "none"
RUNS, SEED = 60, 16
PROMPTS = (30, 48)
AT = datetime(2026, 11, 25, tzinfo=UTC)
HERE = {"host": "here", "times": "one run"}


def white_noise(frames: Sequence[Frame]) -> list[Frame]:
    random = np.random.default_rng(3)
    return [(levels(random.uniform(16, 235, y.shape)), u, v) for y, u, v in frames]


def still(frames: Sequence[Frame]) -> list[Frame]:
    return [frames[0]] * len(frames)


def slowed(frames: Sequence[Frame]) -> list[Frame]:
    """Every frame twice, and half of the clip."""
    return [frames[n // 2] for n in range(len(frames))]


CHANGES: Mapping[str, Fault] = {
    EQUAL: list,
    **{
        name: FAULTS[name]
        for name in ("flicker ±3", "blur 0.8", "blur 2", "noise 12", "x264 crf 44", "frozen third")
    },
    "black frames": FAULTS["black frames"],
    "darker by 20": FAULTS["darker by 20"],
    "white noise": white_noise,
    "still": still,
    "half as fast": slowed,
}
# Candidates: the fault, and the share of prompts that have it.
CANDIDATES = (
    *((name, 1.0) for name in CHANGES),
    ("white noise", 0.2),
    ("black frames", 0.2),
    ("still", 0.2),
)

# By fault and seed: each prompt's values, or the reason in place of one.
Scores = Mapping[str, Mapping[str, Mapping[str, float | str]]]
SCORES = TypeAdapter(dict[str, dict[str, dict[str, float | str]]])


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a candidate passed and failed, 0 to 1, and the rule that failed most often."""

    fault: str
    share: float
    prompts: int
    passed: float
    failed: float
    rule: str


def make_clips(folder: Path) -> Path:
    """A record of two seeds of every prompt."""
    suite, record = folder / "suite.yaml", folder / "record"
    text = DEFAULT_SUITE.read_text()
    suite.write_text(re.sub(r"seed: (\d+)", rf"seeds: [\1, {OTHER_SEEDS}\1]", text))
    with generator(folder) as url:
        options = ["--generator", url, "--suite", str(suite), "--to", str(record)]
        options += ["--metrics", "black_v1", "--out", str(folder / "made")]
        subprocess.run([*COMMAND, "baseline", "record", MODEL, *options], check=True)
    return record


def write_footage(record: Path, folder: Path) -> None:
    """A folder for the first seed and for each change of the second, a file for each prompt."""
    archive = Archive(str(record))
    seeds: dict[str, int] = defaultdict(int)
    for clip in sorted(archive.load().clips, key=lambda clip: clip.seed or 0):
        seeds[clip.unit] += 1
        frames = decoded(archive.path(clip.blobs["clip"]))[:FRAMES]
        for name, change in CHANGES.items():
            if seeds[clip.unit] == 1 and name != EQUAL:
                continue
            place = folder / f"{name} {seeds[clip.unit]}"
            place.mkdir(exist_ok=True, parents=True)
            written(place / f"{clip.unit}.mp4", change(frames), codec="libx264", crf=CRF)


def score_footage(footage: Path) -> Scores:
    found: dict[str, dict[str, dict[str, float | str]]] = {}
    for place in sorted(footage.iterdir()):
        folder = ClipFolder(place)
        evidence = folder_evidence(folder, WITHOUT_REFERENCE, workers=2, done=lambda _: None)
        found[place.name] = {
            str(clip.file): {
                **{name: float(f"{value:.6g}") for name, value in clip.values.items()},
                **clip.reasons,
            }
            for clip in evidence.clips
        }
        sys.stderr.write(f"{place.name}: {len(evidence.clips)} clips scored\n")
    return found


def read_scores() -> Scores:
    """The values as they were when the page was written."""
    return SCORES.validate_json(VALUES.read_bytes())


def side(name: str, found: Mapping[str, Mapping[str, float | str]]) -> Evidence:
    clips = tuple(
        Clip(
            key,
            key,
            key,
            values={name: value for name, value in own.items() if not isinstance(value, str)},
            reasons={name: value for name, value in own.items() if isinstance(value, str)},
        )
        for key, own in found.items()
    )
    return Evidence(name, "made up", HERE, clips)


def drawn_sides(
    scores: Scores, fault: str, *, share: float, prompts: int, random: np.random.Generator
) -> tuple[Evidence, Evidence]:
    """Some prompts: which seed is the baseline's is drawn where both are without a fault."""
    keys = sorted(scores[f"{EQUAL} 1"])
    chosen = [keys[n] for n in random.permutation(len(keys))[:prompts]]
    faulty = set(chosen[: round(share * prompts)]) if fault != EQUAL else set()
    before, after = {}, {}
    for key in chosen:
        seeds = [1, 2] if key in faulty else random.permutation([1, 2]).tolist()
        before[key] = scores[f"{EQUAL} {seeds[0]}"][key]
        after[key] = scores[f"{fault if key in faulty else EQUAL} {seeds[1]}"][key]
    return side("old", before), side("new", after)


def rates(
    scores: Scores, policy: Policy, fault: str, *, share: float, prompts: int, runs: int = RUNS
) -> Rates:
    random = np.random.default_rng([SEED, prompts, round(100 * share), len(fault)])
    found = [
        judge(
            *drawn_sides(scores, fault, share=share, prompts=prompts, random=random), policy, at=AT
        )
        for _ in range(runs)
    ]
    rules = [
        check.rule.label
        for result in found
        for check in result.checks
        if check.verdict is Verdict.FAIL and check.measure
    ]
    passed, failed = (
        sum(result.verdict is one for result in found) / runs
        for one in (Verdict.PASS, Verdict.FAIL)
    )
    first = max(dict.fromkeys(rules), key=rules.count, default="")
    return Rates(fault, share, prompts, passed, failed, first)


def without_delivery(policy: Policy) -> Policy:
    """The stored values are of metrics alone: nothing was delivered here."""
    return policy.model_copy(
        update={"delivery": policy.delivery.model_copy(update={"tier": "advisory"})}
    )


def all_rates(scores: Scores, *, runs: int = RUNS) -> Iterator[list[Rates]]:
    policy = without_delivery(load_policy(POLICIES["no-reference"]).policy)
    for fault, share in CANDIDATES:
        yield [
            rates(scores, policy, fault, share=share, prompts=prompts, runs=runs)
            for prompts in PROMPTS
        ]


@dataclass(frozen=True, slots=True)
class Spread:
    """One metric over the baseline's prompts, and how a fault moves its mean, in those spreads."""

    metric: str
    mean: float
    spread: float
    seeds: float  # the deviation of two seeds' difference, in spreads
    moves: Mapping[str, float | None]


def spreads(scores: Scores) -> Iterator[Spread]:
    keys = sorted(scores[f"{EQUAL} 1"])

    def values(place: str, metric: str) -> dict[str, float]:
        found = ((key, scores[place][key].get(metric)) for key in keys)
        return {key: value for key, value in found if isinstance(value, float)}

    for metric in WITHOUT_REFERENCE:
        one, other = (values(f"{EQUAL} {seed}", metric) for seed in (1, 2))
        both = sorted(one.keys() & other.keys())
        spread = float(np.std(list(one.values()), ddof=1))
        if len(both) < 2 or not spread:
            continue
        moves = {}
        for fault in CHANGES:
            faulty = values(f"{fault} 2", metric)
            shared = sorted(faulty.keys() & other.keys())
            moved = [faulty[key] - other[key] for key in shared]
            moves[fault] = float(np.mean(moved)) / spread if moved else None
        differences = [one[key] - other[key] for key in both]
        yield Spread(
            metric,
            float(np.mean(list(one.values()))),
            spread,
            float(np.std(differences, ddof=1)) / spread,
            {fault: move for fault, move in moves.items() if fault != EQUAL},
        )


def main() -> None:
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True)
        write_footage(make_clips(folder), folder / "footage")
        VALUES.write_text(json.dumps(score_footage(folder / "footage"), indent=0, sort_keys=True))
    scores = read_scores()
    sys.stdout.write(
        rendered(
            "no_reference.md.j2",
            rates=list(all_rates(scores)),
            spreads=list(spreads(scores)),
            faults=[fault for fault in CHANGES if fault != EQUAL],
            prompts=PROMPTS,
            runs=RUNS,
            model=MODEL,
            frames=FRAMES,
        )
    )


if __name__ == "__main__":
    main()
