"""What is written of a score: JSON that its schema knows, and tables of frames."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pyarrow import csv, parquet

from framegate.quality.scoring.frame_table import write_frames
from framegate.quality.scoring.score import as_document, inspect, score, scores
from framegate.telemetry.platform.errors import InputError
from tests.videos import moving_frames, write_video

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "reference" / "score.schema.json").read_text()
)
METRICS = ("psnr_v1", "flicker_fr_v1")


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    frames = moving_frames(8)
    return (
        write_video(tmp_path / "reference.mp4", frames),
        write_video(tmp_path / "clip.mp4", frames, crf="40"),
    )


def test_every_kind_of_score_is_one_that_the_schema_knows(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    short = write_video(tmp_path / "short.mp4", moving_frames(2))
    found = {
        "whole": score(*clips),
        "cut short": score(clips[0], short),
        "no reference": inspect(clips[1]),
        "one frame": score(*2 * [write_video(tmp_path / "one.mp4", moving_frames(1))]),
    }
    for result in found.values():
        document = json.loads(json.dumps(as_document(result), allow_nan=False))
        Draft202012Validator(SCHEMA).validate(document)
    assert found["cut short"].findings
    assert found["no reference"].reference is None
    assert any(item.value is None for item in found["one frame"].metrics.values())


def test_a_missing_value_without_a_reason_is_no_score(clips: tuple[Path, Path]) -> None:
    document = as_document(score(*clips, metrics=METRICS))
    document["metrics"]["psnr_v1"]["value"] = None
    assert not Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_of_frames_holds_every_value(
    clips: tuple[Path, Path], tmp_path: Path, suffix: str
) -> None:
    found = scores(clips[0], [clips[1], clips[0]], metrics=METRICS)
    path = tmp_path / f"frames.{suffix}"
    write_frames(found, path)
    table = csv.read_csv(path) if suffix == "csv" else parquet.read_table(path)
    rows = table.to_pylist()
    assert len(rows) == 2 * (8 + 7)
    for result in found:
        for item in result.metrics.values():
            mine = [
                (row["frame"], row["value"])
                for row in rows
                if (row["clip"], row["metric"]) == (result.clip.source, item.id)
            ]
            assert mine == list(zip(item.indices, item.values, strict=True))


def test_another_ending_and_a_folder_that_is_not_there_are_named(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    found = [score(*clips, metrics=METRICS)]
    with pytest.raises(InputError, match=r"frames.txt: the file name must end in .csv or .parquet"):
        write_frames(found, tmp_path / "frames.txt")
    with pytest.raises(InputError, match="cannot be written"):
        write_frames(found, tmp_path / "nowhere" / "frames.csv")
