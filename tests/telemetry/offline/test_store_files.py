"""framegate telemetry: a store whose collector is not running."""

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from framegate.telemetry.otlp.bodies import PROTOBUF, Signal
from framegate.telemetry.platform.clock import DAY_NS
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.store.database import STORE_FILE_NAME, open_connection
from framegate.telemetry.store.retention import enforce_retention, parse_retention
from framegate.telemetry.store.store import Store
from tests.commands import CommandResult, run_command, run_process
from tests.conftest import serving
from tests.telemetry.conformance.bodies import SIGNALS, as_json, protobuf
from tests.telemetry.good_bodies import good_bodies
from tests.telemetry.spans import MANY, put_span


def framegate(*arguments: str, exit_code: int = 0) -> CommandResult:
    done = run_command("telemetry", *arguments)
    assert done.exit_code == exit_code, done.stderr
    return done


def rows(data: Path) -> dict[str, int]:
    held = json.loads(framegate("info", "--data", str(data), "--json").stdout)["holdings"]
    return {one["signal"]: one["rows"] + one["archived_rows"] for one in held}


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """A store that holds all that the fuzz tests' good bodies can say."""
    data = tmp_path / "everything"
    frames = tmp_path / "frames"
    for signal in SIGNALS:
        good = [body for body in good_bodies() if body.content_type == PROTOBUF]
        bodies = [body.data for body in good if body.signal == signal]
        frames.write_bytes(b"".join(len(body).to_bytes(4) + body for body in bodies))
        framegate("import", str(frames), "--data", str(data), "--signal", signal)
    return data


@pytest.mark.parametrize("signal", SIGNALS)
def test_json_lines_are_stored_once_however_often_they_come(tmp_path: Path, signal: str) -> None:
    file, data = tmp_path / "export.jsonl", tmp_path / "store"
    file.write_bytes(b"\n".join([as_json(signal), b"", as_json("logs") + b" "]))
    assert "2 stored, 0 duplicates" in framegate("import", str(file), "--data", str(data)).stdout
    again = framegate("import", str(file), "--data", str(data)).stdout
    assert again == f"{file}: 0 stored, 2 duplicates, 0 rejected\n"
    assert sum(rows(data).values()) == 2


@pytest.mark.parametrize("signal", SIGNALS)
def test_protobuf_is_stored_plain_framed_and_zipped(tmp_path: Path, signal: str) -> None:
    one, two, data = protobuf(signal), protobuf(signal), tmp_path / "store"
    plain, framed, zipped = (tmp_path / name for name in ("plain", "framed", "zipped"))
    plain.write_bytes(one)
    framed.write_bytes(b"".join(len(body).to_bytes(4) + body for body in (one, two)))
    zipped.write_bytes(gzip.compress(framed.read_bytes()))
    options = ("--data", str(data), "--signal", signal)
    counts = [
        framegate("import", str(file), *options).stdout.split(": ")[1]
        for file in (plain, framed, zipped)
    ]
    assert counts == [
        "1 stored, 0 duplicates, 0 rejected\n",
        "1 stored, 1 duplicates, 0 rejected\n",
        "0 stored, 2 duplicates, 0 rejected\n",
    ]
    assert rows(data)[signal] == 2


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b'{"resourceSpans": []}\n{', (), "line 2"),
        (b'{"hello": 1}', (), "line 1: has none of the keys resourceSpans"),
        (b'{"resourceSpans": 3}', (), "line 1: body is not an OTLP traces request"),
        (b"\xff\xff", ("--signal", "traces"), "message 1: body is not an OTLP traces request"),
        (b"\x0a\x00", (), "pass --signal for a protobuf file"),
        (b"\x0a\x00", ("--signal", "profiles"), "unknown signal 'profiles'"),
        (b"\x1f\x8bcut", (), "bad"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes, options: tuple[str, ...], message: str
) -> None:
    file = tmp_path / "bad"
    file.write_bytes(content)
    done = framegate("import", str(file), "--data", str(tmp_path / "s"), *options, exit_code=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("signal", SIGNALS)
def test_what_is_exported_can_be_imported_and_is_the_same(
    everything: Path, tmp_path: Path, signal: str
) -> None:
    first = framegate("export", signal, "--data", str(everything)).stdout
    file, data = tmp_path / "lines", tmp_path / "copy"
    file.write_text(first)
    framegate("import", str(file), "--data", str(data))
    assert framegate("export", signal, "--data", str(data)).stdout == first
    assert rows(data)[signal] == rows(everything)[signal] > 0


def test_an_export_reaches_into_the_archive(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for days in (0, 50, 100):
        put_span(store, start_ns=1 + days * DAY_NS)
    with store.database.read_cursor() as cursor:
        list(enforce_retention(cursor, parse_retention([]), now_ns=100 * DAY_NS, folder=tmp_path))
    store.close()
    lines = framegate("export", "traces", "--data", str(tmp_path)).stdout.splitlines()
    spans = [
        span
        for line in lines
        for scope in json.loads(line)["resourceSpans"][0]["scopeSpans"]
        for span in scope["spans"]
    ]
    assert len(spans) == 3
    file = tmp_path / "out.parquet"
    options = ("--since-ns", "2", "--parquet", str(file))
    framegate("export", "traces", "--data", str(tmp_path), *options)
    table = pq.read_table(file)
    assert table.num_rows == 2
    assert table.column("resource").to_pylist() == ['{"host":"h1"}'] * 2


def test_a_query_answers_from_table_and_archive(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for days in (0, 50, 100):
        put_span(store, start_ns=1 + days * DAY_NS)
    with store.database.read_cursor() as cursor:
        list(enforce_retention(cursor, parse_retention([]), now_ns=100 * DAY_NS, folder=tmp_path))
    store.close()
    data = ("--data", str(tmp_path))
    found = json.loads(framegate("query", "durations", *data).stdout)
    assert [(row["name"], row["spans"]) for row in found] == [("denoise", 3)]
    some = framegate("query", "spans", *data, "--where", "limit=1", "--where", "since_ns=2")
    assert [row["start_ns"] for row in json.loads(some.stdout)] == [1 + 50 * DAY_NS]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "unknown query 'nothing'"),
        (("jobs", "--where", "sql=1"), "no parameter 'sql'"),
        (("jobs", "--where", "limit"), "parameter 'limit': expected NAME=VALUE"),
    ],
)
def test_a_query_that_makes_no_sense_is_named(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    Store(tmp_path).close()
    assert message in framegate("query", *arguments, "--data", str(tmp_path), exit_code=2).stderr


def test_info_says_what_there_is_at_80_columns(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put_span(store, start_ns=1_700_000_000 * 10**9)
    store.close()
    text = framegate("info", "--data", str(tmp_path)).stdout
    assert "2023-11-14 22:13" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_info_changes_nothing(tmp_path: Path) -> None:
    Store(tmp_path).close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    framegate("info", "--data", str(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("verb", ["info", "compact"])
def test_a_folder_without_a_store_is_named(tmp_path: Path, verb: str) -> None:
    assert "no such file" in framegate(verb, "--data", str(tmp_path), exit_code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_compacting_keeps_every_row_and_gives_space_back(tmp_path: Path) -> None:
    Store(tmp_path / "s").close()
    with open_connection(tmp_path / "s") as connection:
        for _ in range(5):
            connection.execute(MANY, [20_000])
            connection.execute("CHECKPOINT")
        connection.execute("DELETE FROM spans WHERE duration_ns >= 10000")
    before = (tmp_path / "s" / STORE_FILE_NAME).stat().st_size
    framegate("compact", "--data", str(tmp_path / "s"))
    assert (tmp_path / "s" / STORE_FILE_NAME).stat().st_size < before / 2
    assert rows(tmp_path / "s")["traces"] == 50_000
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [STORE_FILE_NAME]
    again = Store(tmp_path / "s")
    put_span(again, start_ns=5)
    again.close()


def test_a_running_collector_keeps_its_store_to_itself(tmp_path: Path) -> None:
    with serving(application(Collector(tmp_path))):
        for verb in ("info", "compact"):
            # DuckDB's lock is between processes.
            done = run_process("telemetry", verb, "--data", str(tmp_path))
            assert done.exit_code == 2
            assert "Conflicting lock is held" in done.stderr
    assert set(Signal) == set(rows(tmp_path))
