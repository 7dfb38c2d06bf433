"""What test files share stands in modules of its own."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
IMPORT_OF_A_TEST = re.compile(r"^\s*(?:from|import) (tests(?:\.\w+)*\.test_\w+)", re.MULTILINE)


@pytest.mark.parametrize("text", ["from tests.slo.test_a import b", "    import tests.test_a"])
def test_an_import_of_a_test_file_is_seen(text: str) -> None:
    assert IMPORT_OF_A_TEST.search(text)


def test_no_file_imports_from_a_test_file() -> None:
    found = {
        f"{path.relative_to(TESTS)} imports {name}"
        for path in TESTS.rglob("*.py")
        for name in IMPORT_OF_A_TEST.findall(path.read_text())
    }
    assert found == set(), "move what both need into a module beside them that is named for it"
