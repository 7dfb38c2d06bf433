"""Manifests: read strictly in three forms, and written back as the same rows."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framegate.quality.gate.evidence.manifest import (
    ManifestRow,
    find_manifest,
    manifest_text,
    read_manifest,
)
from framegate.telemetry.platform.errors import InputError
from tests.volume import examples

ROWS = (
    ManifestRow(file="a/1.mp4", prompt="a cat, surfing", seed=1, category="animals", weight=2),
    ManifestRow(file="a/2.mp4", prompt="a cat, surfing", seed=2, category="animals", weight=2),
    ManifestRow(file="lava.mp4", prompt="lava"),
)
CSV = """\
file,prompt,seed,category,weight
a/1.mp4,"a cat, surfing",1,animals,2
a/2.mp4,"a cat, surfing",2,animals,2
lava.mp4,lava,,,
"""
YAML = """\
version: 1
clips:
  - {file: a/1.mp4, prompt: "a cat, surfing", seed: 1, category: animals, weight: 2}
  - {file: a/2.mp4, prompt: "a cat, surfing", seed: 2, category: animals, weight: 2}
  - {file: lava.mp4, prompt: lava}
"""
JSON = json.dumps(
    {"version": 1, "clips": [row.model_dump(exclude_none=True) for row in ROWS]}, indent=1
)
FORMS = {"manifest.csv": CSV, "manifest.yaml": YAML, "manifest.yml": YAML, "manifest.json": JSON}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_each_form_says_the_same(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, FORMS[name])
    found = read_manifest(path)
    assert found.rows == ROWS
    assert find_manifest(tmp_path) == path


def test_each_row_knows_its_line(tmp_path: Path) -> None:
    lines = {
        name: [place.rpartition(":")[2] for place in read_manifest(path).places]
        for name, text in FORMS.items()
        for path in [written(tmp_path, name, text)]
    }
    assert lines["manifest.csv"] == ["2", "3", "4"]
    assert lines["manifest.yaml"] == ["3", "4", "5"]
    assert lines["manifest.json"] == ["4", "11", "18"]


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    text = '\ufefffile, prompt ,seed\r\n\r\na.mp4,"two\r\nlines",3\r\nb.mp4, lava ,\r\n,,\r\n'
    path = tmp_path / "manifest.csv"
    path.write_bytes(text.encode())
    found = read_manifest(path)
    assert [row.prompt for row in found.rows] == ["two\r\nlines", "lava"]
    assert [row.seed for row in found.rows] == [3, None]
    assert [place.rpartition(":")[2] for place in found.places] == ["3", "5"]


def test_signs_that_json_escapes_are_read(tmp_path: Path) -> None:
    content = {"version": 1, "clips": [{"file": "a.mp4", "prompt": "a 🐈 surfing"}]}
    assert "\\ud83d" in json.dumps(content)
    found = read_manifest(written(tmp_path, "manifest.json", json.dumps(content)))
    assert found.rows[0].prompt == "a 🐈 surfing"


HEAD = "file,prompt,seed,category,weight\n"
WRONG: dict[str, tuple[str, str, str]] = {
    "an unknown column": (
        "csv",
        "file,promt\na.mp4,lava\n",
        "manifest.csv:1: unknown column 'promt'; did you mean 'prompt'?",
    ),
    "semicolons": (
        "csv",
        "file;prompt\na.mp4;lava\n",
        "manifest.csv:1: unknown column 'file;prompt'; columns are separated by commas",
    ),
    "a column twice": (
        "csv",
        "file,prompt,file\n",
        "manifest.csv:1: two columns are named 'file'",
    ),
    "no prompts": ("csv", "file,seed\na.mp4,1\n", "manifest.csv:1: the column 'prompt' is missing"),
    "an empty file": ("csv", "", "manifest.csv:1: the column 'file' is missing"),
    "no rows": ("csv", HEAD, "manifest.csv: names 0 clips"),
    "a cell too many": ("csv", HEAD + "a.mp4,a cat, surfing,1,,\n", "manifest.csv:2: has 6 cells"),
    "a cell too few": ("csv", HEAD + "a.mp4,lava\n", "manifest.csv:2: has 2 cells, the header 5"),
    "an open quote": ("csv", HEAD + 'a.mp4,"lava,,,\n', "manifest.csv:2: unexpected end of data"),
    "no file": ("csv", HEAD + ",lava,,,\n", "manifest.csv:2: file: Field required"),
    "a path out of the folder": (
        "csv",
        HEAD + "a.mp4,lava,,,\n../b.mp4,cat,,,\n",
        "manifest.csv:3: file: should be a path below the folder, without '..': '../b.mp4'",
    ),
    "an absolute path": (
        "yaml",
        "version: 1\nclips:\n  - {file: /etc/a.mp4, prompt: a}\n",
        "manifest.yaml:3: clips.0.file: should be a path below the folder, without '..'",
    ),
    "a seed that is a word": (
        "csv",
        HEAD + "a.mp4,lava,one,,\n",
        "manifest.csv:2: seed: Input should be a valid integer",
    ),
    "a negative seed": ("csv", HEAD + "a.mp4,lava,-1,,\n", "manifest.csv:2: seed: "),
    "a category with a slash": ("csv", HEAD + "a.mp4,lava,,a/b,\n", "manifest.csv:2: category: "),
    "a weight that hides a prompt": (
        "csv",
        HEAD + "a.mp4,lava,,,1e-9\n",
        "manifest.csv:2: weight: Input should be greater than or equal to 0.001: '1e-9'",
    ),
    "a weight of no number": ("csv", HEAD + "a.mp4,lava,,,nan\n", "manifest.csv:2: weight: "),
    "a weight that is all": ("csv", HEAD + "a.mp4,lava,,,1001\n", "manifest.csv:2: weight: "),
    "a file twice": (
        "csv",
        HEAD + "a.mp4,lava,1,,\n./a.mp4,lava,2,,\n",
        "manifest.csv:3: file: a.mp4 is at ",
    ),
    "a prompt and seed twice": (
        "csv",
        HEAD + "a.mp4,lava,1,,\nb.mp4,lava,01,,\n",
        "manifest.csv:3: prompt and seed: 'lava' with seed 1 is at ",
    ),
    "a prompt twice without seeds": (
        "csv",
        HEAD + "a.mp4,lava,,,\nb.mp4,lava,,,\n",
        "manifest.csv:3: prompt and seed: 'lava' without a seed is at ",
    ),
    "two categories of a prompt": (
        "csv",
        HEAD + "a.mp4,lava,1,hot,\nb.mp4,lava,2,,\n",
        "manifest.csv:3: category: None, and 'hot' at ",
    ),
    "two weights of a prompt": (
        "csv",
        HEAD + "a.mp4,lava,1,,2\nb.mp4,lava,2,,3\n",
        "manifest.csv:3: weight: 3.0, and 2.0 at ",
    ),
    "an unknown key": (
        "yaml",
        "version: 1\nclips:\n  - {file: a.mp4, promt: a}\n",
        "manifest.yaml:3: clips.0.promt: unknown key; did you mean 'prompt'?",
    ),
    "a list alone": ("json", '[{"file": "a.mp4", "prompt": "a"}]', "manifest.json:1: "),
    "a key twice": ("json", '{"version": 1,\n "version": 1}', "manifest.json:2: duplicate key"),
    "another form": ("txt", "", "manifest.txt: a manifest is a .csv, .json or .yaml file"),
}


@pytest.mark.parametrize(("form", "text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_file_line_and_value(
    form: str, text: str, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, f"manifest.{form}", text)
    with pytest.raises(InputError) as error:
        read_manifest(path)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(said)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(b"file,prompt\na.mp4,\xff\xfe\n")
    with pytest.raises(InputError, match=r"manifest\.csv: "):
        read_manifest(path)


def test_two_manifests_in_a_folder_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "manifest.csv", CSV)
    written(tmp_path, "manifest.json", JSON)
    with pytest.raises(InputError, match=r"has manifest\.csv and manifest\.json; keep one"):
        find_manifest(tmp_path)


PROMPTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(str.strip)
WEIGHTS = st.none() | st.floats(0.001, 1000)


@st.composite
def row_lists(draw: st.DrawFn) -> list[ManifestRow]:
    prompts = draw(st.lists(PROMPTS.filter(bool), min_size=1, max_size=5, unique=True))
    return [
        ManifestRow(
            file=f"{number}, the clip.mp4",
            prompt=prompt,
            seed=draw(st.none() | st.integers(0, 2**63 - 1)),
            category=draw(st.none() | st.from_regex(r"[A-Za-z0-9_.-]{1,8}", fullmatch=True)),
            weight=draw(WEIGHTS),
        )
        for number, prompt in enumerate(prompts)
    ]


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=row_lists())
def test_rows_that_are_written_come_back(rows: list[ManifestRow], tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(manifest_text(rows), newline="")
    assert read_manifest(path).rows == tuple(rows)
