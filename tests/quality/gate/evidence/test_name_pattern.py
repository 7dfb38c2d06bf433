"""Name patterns, and names that look like seeds."""

import pytest

from framegate.quality.gate.evidence.name_pattern import manifest_by_names, parse_pattern
from framegate.quality.gate.evidence.seed_names import seed_names
from framegate.telemetry.platform.errors import InputError

READ: dict[str, tuple[str, str, dict[str, str] | None]] = {
    "a prompt and a seed": (
        "{prompt}_seed{seed}",
        "0001_cat_seed3.mp4",
        {"prompt": "0001_cat", "seed": "3"},
    ),
    "a folder for each prompt": ("{prompt}/{seed}", "cat/3.mp4", {"prompt": "cat", "seed": "3"}),
    "what has no meaning": (
        "*_{prompt}_seed{seed}",
        "0001_a_cat_seed3.mp4",
        {"prompt": "a_cat", "seed": "3"},
    ),
    "the last number is the seed": (
        "{prompt}-{seed}",
        "catch-22-5.webm",
        {"prompt": "catch-22", "seed": "5"},
    ),
    "a category": (
        "{category}/{prompt}-{seed}",
        "animals/a cat-1.mp4",
        {"category": "animals", "prompt": "a cat", "seed": "1"},
    ),
    "a path that is a prompt": ("{prompt}", "animals/0001.mp4", {"prompt": "animals/0001"}),
    "a dot in a prompt": ("{prompt}_{seed}", "v1.5_cat_2.mp4", {"prompt": "v1.5_cat", "seed": "2"}),
    "signs of regular expressions": (
        "({prompt})+{seed}",
        "(cat)+1.mp4",
        {"prompt": "cat", "seed": "1"},
    ),
    "a brace": ("{{{prompt}}}", "{cat}.mp4", {"prompt": "cat"}),
    "no seed": ("{prompt}_seed{seed}", "0001_cat.mp4", None),
    "a seed that is a word": ("{prompt}_{seed}", "a_cat.mp4", None),
    "a star that ends at a folder": ("*_{prompt}", "a/b_c.mp4", None),
}


@pytest.mark.parametrize(("pattern", "file", "fields"), READ.values(), ids=READ)
def test_a_pattern_reads_a_name(pattern: str, file: str, fields: dict[str, str] | None) -> None:
    assert parse_pattern(pattern).read(file) == fields


WRONG = {
    "{promt}_{seed}": "unknown field 'promt'; did you mean 'prompt'",
    "{}_{seed}": "unknown field ''",
    "seed{seed}": "{prompt} is missing; for example '{prompt}_seed{seed}'",
    "": "{prompt} is missing",
    "{prompt}_{seed}_{seed}": "{seed} is there twice",
    "{prompt}{seed}": "write fields with text between them",
    "{prompt}*": "write fields with text between them",
    "{prompt:d}_{seed}": "write fields with text between them",
    "{prompt": "expected '}'",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_a_wrong_pattern_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_pattern(text)
    assert str(error.value).startswith(f"--names {text!r}: {said}")


def test_files_that_a_pattern_does_not_fit_are_named() -> None:
    files = ["cat_seed1.mp4", "dog_seed1.mp4", "lava.mp4"]
    with pytest.raises(InputError, match=r"new: .* fits 2 of 3 files, and not lava\.mp4"):
        manifest_by_names(parse_pattern("{prompt}_seed{seed}"), files, "new")


def test_two_files_of_one_prompt_and_seed_are_refused() -> None:
    files = ["cat_seed1.mp4", "cat_seed01.mp4"]
    with pytest.raises(InputError, match=r"new/cat_seed01\.mp4: prompt and seed: 'cat'"):
        manifest_by_names(parse_pattern("{prompt}_seed{seed}"), files, "new")


def test_each_category_may_count_from_one() -> None:
    files = ["animals/1.mp4", "cars/1.mp4"]
    found = manifest_by_names(parse_pattern("{category}/{prompt}"), files, "new")
    assert [row.prompt for row in found.rows] == ["animals/1", "cars/1"]


SEEDS: dict[str, tuple[list[str], str]] = {
    "VBench": ([f"a bird {p}-{s}" for p in "abc" for s in range(5)], "{prompt}-{seed}"),
    "a folder for each prompt": ([f"{p}/{s}" for p in "abc" for s in range(3)], "{prompt}/{seed}"),
    "a folder for each seed": (
        [f"seed_{s}/{p}" for p in "abc" for s in range(3)],
        "seed_{seed}/{prompt}",
    ),
    "seeds that are drawn": (
        [f"{p}_{s}" for p, s in zip("aabbcc", (42, 17, 99, 3, 88, 6), strict=True)],
        "{prompt}_{seed}",
    ),
    "a word": (["cat_seed1", "cat_seed2", "dog_seed1"], "{prompt}_seed{seed}"),
    "one prompt": (["cat_seed1", "cat_seed2"], "{prompt}_seed{seed}"),
    "a letter": ([f"{p}_s{s}" for p in "ab" for s in range(4)][:-1], "{prompt}_s{seed}"),
    "one seed missing": (
        [f"{p}-{s}" for p in "abcdefgh" for s in range(5)][:-1],
        "{prompt}-{seed}",
    ),
    "a stray file": ([*(f"{p}-{s}" for p in "abc" for s in range(5)), "title"], "{prompt}-{seed}"),
}


@pytest.mark.parametrize(("names", "pattern"), SEEDS.values(), ids=SEEDS)
def test_seeds_of_prompts_are_seen(names: list[str], pattern: str) -> None:
    found = seed_names([f"{name}.mp4" for name in names])
    assert found
    assert found.pattern == pattern


PROMPTS = {
    "numbers before words": ["0001_a_cat_surfing", "0002_a_dog", "0030_lava_flow"],
    "numbers alone": [f"{number:04}" for number in range(30)],
    "numbers after a word": [f"clip_{number:04}" for number in range(30)],
    "one seed of each": ["0001_cat_seed42", "0002_dog_seed42", "0003_lava_seed42"],
    "numbers that run on over folders": ["a/1", "a/2", "b/3", "b/4"],
    "folders of categories": [*(f"a/{n}" for n in range(12)), *(f"b/{n}" for n in range(7))],
    "titles with a number": ["toy_story_2", "toy_story_3", "alien_2", "blade_runner"],
    "nothing": [],
}


@pytest.mark.parametrize("names", PROMPTS.values(), ids=PROMPTS)
def test_prompts_are_taken_for_prompts(names: list[str]) -> None:
    assert seed_names([f"{name}.mp4" for name in names]) is None
