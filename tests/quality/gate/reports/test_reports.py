"""Reports: one document, read by people, by CI systems, and by us again."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from rich.console import Console

from framegate.quality.gate.evidence.content import content_id_of
from framegate.quality.gate.judging.document import (
    VerdictDocument,
    document_of,
    dump_document,
    read_document,
    replay_document,
    schema,
)
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.reports.annotations import annotations
from framegate.quality.gate.reports.junit import junit
from framegate.quality.gate.reports.markdown import MARKER, markdown
from framegate.quality.gate.reports.page import page
from framegate.quality.gate.reports.sarif import sarif
from framegate.quality.gate.reports.story import explain_checks
from framegate.quality.gate.reports.terminal import print_document
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import (
    HEAD,
    LPIPS,
    NOW,
    SSIM,
    THREE,
    altered,
    clips,
    judged,
    policy,
    side,
    without,
)
from tests.quality.gate.signed_waivers import RULES, signed_waiver

SCHEMAS = Path(__file__).parents[1] / "schemas"
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
SARIF = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
NASTY = '"><script>alert(1)</script>\x00\x1b[31m\n::error::x, `a` | b @everyone & [c](d) %0A'


def nasty() -> VerdictDocument:
    """Names and prompts as an enemy would write them."""
    worse = tuple(replace(clip, prompt=NASTY + clip.prompt) for clip in clips(shift={SSIM: -0.1}))
    broken = without(worse, LPIPS, reason=NASTY, only=2)
    sides = replace(side(clips()), name=NASTY), replace(side(broken), name=NASTY)
    return document_of(judge(*sides, policy().policy, at=NOW), policy())


def waived() -> VerdictDocument:
    candidate = clips(shift={SSIM: -0.1})
    signed = signed_waiver(content=content_id_of(side(candidate)))
    return document_of(judged(clips(), candidate, RULES, waivers=(signed,)), RULES)


ALL_KINDS = HEAD + (
    "metrics:\n"
    "  ssim_wang_rgb_v1:\n"
    "    margin: 0.01\n"
    "    worst: {prompts: 2, margin: 0.2}\n"
    "    broken: {worse_by: 0.1, at_most: 0.3}\n"
    "    categories: {margin: 0.05}\n"
    "    floor: 0.5\n"
    "  lpips_alex_v0.1: {tier: advisory, relative_margin: 0.01}\n"
    "  flicker_fr_v1: {tier: supporting, margin: 0.25}\n"
)
DOCUMENTS = {
    "pass": document_of(judged(clips(), clips()), policy()),
    "fail": document_of(judged(clips(), clips(shift={SSIM: -0.1})), policy()),
    "undecided": document_of(judged(clips(), clips(noise=0.05)), policy()),
    "nothing": document_of(judged((), ()), policy()),
    "no metrics": document_of(
        judged(clips(), clips(), policy(HEAD + "metrics: {}")), policy(HEAD + "metrics: {}")
    ),
    "waived": waived(),
    "all kinds": document_of(
        judged(clips(), clips(shift={LPIPS: 0.01}, noise=0.02), policy(ALL_KINDS)),
        policy(ALL_KINDS),
    ),
    "cannot be decoded": document_of(
        judged(clips(), without(clips(), SSIM, reason="no picture", only=3)), policy()
    ),
    "nasty": nasty(),
}


@pytest.fixture(params=DOCUMENTS, ids=str)
def document(request: pytest.FixtureRequest) -> VerdictDocument:
    return DOCUMENTS[request.param]


def test_a_document_comes_back_and_replays(document: VerdictDocument, tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(dump_document(document))
    again = read_document(path)
    assert again == document
    assert replay_document(again).checks == document.checks


def test_a_document_fits_its_schema(document: VerdictDocument) -> None:
    jsonschema.validate(
        json.loads(dump_document(document), parse_constant=refused),
        schema(),
        cls=jsonschema.Draft202012Validator,
    )


def refused(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"verdict": "FAIL",\n "reason"', '"verdict": "PASS",\n "reason"'),
        ("margin: 0.01", "margin: 0.5"),
        ('"verdict": "FAIL",\n   "reason"', '"verdict": "PASS",\n   "reason"'),
        ("0.85", "0.95"),
    ],
)
def test_a_changed_document_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "verdict.json"
    text = dump_document(DOCUMENTS["fail"]).decode()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=r"document"):
        replay_document(read_document(path))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 1}', "\x00"])
def test_what_is_no_document_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"verdict\.json"):
        read_document(path)


def test_junit_is_what_ci_systems_read(document: VerdictDocument) -> None:
    text = junit(document)
    JUNIT.validate(io.BytesIO(text))
    cases = re.findall(rb"<testcase ", text)
    assert len(cases) == 1 + len(document.checks)
    counted = {
        name: int(re.search(rb"<testsuite [^>]*" + name.encode() + rb'="(\d+)"', text)[1])  # type: ignore[index]
        for name in ("tests", "failures", "errors", "skipped")
    }
    assert counted["tests"] == len(cases)
    bad = counted["failures"] + counted["errors"]
    assert (bad == 0) == (document.verdict is Verdict.PASS)
    assert (counted["failures"] > 0) == (document.verdict is Verdict.FAIL)


def test_sarif_is_what_code_scanning_reads(document: VerdictDocument) -> None:
    log = json.loads(sarif(document))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    # Every result is an alert, so what holds is none.
    broken = [str(one.rule) for one in document.checks if one.verdict is not Verdict.PASS]
    assert [one["ruleId"] for one in run["results"]] == broken
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    open_errors = [
        one for one in run["results"] if one["level"] == "error" and "suppressions" not in one
    ]
    assert bool(open_errors) == (document.verdict is Verdict.FAIL)


def test_annotations_point_at_the_line_of_the_rule() -> None:
    (line,) = annotations(DOCUMENTS["fail"]).splitlines()
    number = THREE.splitlines().index("  ssim_wang_rgb_v1: {margin: 0.01}") + 1
    assert line.startswith(f"::error file=gate.yaml,line={number},title=framegate gate%3A ssim")
    assert "worst: prompt" in line


def test_annotations_of_an_undecided_rule_warn() -> None:
    assert annotations(DOCUMENTS["undecided"]).startswith("::warning file=gate.yaml,line=")
    assert annotations(DOCUMENTS["pass"]) == ""
    assert annotations(DOCUMENTS["waived"]).startswith("::notice file=gate.yaml")


def test_no_text_can_end_an_annotation() -> None:
    for line in annotations(DOCUMENTS["nasty"]).splitlines():
        assert re.match(r"::(error|warning|notice) file=[^,:]+,line=\d+,title=[^:,]+::", line)


def test_markdown_says_the_verdict_first(document: VerdictDocument) -> None:
    text = markdown(document)
    assert text.startswith(MARKER)
    assert f" {document.verdict}: " in text.splitlines()[2]
    for ruling in document.waivers:
        assert ruling.waiver.approver in text


def test_markdown_is_not_written_by_prompts() -> None:
    whole = markdown(DOCUMENTS["nasty"])
    text = re.sub(r"`[^`\n]*`", "", whole)  # code is shown as it is
    assert "`" not in text
    assert "\n::error" not in whole
    assert "<script" not in text
    assert "@everyone" not in text
    assert "[c](d)" not in text


class Scripts(HTMLParser):
    """Counts what runs in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)


def test_the_page_shows_everything_and_runs_nothing_of_others(document: VerdictDocument) -> None:
    text = page(document)
    reader = Scripts()
    reader.feed(text)
    assert reader.scripts == 1
    assert f">{document.verdict}<" in text
    for check in document.checks:
        assert check.rule.label in text
    assert "http" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)


def test_the_terminal_has_80_columns(document: VerdictDocument) -> None:
    out = io.StringIO()
    print_document(document, console=Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    assert document.verdict.value in out.getvalue()
    for ruling in document.waivers:
        assert ruling.waiver.approver in out.getvalue()


def test_a_story_tells_every_rule(document: VerdictDocument) -> None:
    text = "\n".join(explain_checks(document))
    for check in document.checks:
        assert f"gate.yaml:{document.policy_file.line(check.rule)}" in text


def test_a_story_has_the_numbers() -> None:
    text = "\n".join(explain_checks(DOCUMENTS["fail"]))
    assert "worse by 0.1000" in text
    assert "sign-flip test p" in text
    assert "worst: prompt" in text


def test_worst_prompts_come_first_in_the_page() -> None:
    candidate = altered(clips(), {SSIM: 0.2}, only=(7,))
    text = page(document_of(judged(clips(), candidate), policy()))
    first = re.search(r'<section class="prompt">\s*<h3>([^<]*)</h3>', text)
    assert first
    assert first[1] == "prompt 7"
