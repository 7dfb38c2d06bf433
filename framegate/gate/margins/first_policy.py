"""A first policy for two folders of clips: manifests, the noise that they show, and margins."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from framegate.gate.margins.calibration import power_table, source_text
from framegate.gate.reports_folder import write_file
from framegate.gate.settings import EvidenceSettings
from framegate.gate.sides import evidence_of, is_folder
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.evidence.kept_clips import videos_in
from framegate.quality.gate.evidence.manifest import ManifestRow, find_manifest, manifest_text
from framegate.quality.gate.evidence.name_pattern import PROMPTS_ONLY, NamePattern, parse_pattern
from framegate.quality.gate.evidence.pairing import pair_prompts
from framegate.quality.gate.evidence.seed_names import seed_names
from framegate.quality.gate.judging.shares import prompts_to_see
from framegate.quality.gate.margins.noise import (
    Calibration,
    calibrate_from_seeds,
    calibrate_from_sides,
    dump_calibration,
)
from framegate.quality.gate.margins.power import Power, powers
from framegate.quality.gate.margins.proposal import widen_policy
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import PolicyFile, parse_policy
from framegate.telemetry.platform.errors import InputError

POLICY, NOISE, MANIFEST = "gate.yaml", "noise.json", "manifest.csv"
HEADER = "# Written by 'framegate gate init'; the rules are those of "
SIDES = ("baseline", "candidate")
LIKELY = 0.8  # P(PASS) of an equal model, below which a rule is named


@dataclass(frozen=True, slots=True)
class FirstPolicy:
    """What was found in two folders; ``manifests`` are texts by file name."""

    names: tuple[str, ...]
    prompts: int
    policy: str
    calibration: Calibration
    powers: tuple[Power, ...]
    manifests: Mapping[str, str]


def find_first_policy(
    folders: tuple[str, str], base: PolicyFile, settings: EvidenceSettings
) -> FirstPolicy:
    """Score both folders and propose a policy; raises InputError for a side that is no folder."""
    for text in folders:
        if not is_folder(text):
            raise InputError(f"{text}: is not a folder of clips")
    settings = with_names(folders, settings)
    before, after = evidence_of(folders, settings)
    prompts = shared_prompts(before, after, base.policy.scored_metrics)
    calibration = noise_of_sides(before, after)
    text = f"{HEADER}{base.path}.\n{widen_policy(base.policy, calibration)}"
    found = powers(parse_policy(text, path=POLICY).policy, calibration.measures, prompts=prompts)
    return FirstPolicy(
        names=tuple(pattern.text for pattern in settings.names),
        prompts=prompts,
        policy=text,
        calibration=calibration,
        powers=tuple(found),
        manifests=manifests_of(folders, (before, after), settings),
    )


def with_names(folders: Sequence[str], settings: EvidenceSettings) -> EvidenceSettings:
    """With the patterns by which names look like seeds, where nothing else names the prompts."""
    if settings.names or settings.manifest:
        return settings
    found = [guess_pattern(Path(folder)) for folder in folders]
    if not any(found):
        return settings
    return replace(settings, names=tuple(one or parse_pattern(PROMPTS_ONLY) for one in found))


def guess_pattern(folder: Path) -> NamePattern | None:
    found = None if find_manifest(folder) else seed_names(list(videos_in(folder)))
    return parse_pattern(found.pattern) if found else None


def shared_prompts(before: Evidence, after: Evidence, metrics: Sequence[str]) -> int:
    """The prompts that can be compared; raises InputError where there are fewer than two."""
    found = max(
        (len(pair_prompts(MEASURES[name], (before.clips, after.clips)).pairs) for name in metrics),
        default=0,
    )
    if found < 2:
        raise InputError(
            f"{before.source} and {after.source}: {found} prompts can be compared; "
            "name the clips' prompts with --names or a manifest"
        )
    return found


def noise_of_sides(before: Evidence, after: Evidence) -> Calibration:
    """From the seeds of the baseline's prompts; without several, from the sides' differences."""
    try:
        return calibrate_from_seeds(before)
    except InputError:
        return calibrate_from_sides(before, after)


def manifests_of(
    folders: Sequence[str], sides: Sequence[Evidence], settings: EvidenceSettings
) -> Mapping[str, str]:
    """One manifest for folders with the same files, else one for each; none where there is one."""
    if settings.manifest or any(find_manifest(Path(folder)) for folder in folders):
        return {}
    texts = [manifest_text(manifest_rows(side)) for side in sides]
    if texts[0] == texts[1]:
        return {MANIFEST: texts[0]}
    return {f"{name}-{MANIFEST}": text for name, text in zip(SIDES, texts, strict=True)}


def manifest_rows(side: Evidence) -> Iterator[ManifestRow]:
    for clip in sorted(side.clips, key=lambda clip: clip.file or ""):
        if clip.file:
            yield ManifestRow(
                file=clip.file,
                prompt=clip.prompt,
                seed=clip.seed,
                category=clip.category.replace("/", "."),
                weight=clip.weight,
            )


def check_free(folder: Path) -> None:
    """Raises InputError where a file of that name is there already."""
    for name in (POLICY, NOISE, MANIFEST, *(f"{side}-{MANIFEST}" for side in SIDES)):
        if (folder / name).exists():
            said = "is there already; remove it, or give another --out"
            raise InputError(f"{folder / name}: {said}")


def write_first_policy(found: FirstPolicy, folder: Path) -> list[Path]:
    texts: dict[str, str | bytes] = {
        POLICY: found.policy,
        NOISE: dump_calibration(found.calibration),
        **found.manifests,
    }
    for name, text in texts.items():
        write_file(folder / name, text)
    return [folder / name for name in texts]


def print_first_policy(
    found: FirstPolicy, folders: tuple[str, str], paths: Sequence[Path], base: PolicyFile
) -> None:
    console = Console()
    console.print(power_table(found.powers))
    sys.stdout.write("\n".join(["", *remarks(found, base), "", *next_steps(folders, paths)]) + "\n")


def remarks(found: FirstPolicy, base: PolicyFile) -> Iterator[str]:
    """How the numbers were found, and what may keep an equal model from passing."""
    yield f"Noise: {source_text(found.calibration)}. Prompts: {found.prompts}."
    if found.names:
        yield f"The names look like seeds of prompts: {' and '.join(dict.fromkeys(found.names))}."
    policy = base.policy
    least = max(prompts_to_see(policy.tolerated_broken_share), policy.minimum_prompts)
    if found.prompts < least:
        yield f"A PASS takes {least} prompts; with {found.prompts} there is none."
    weak = [one for one in found.powers if one.equal_passes < LIKELY]
    if weak:
        most = max(one.needed or 0 for one in weak)
        names = ", ".join(one.rule for one in weak)
        yield f"An equal model may not pass {names}: {most} prompts would do."


def next_steps(folders: tuple[str, str], paths: Sequence[Path]) -> Iterator[str]:
    yield "Written: " + ", ".join(str(path) for path in paths)
    command = ["framegate", "gate", "run", "--baseline", folders[0], "--candidate", folders[1]]
    command += ["--policy", str(paths[0])]
    manifests = paths[2:]
    if len(manifests) == 1:
        command += ["--manifest", str(manifests[0])]
    for folder, path in zip(folders, manifests if len(manifests) == 2 else (), strict=False):
        yield f"Move {path} to {Path(folder) / MANIFEST} before the next command."
    yield "Next: " + shlex.join(command)
