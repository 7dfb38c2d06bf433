"""What a folder of clips is: its prompts, seeds and categories, and what is missing in it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.agreement import check_agreement
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.folders import ClipFolder, clip_files, evidence_of_folder
from framegate.quality.gate.evidence.name_pattern import parse_pattern
from framegate.quality.gate.policy.suite import Suite, load_suite
from framegate.telemetry.platform.errors import InputError

METRICS = ("freeze_v1",)
PROMPTS, SEEDS = ("cat", "dog"), (1, 2)
SUITE = """\
version: 1
name: pets
prompts:
  - {prompt: cat, seeds: [1, 2], category: furry, weight: 2}
  - {prompt: dog, seeds: [1, 2]}
"""


def videos(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def rows(folder: Path, *lines: str, header: str = "file,prompt,seed") -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join((header, *lines)) + "\n")
    return path


def side(folder: ClipFolder) -> Evidence:
    return evidence_of_folder(folder, [one.clip for one in clip_files(folder, METRICS)])


def named(folder: ClipFolder) -> Mapping[str, Clip]:
    return {str(clip.file): clip for clip in side(folder).clips}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    return load_suite(path)


def test_clips_pair_by_prompt_and_seed_however_they_are_laid_out(tmp_path: Path) -> None:
    flat = videos(tmp_path / "flat", *(f"{p}_seed{s}.mp4" for p in PROMPTS for s in SEEDS))
    deep = videos(tmp_path / "deep", *(f"{p}/{s}.webm" for p in PROMPTS for s in SEEDS))
    listed = videos(tmp_path / "listed", *(f"{n}.mov" for n in range(4)))
    rows(listed, "0.mov,cat,1", "1.mov,cat,2", "2.mov,dog,1", "3.mov,dog,2")
    sides = (
        side(ClipFolder(flat, pattern=parse_pattern("{prompt}_seed{seed}"))),
        side(ClipFolder(deep, pattern=parse_pattern("{prompt}/{seed}"))),
        side(ClipFolder(listed)),
    )
    first, *others = ({(c.key, c.unit, c.prompt, c.seed) for c in one.clips} for one in sides)
    assert others == [first, first]
    assert len({unit for _, unit, _, _ in first}) == len(PROMPTS)
    assert {clip.category for one in sides for clip in one.clips} == {"all"}


def test_folders_that_need_no_names_have_prompts_and_categories(tmp_path: Path) -> None:
    found = named(ClipFolder(videos(tmp_path, "0001_a_cat.mp4", "cars/0002_a_car.MP4")))
    cat, car = found["0001_a_cat.mp4"], found["cars/0002_a_car.MP4"]
    assert (cat.key, cat.prompt, cat.category) == ("0001_a_cat", "0001_a_cat", "all")
    assert (car.key, car.category) == ("cars/0002_a_car", "cars")


def test_names_that_look_like_seeds_are_refused_with_what_to_say(tmp_path: Path) -> None:
    folder = videos(tmp_path / "new", *(f"{p}/{s}.mp4" for p in PROMPTS for s in SEEDS))
    with pytest.raises(InputError) as error:
        side(ClipFolder(folder))
    said = str(error.value)
    assert "new: 4 clips look like the seeds of 2 prompts, such as cat/1.mp4; cat/2.mp4" in said
    assert "--names '{prompt}/{seed}' if they are, --names '{prompt}' if each clip" in said
    assert (
        len({c.unit for c in side(ClipFolder(folder, pattern=parse_pattern("{prompt}"))).clips})
        == 4
    )


def test_a_row_without_its_file_is_a_clip_that_is_missing(tmp_path: Path) -> None:
    folder = videos(tmp_path, "0.mp4")
    rows(folder, "0.mp4,cat,1", "1.mp4,dog,1")
    found = named(ClipFolder(folder))
    assert found["1.mp4"].reasons == {
        "delivery": "the file 1.mp4 is missing",
        "freeze_v1": "the file 1.mp4 is missing",
    }
    assert found["0.mp4"].reasons == {}


WRONG: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "a video that is not named": (
        ("0.mp4", "1.mp4", "a/2.mp4"),
        ("0.mp4,cat,1",),
        r"manifest\.csv: does not name 2 of the 3 videos in .*: 1\.mp4; a/2\.mp4",
    ),
    "a picture": (("0.mp4", "1.gif"), ("0.mp4,cat,1", "1.gif,dog,1"), r"csv:3: file: '1\.gif' has"),
    "no file at all": ((), ("0.mp4,cat,1",), "contains no video files"),
}


@pytest.mark.parametrize(("files", "lines", "said"), WRONG.values(), ids=WRONG)
def test_a_manifest_of_another_folder_is_refused(
    files: tuple[str, ...], lines: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    folder = videos(tmp_path / "new", *files)
    folder.mkdir(exist_ok=True)
    rows(folder, *lines)
    with pytest.raises(InputError, match=said):
        side(ClipFolder(folder))


def test_one_manifest_may_name_the_clips_of_two_folders(tmp_path: Path) -> None:
    old, new = (videos(tmp_path / name, "0.mp4", "1.mp4") for name in ("old", "new"))
    manifest = rows(old, "0.mp4,cat,1", "1.mp4,dog,1")
    sides = [side(ClipFolder(folder, manifest=manifest)) for folder in (old, new)]
    assert sides[0].clips == sides[1].clips
    rows(new, "0.mp4,dog,1", "1.mp4,cat,1")
    with pytest.raises(InputError, match=r"new/manifest\.csv: is the folder's manifest; remove it"):
        side(ClipFolder(new, manifest=manifest))


def test_two_videos_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cat\.mov and cat\.mp4 have the same key"):
        side(ClipFolder(videos(tmp_path, "cat.mp4", "cat.mov")))


def test_references_have_the_paths_of_the_clips_or_a_manifest(tmp_path: Path) -> None:
    folder = videos(tmp_path / "new", "0.mp4", "1.mp4")
    rows(folder, "0.mp4,cat,1", "1.mp4,dog,1")
    plain = videos(tmp_path / "plain", "0.mkv")
    listed = videos(tmp_path / "listed", "truth.mp4")
    rows(listed, "truth.mp4,dog,1")
    for references, wanted in ((plain, "0.mp4"), (listed, "1.mp4")):
        found = clip_files(ClipFolder(folder, references=references), METRICS)
        (one,) = [file for file in found if file.reference]
        assert (one.clip.file, one.reference) == (
            wanted,
            next(references.glob("*.m*v"), one.reference),
        )
    with pytest.raises(InputError, match="gone: is not a folder"):
        clip_files(ClipFolder(folder, references=tmp_path / "gone"), METRICS)


def test_a_suite_of_the_caller_has_every_clip_of_a_manifest(suite: Suite, tmp_path: Path) -> None:
    folder = videos(tmp_path / "new", "0.mp4", "1.mp4", "2.mp4")
    rows(folder, "0.mp4,cat,1", "1.mp4,cat,2", "2.mp4,dog,1")
    found = side(ClipFolder(folder, suite=suite))
    assert {clip.key for clip in found.clips} == {one.key for one in suite.clips}
    assert found.suite == suite.digest
    cat, missing = found.clips[0], found.clips[-1]
    assert (cat.category, cat.weight) == ("furry", 2)
    assert (missing.prompt, missing.seed, missing.file) == ("dog", 2, None)
    assert missing.reasons["freeze_v1"] == "its file is missing"


@pytest.mark.parametrize(
    ("header", "line", "said"),
    [
        ("file,prompt,seed", "0.mp4,bird,1", "the suite pets has no clips of 'bird' with seed 1"),
        ("file,prompt", "0.mp4,cat", "the suite pets has 2 clips of 'cat'"),
        ("file,prompt,seed,category", "0.mp4,cat,1,dry", "category: 'dry', but .* says 'furry'"),
        ("file,prompt,seed,weight", "0.mp4,cat,1,1", "weight: 1.0, but the suite pets says 2.0"),
    ],
)
def test_a_row_that_the_suite_does_not_have_is_refused(
    header: str, line: str, said: str, suite: Suite, tmp_path: Path
) -> None:
    folder = videos(tmp_path / "new", "0.mp4")
    rows(folder, line, header=header)
    with pytest.raises(InputError, match=rf"manifest\.csv:2: {said}"):
        side(ClipFolder(folder, suite=suite))


def test_a_suite_that_no_clip_is_of_is_refused(suite: Suite, tmp_path: Path) -> None:
    folder = videos(tmp_path / "new", f"{suite.clips[0].key}.mp4", "lava.mp4")
    with pytest.raises(InputError, match=r"1 of 2 clips are not named by a key of the suite"):
        side(ClipFolder(folder, suite=suite))


def test_only_clips_of_the_built_in_suite_have_its_digest(tmp_path: Path) -> None:
    built_in = load_suite()
    plain = videos(tmp_path / "plain", "0001_a_cat.mp4")
    keyed = videos(tmp_path / "keyed", f"{built_in.clips[0].key}.mp4")
    assert side(ClipFolder(plain)).suite is None
    assert side(ClipFolder(keyed)).suite == built_in.digest


def pair(tmp_path: Path, old: str, new: str) -> tuple[Evidence, Evidence]:
    sides = []
    for name, line in (("old", old), ("new", new)):
        folder = videos(tmp_path / name, "0.mp4")
        rows(folder, line, header="file,prompt,seed,category,weight")
        sides.append(side(ClipFolder(folder)))
    return sides[0], sides[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.mp4,cat,1,furry,", "0.mp4,cat,1,dry,", "category of 'cat' is 'dry', but 'furry' in"),
        ("0.mp4,cat,1,,", "0.mp4,cat,1,dry,", "category of 'cat' is 'dry', but 'all' in"),
        ("0.mp4,cat,1,,2", "0.mp4,cat,1,,3", "weight of 'cat' is 3.0, but 2.0 in"),
        (
            "0.mp4,cat,1,,",
            "0.mp4,cat,2,,",
            "no clip of .* in .*: 'cat' with seed 1 in the baseline, 'cat' with seed 2 in the cand",
        ),
    ],
)
def test_sides_that_disagree_are_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        check_agreement(*pair(tmp_path, old, new))


def test_a_candidate_that_states_nothing_has_the_baselines_category(tmp_path: Path) -> None:
    check_agreement(*pair(tmp_path, "0.mp4,cat,1,furry,2", "0.mp4,cat,1,,"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "0001_cat.mp4",
            "0001_cat_seed42.mp4",
            r"try --names '{prompt}' --names '{prompt}_seed\*'",
        ),
        ("0001_cat.mp4", "cat.mp4", r"try --names '\*_{prompt}' --names '{prompt}'"),
        ("cat.mp4", "dog.mp4", "name their prompts with a manifest, or with --names for each side"),
    ],
)
def test_folders_whose_names_do_not_pair_are_told_how(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    sides = [side(ClipFolder(videos(tmp_path / n, f))) for n, f in (("old", old), ("new", new))]
    with pytest.raises(InputError, match=said):
        check_agreement(sides[0], sides[1])
    check_agreement(sides[0], replace(sides[0], name="copy"))
