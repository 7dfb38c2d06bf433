"""The store's file: created, migrated, refused, and found broken."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import (
    SCHEMA_VERSION,
    STORE_FILE_NAME,
    open_database,
    open_for_reading,
)

FIRST_SCHEMA = Path(__file__).parents[1] / "schemas" / "1.sql"
SPAN = """
INSERT INTO spans BY NAME SELECT
    make_timestamp_ns(7) AS start_time, 1 AS duration_ns, 'aa' AS trace_id, 'bb' AS span_id,
    'maker' AS service, 'denoise' AS name, 1 AS kind, 0 AS status,
    '{"service.name": "maker", "host": "h1"}'::JSON::VARIANT AS resource,
    '[{"name": "e"}]'::JSON::VARIANT AS events
"""
EVENT = """
INSERT INTO events BY NAME SELECT
    make_timestamp_ns(8) AS event_time, make_timestamp_ns(8) AS observed_time, 'aa' AS trace_id,
    'maker' AS service, 0 AS severity, '{"service.name": "maker"}'::JSON::VARIANT AS resource
"""


def first_version(folder: Path) -> None:
    """A store as the first schema had it."""
    with duckdb.connect(str(folder / STORE_FILE_NAME)) as connection:
        connection.execute(FIRST_SCHEMA.read_text())
        connection.execute("INSERT INTO schema_version VALUES (1)")
        connection.execute(SPAN)
        connection.execute(EVENT)
        connection.execute(f"INSERT INTO ledger VALUES ('{'ab' * 32}', make_timestamp_ns(9), 1)")  # noqa: S608 - a constant


def columns(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    rows = connection.execute("SELECT table_name, column_name, data_type FROM duckdb_columns()")
    return {(row[0], row[1], row[2]) for row in rows.fetchall()}


def test_an_older_file_gets_the_schema_of_a_new_one(tmp_path: Path) -> None:
    first_version(tmp_path)
    with open_database(tmp_path) as migrated, open_database(tmp_path / "new") as fresh:
        assert columns(migrated) == columns(fresh)
        assert migrated.execute("SELECT version FROM schema_version").fetchall() == [
            (SCHEMA_VERSION,)
        ]


def test_migration_keeps_every_row_and_its_resource(tmp_path: Path) -> None:
    first_version(tmp_path)
    with open_database(tmp_path) as migrated:
        found = migrated.execute(
            "SELECT epoch_ns(start_time), spans.service, resource, events "
            "FROM spans JOIN origins USING (origin_id)"
        ).fetchall()
        assert found == [(7, "maker", {"service.name": "maker", "host": "h1"}, '[{"name":"e"}]')]
        assert migrated.execute(
            "SELECT count(*) FROM events JOIN origins USING (origin_id)"
        ).fetchall() == [(1,)]
        assert migrated.execute("SELECT body_sha256 FROM ledger").fetchall() == [("ab" * 32,)]


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_database(tmp_path) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    before = (tmp_path / STORE_FILE_NAME).read_bytes()
    for opening in (open_database, open_for_reading):
        with pytest.raises(InputError, match="schema version 99"):
            opening(tmp_path)
    assert (tmp_path / STORE_FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("damaged", [slice(0, 4096), slice(4096, 8192), slice(0, 100_000)], ids=str)
def test_a_corrupt_file_is_refused_and_left_alone(tmp_path: Path, damaged: slice) -> None:
    first_version(tmp_path)
    path = tmp_path / STORE_FILE_NAME
    content = bytearray(path.read_bytes())
    content[damaged] = b"\xa5" * len(content[damaged])
    path.write_bytes(content)
    for opening in (open_database, open_for_reading):
        with pytest.raises(InputError, match=STORE_FILE_NAME):
            opening(tmp_path)
    assert path.read_bytes() == content


def test_a_second_writer_is_told_who_has_the_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from framegate.telemetry.store.database import open_database\n"
        "held = open_database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"open\n"
        for opening in (open_database, open_for_reading):
            with pytest.raises(InputError, match=f"PID {first.pid}"):
                opening(tmp_path)
        first.communicate()
    open_database(tmp_path).close()


def killed_while_writing(folder: Path) -> None:
    """A file whose rows are in its log alone, as kill -9 leaves it."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from framegate.telemetry.store.database import open_database\n"
        "held = open_database(Path(sys.argv[1]))\n"
        "for number in range(3): held.execute('INSERT INTO ledger VALUES (?, now(), 1, ?)', "
        "[str(number), number])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("lost", [1, 40, 200])
def test_a_log_cut_short_loses_its_last_transaction_alone(tmp_path: Path, lost: int) -> None:
    killed_while_writing(tmp_path)
    log = tmp_path / f"{STORE_FILE_NAME}.wal"
    os.truncate(log, log.stat().st_size - lost)
    with open_database(tmp_path) as connection:
        kept = connection.execute("SELECT number FROM ledger ORDER BY number").fetchall()
    assert kept in ([(0,), (1,)], [(0,)])


def test_a_log_damaged_in_the_middle_is_refused_and_left_alone(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    log = tmp_path / f"{STORE_FILE_NAME}.wal"
    content = bytearray(log.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = b"\xa5" * 8
    log.write_bytes(content)
    with pytest.raises(InputError, match=STORE_FILE_NAME):
        open_database(tmp_path)
    assert log.read_bytes() == content


def test_reading_a_folder_without_a_store_creates_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_for_reading(tmp_path)
    assert list(tmp_path.iterdir()) == []
