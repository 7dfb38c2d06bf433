"""framegate quality batch: a table of clips in, lines of JSON out."""

import json
from pathlib import Path
from typing import Any

import pytest

from framegate.quality.metrics.definitions import DEFAULT_METRICS
from framegate.quality.scoring.score import as_document, score
from framegate.quality.worker.batch import read_rows
from framegate.telemetry.platform.errors import InputError
from tests.commands import run_command, run_process
from tests.videos import moving_frames, write_video


def plain(document: Any) -> Any:
    return json.loads(json.dumps(document))


def test_every_row_is_a_line_in_order_with_a_score_or_a_reason(tmp_path: Path) -> None:
    reference = write_video(tmp_path / "reference.mp4", moving_frames(8))
    clip = write_video(tmp_path / "clip.mp4", moving_frames(8), crf="30")
    table = tmp_path / "pairs.csv"
    table.write_text(
        f"clip,reference\n{clip},{reference}\n{tmp_path}/none.mp4,{reference}\n{clip},\n"
    )
    done = run_command(
        "quality", "batch", str(table), "--processes", "2", "--no-reference-metrics", "freeze_v1"
    )
    assert done.exit_code == 3, done.stderr
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["score"] == plain(as_document(score(reference, clip, metrics=DEFAULT_METRICS)))
    assert first["reason"] is None
    assert second["score"] is None
    assert "none.mp4" in second["reason"]
    assert third["reference"] is None
    assert third["score"]["metrics"]["freeze_v1"]["value"] == 0.0
    table.write_text(f"clip\n{clip}\n")
    old = run_command("quality", "batch", str(table), "--alone", "freeze_v1")
    assert old.exit_code == 0
    assert "--alone is deprecated, use --no-reference-metrics" in old.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("clip,reference\n", "has no rows"),
        ("reference\na\n", "row 1: the columns must be"),
        ("clip,reference\na,b,c\n", "row 1: the columns must be"),
        ("clip,more\na,b\n", "row 1: the columns must be"),
        ("clip,reference\na,b\n ,b\n", "row 2: the clip column is empty"),
        ('clip,reference\n"a,b\n', "unexpected end"),
        ("clip\n\xff", "utf-8"),
    ],
)
def test_a_bad_table_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=message):
        read_rows(path)


@pytest.mark.parametrize(
    "options",
    [["--metrics", "x"], ["--no-reference-metrics", "ssim_wang_rgb_v1"], ["--ray", "127.0.0.1:1"]],
)
def test_bad_options_end_with_2_and_a_line(tmp_path: Path, options: list[str]) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("clip\na.mp4\n")
    run = run_process if "--ray" in options else run_command
    done = run("quality", "batch", str(table), *options)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
