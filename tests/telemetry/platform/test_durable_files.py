"""Files that appear whole or not at all."""

import subprocess
import sys
from pathlib import Path

from framegate.telemetry.platform.durable_files import write_file_atomically

# A process that may write no file larger than 1,000 bytes, and does not die of it.
CROWDED = """
import resource, signal, sys
from pathlib import Path
from framegate.telemetry.platform.durable_files import write_file_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_file_atomically(Path(sys.argv[1]), b"new" * 1000)
"""


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "below" / "file"
    for data in (b"old", b"new" * 100_000):
        write_file_atomically(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file_atomically(path, b"old")
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
