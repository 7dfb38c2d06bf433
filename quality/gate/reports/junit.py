"""A verdict as JUnit XML: a test for the verdict, and one for every rule.

A broken rule is a failure, bad evidence an error, an undecided rule is skipped. The first test is
the verdict itself, an error if it is INCONCLUSIVE, so that a reader who counts only failures and
errors does not take an undecided release for a good one.
"""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.telemetry.platform.verdict import Verdict

XML_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SUITE = "framegate gate"


def junit(document: VerdictDocument) -> bytes:
    policy = document.policy_file
    suite = Element("testsuite", name=SUITE, timestamp=f"{document.judged_at:%Y-%m-%dT%H:%M:%S}")
    name = xml_text(f"{document.candidate.name} against {document.baseline.name}")
    first = SubElement(suite, "testcase", name=name, classname=SUITE, file=xml_text(policy.path))
    if document.verdict is not Verdict.PASS:
        kind = "failure" if document.verdict is Verdict.FAIL else "error"
        add_outcome(first, kind, document.verdict.value, document.reason)
    for check in document.checks:
        case = SubElement(
            suite,
            "testcase",
            name=xml_text(check.rule.label),
            classname=f"{SUITE}.{check.tier}",
            file=xml_text(policy.path),
            line=str(policy.line(check.rule)),
        )
        if check.verdict is not Verdict.PASS:
            add_outcome(case, outcome_tag(check), check.verdict.value, outcome_text(check))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return bytes(tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def outcome_tag(check: Check) -> str:
    if not check.blocks:
        return "skipped"
    if check.verdict is Verdict.FAIL:
        return "failure"
    return "skipped" if check.evidenced else "error"


def outcome_text(check: Check) -> str:
    worst = "".join(f"\n{one.prompt}: worse by {one.worse_by:.4g}" for one in check.worst)
    return f"{check.reason}{f' [waived: {check.waived}]' if check.waived else ''}{worst}"


def add_outcome(case: Element, kind: str, name: str, text: str) -> None:
    first = text.partition("\n")[0]
    SubElement(case, kind, type=name, message=xml_text(first)).text = xml_text(text)


def xml_text(text: str) -> str:
    """Without characters that XML does not allow."""
    return XML_ILLEGAL.sub("\ufffd", text)
