"""Names of clips that look like several seeds of each prompt, which are never prompts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from framegate.quality.gate.evidence.name_pattern import NamePattern, parse_pattern

SEPARATORS = ("_", "-", " ", ".", "/")
SEED_WORDS = ("seed", "seed_", "seed-", "seed=", "s")
MOST = 0.8  # of the files; a stray one does not hide what the others are
NAMED_FORMS = (
    *(f"{{prompt}}{mark}{word}{{seed}}" for word, mark in product(SEED_WORDS, SEPARATORS)),
    *(f"{word}{{seed}}{mark}{{prompt}}" for word, mark in product(SEED_WORDS, SEPARATORS)),
)
NUMBER_FORMS = (
    *(f"{{prompt}}{mark}{{seed}}" for mark in SEPARATORS),
    *(f"{{seed}}{mark}{{prompt}}" for mark in SEPARATORS),
)
FORMS = tuple(parse_pattern(text) for text in (*NAMED_FORMS, *NUMBER_FORMS))


@dataclass(frozen=True, slots=True)
class SeedNames:
    """A pattern by which the files are ``clips`` of fewer ``prompts``."""

    pattern: str
    clips: int
    prompts: int


def seed_names(files: Sequence[str]) -> SeedNames | None:
    """The first pattern by which the names look like seeds of prompts; None without one."""
    for form in FORMS:
        seeds = seeds_by_prompt(form, files)
        clips = sum(map(len, seeds.values()))
        if clips >= MOST * len(files) and are_seeds(form, list(seeds.values())):
            return SeedNames(form.text, clips, len(seeds))
    return None


def seeds_by_prompt(form: NamePattern, files: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for fields in filter(None, map(form.read, files)):
        found[fields["prompt"]].append(int(fields["seed"]))
    return found


def are_seeds(form: NamePattern, groups: Sequence[Sequence[int]]) -> bool:
    """Whether numbers are seeds and not the numbers of prompts.

    Where nothing says "seed", one group is prompts that are numbered, and so are numbers that run
    on from group to group, or few groups that each count for themselves.
    """
    sizes = Counter(map(len, groups))
    if form.text in NAMED_FORMS:
        return max(sizes, default=0) > 1
    numbers = [number for group in groups for number in group]
    if len(groups) < 2 or len(numbers) < 2 * len(groups):
        return False
    if len(set(numbers)) < len(numbers):
        return max(sizes) - min(sizes) <= 1 or len(groups) >= max(sizes)
    return len(sizes) == 1 and max(numbers) - min(numbers) >= len(numbers)
