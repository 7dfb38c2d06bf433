"""docs/reference/python-api.md: every example is run, and its output is what the page shows."""

import doctest
import re
from pathlib import Path

import pytest

from framegate import client
from framegate import quality as quality_api
from framegate.telemetry.sdk.sdk import start_telemetry
from tests.conftest import RunningCollector
from tests.quality.jobs import finish_job

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/python-api.md"
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
COLLECTOR = "http://127.0.0.1:4318"


def test_every_example_runs_and_shows_what_the_page_shows(
    collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    finish_job(start_telemetry("test", endpoint=collector.url), "job-1", "", None)
    text = PAGE.read_text()
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```python")
    code = "\n".join(examples).replace(COLLECTOR, collector.url)
    test = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert result.attempted > 30
    assert not result.failed, "".join(report)


@pytest.mark.parametrize("name", quality_api.__all__ + client.__all__)
def test_every_exported_function_is_on_the_page(name: str) -> None:
    if name[0].islower():
        assert f"`{name}(" in PAGE.read_text() or f" {name}(" in PAGE.read_text(), name
