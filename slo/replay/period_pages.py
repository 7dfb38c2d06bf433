"""A period's report as Markdown or HTML."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from framegate.slo.alerting.wording import cause_line
from framegate.slo.replay.period_report import PeriodReport, Report, report_json


class Form(StrEnum):
    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


FOLDER = Path(__file__).parents[1] / "pages"
FULL_HEIGHT, LEAST_HEIGHT = 24, 2
RED, GREEN, GREY = "#c0392b", "#2e7d4f", "#c8ccd1"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's share of bad."""

    height: int
    colour: str
    title: str


def as_markdown(report: Report) -> str:
    return rendered("report.md.j2", report, escape=False)


def as_html(report: Report) -> str:
    return rendered("report.html.j2", report, escape=True)


def as_json(report: Report) -> str:
    return json.dumps(report_json(report), indent=2) + "\n"


def rendered(template: str, report: Report, *, escape: bool) -> str:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=escape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(
        report=report,
        percent=percent,
        verdict=verdict,
        style=style,
        bars=lambda one: list(bars(one)),
        cause_line=cause_line,
    )


def percent(share: float | Decimal | None) -> str:
    return "-" if share is None else f"{float(share) * 100:.2f} %"


def verdict(one: PeriodReport) -> str:
    if one.met is None:
        return "nothing known"
    return f"{percent(one.ratio)} {'met' if one.met else 'missed'}"


def style(one: PeriodReport) -> str:
    return "unknown" if one.met is None else "met" if one.met else "missed"


def bars(one: PeriodReport) -> Iterator[Bar]:
    """Full height is twice what the target allows."""
    allowed = float(1 - one.target)
    for day in one.days:
        if day.ratio is None:
            yield Bar(LEAST_HEIGHT, GREY, f"{day.date}: no traffic")
            continue
        bad = 1 - day.ratio
        height = round(FULL_HEIGHT * min(1.0, bad / (2 * allowed)))
        colour = RED if bad > allowed else GREEN
        yield Bar(max(LEAST_HEIGHT, height), colour, f"{day.date}: {percent(bad)} bad")


FORMATS: Mapping[Form, Callable[[Report], str]] = {
    Form.MARKDOWN: as_markdown,
    Form.HTML: as_html,
    Form.JSON: as_json,
}
