"""How the house is kept: names that mean one thing, plain words, rooms of a size to walk."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("telemetry", "generator", "quality", "slo", "loadtest", "dashboards", "framegate")
MAX_MODULES = 17  # "about fifteen"
MAX_LINES = 300
# Past participles that do not end in -ed; "read", "put", "set" and "run" are verbs as well.
PARTICIPLES = frozenset(
    """
    begun broken built chosen done drawn fed found given gone grown heard held kept known left lost
    made meant met paid said seen sent shown sold spent taken taught thought told understood won
    written
    """.split()  # noqa: SIM905 - one word a line would be a page
)
VERBS_IN_ED = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "speed"})
# Words and turns that the glossary replaces. Each is a pattern for text that a person reads.
RETIRED = {
    r"\bnobody can know\b": "not enough data",
    r"\bnobody knows\b": "not known",
    r"\bdear\b": "expensive",
    r"\bbe told\b": "be notified",
    r"\b(?:was|were|is|are|gets?|been) told\b": "notified",
    r"\btold (?:of|about|to)\b": "notified of",
    r"\bheard (?:of|from)\b": "received",
    r"(?<!there )\bis no (?!longer|more|less|other|need|way|reason)[a-zA-Z]+": "is not a",
    r"\bare no (?!longer|more|less|other)[a-z]+ of\b": "are not",
    r"\[ours\]": "[built-in]",
    r"\bunjudged\b": "pending",
    r"\bgood news\b": "a good result",
}


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def modules() -> Iterator[Path]:
    """Every module of the rooms; the rooms' links inside ``framegate/`` are not followed."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not any(parent.is_symlink() for parent in path.parents):
                yield path


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_property(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A property is a value, and an adjective may name it."""
    return any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)


def is_participle(name: str) -> bool:
    word = name.strip("_")
    if "_" in word or word in VERBS_IN_ED:
        return False
    return word in PARTICIPLES or word[2:].endswith("ed")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module that are no docstrings, with their lines."""
    tree = parse(path)
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
        ):
            yield node.lineno, node.value


def retired_words(text: str) -> Iterator[str]:
    for pattern, better in RETIRED.items():
        for found in re.findall(pattern, text, re.IGNORECASE):
            yield f"{found!r}: say {better!r}"


def test_a_class_name_stands_once_in_the_tree() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in definitions(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_public_function_is_a_lone_participle() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in modules()
        for node in definitions(path)
        if not isinstance(node, ast.ClassDef) and not is_property(node) and is_participle(node.name)
    ] == []


def test_no_text_of_the_program_has_a_retired_word() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}: {wrong}"
        for path in modules()
        for line, text in strings(path)
        for wrong in retired_words(text)
    ] == []


def test_no_help_text_has_a_retired_word() -> None:
    """The command reference is every help text; another test holds it current."""
    text = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert list(retired_words(text)) == []


def test_no_page_has_a_retired_word() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [
        f"{page.relative_to(ROOT)}:{number}: {wrong}"
        for page in pages
        if page.name != "glossary.md"  # which lists them
        for number, line in enumerate(page.read_text().splitlines(), start=1)
        for wrong in retired_words(line)
    ] == []


def test_the_patterns_of_retired_words_find_them() -> None:
    """The right value of every pattern, so that none is dead."""
    samples = (
        "nobody can know", "nobody knows", "video gets dear", "be told of alerts", "was told",
        "told of alerts", "heard of", "is no PromQL", "are no parts of", "[ours]", "unjudged",
        "never good news",
    )  # fmt: skip
    assert len(samples) == len(RETIRED)
    for sample, pattern in zip(samples, RETIRED, strict=True):
        assert re.search(pattern, sample), (sample, pattern)
    assert not list(retired_words("there is no longer a target, and that is no more"))


def test_every_path_of_the_architecture_page_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = "|".join((*ROOMS, "tests", "docs"))
    paths = re.findall(rf"`((?:{rooms})/[\w/.-]*)`", page)
    assert len(paths) > len(ROOMS)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if (lines := path.read_text().count("\n")) > MAX_LINES
    }
    assert long == {}


def test_no_folder_holds_more_than_a_person_takes_in() -> None:
    counts: dict[str, int] = defaultdict(int)
    for path in modules():
        if path.name != "__init__.py":
            counts[str(path.parent.relative_to(ROOT))] += 1
    assert {folder: count for folder, count in counts.items() if count > MAX_MODULES} == {}


def test_every_room_says_what_it_is_for() -> None:
    assert [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.name == "__init__.py" and not ast.get_docstring(parse(path))
    ] == []
