"""Whether two sides speak of the same prompts, and say the same of them."""

from collections.abc import Mapping, Sequence

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.name_pattern import PROMPTS_ONLY, parse_pattern
from framegate.quality.gate.evidence.seed_names import FORMS
from framegate.telemetry.platform.errors import InputError

UNSTATED: Mapping[str, object] = {"category": "all", "weight": 1.0}


def check_agreement(baseline: Evidence, candidate: Evidence) -> None:
    """Raises InputError unless clips pair, and their categories and weights agree.

    The baseline's decide; a candidate that states none has those of the baseline.
    """
    before = {clip.key: clip for clip in baseline.clips}
    shared = [clip for clip in candidate.clips if clip.key in before]
    if not shared:
        raise InputError(unpaired_text(baseline, candidate))
    for name, unstated in UNSTATED.items():
        if all(getattr(clip, name) == unstated for clip in candidate.clips):
            continue
        for clip in shared:
            given, known = getattr(clip, name), getattr(before[clip.key], name)
            if given != known:
                raise InputError(
                    f"{candidate.source}: {name} of {clip.prompt!r} is {given!r}, "
                    f"but {known!r} in the baseline, which decides: {baseline.source}"
                )


def unpaired_text(baseline: Evidence, candidate: Evidence) -> str:
    names = [example_of(side) for side in (baseline, candidate)]
    return (
        f"no clip of {candidate.source} has a partner in {baseline.source}: {names[0]} in the "
        f"baseline, {names[1]} in the candidate; {suggest_patterns(baseline, candidate)}"
    )


def example_of(side: Evidence) -> str:
    first = next(iter(side.clips), None)
    if first is None:
        return "no clip"
    return repr(first.prompt) if first.seed is None else f"{first.prompt!r} with seed {first.seed}"


def suggest_patterns(baseline: Evidence, candidate: Evidence) -> str:
    """The patterns that would pair clips that are named by their paths, if there are any."""
    names = [[clip.key for clip in side.clips if is_path(clip)] for side in (baseline, candidate)]
    for form in FORMS:
        text = form.text.replace("{seed}", "*")
        if are_names(text, names[1], names[0]):
            return f"try --names '{PROMPTS_ONLY}' --names '{text}'"
        if are_names(text, names[0], names[1]):
            return f"try --names '{text}' --names '{PROMPTS_ONLY}'"
    return "name their prompts with a manifest, or with --names for each side"


def is_path(clip: Clip) -> bool:
    return clip.file is not None and clip.key == clip.unit == clip.prompt


def are_names(pattern: str, longer: Sequence[str], shorter: Sequence[str]) -> bool:
    """Whether a pattern makes names of one side those of the other."""
    found = [parse_pattern(pattern).read(f"{name}.mp4") for name in longer]
    return not {fields["prompt"] for fields in found if fields}.isdisjoint(shorter)
