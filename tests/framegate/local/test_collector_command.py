"""Options of framegate collector."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.telemetry.platform.errors import InputError


@pytest.mark.parametrize(
    ("option", "warning"),
    [("--retain", ""), ("--keep", "framegate: --keep is deprecated, use --retain\n")],
)
def test_retention_is_also_read_under_its_old_name(
    tmp_path: Path, option: str, warning: str
) -> None:
    command = ["collector", "--data", str(tmp_path), "--http-port", "0", option, "scores=7d"]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("retain 'scores=7d': unknown signal 'scores'")
    assert done.stderr == warning
