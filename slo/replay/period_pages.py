"""A weekly or monthly report as Markdown, HTML or JSON."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from framegate.slo.alerting.alert_text import cause_line
from framegate.slo.replay.period_report import ObjectiveReport, SloReport, report_json


class ReportFormat(StrEnum):
    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


TEMPLATE_FOLDER = Path(__file__).parents[1] / "pages"
FULL_HEIGHT, LEAST_HEIGHT = 24, 2
RED, GREEN, GREY = "#c0392b", "#2e7d4f", "#c8ccd1"


@dataclass(frozen=True, slots=True)
class DayBar:
    """The bar of one day: its bad ratio."""

    height: int
    colour: str
    title: str


def render_markdown(report: SloReport) -> str:
    return render_template("report.md.j2", report, escape=False)


def render_html(report: SloReport) -> str:
    return render_template("report.html.j2", report, escape=True)


def render_json(report: SloReport) -> str:
    return json.dumps(report_json(report), indent=2) + "\n"


def render_template(template: str, report: SloReport, *, escape: bool) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=escape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(
        report=report,
        percent=two_decimal_percent,
        verdict=verdict_text,
        style=verdict_css_class,
        bars=lambda one: list(day_bars(one)),
        cause_line=cause_line,
    )


def two_decimal_percent(share: float | Decimal | None) -> str:
    return "-" if share is None else f"{float(share) * 100:.2f} %"


def verdict_text(one: ObjectiveReport) -> str:
    if one.met is None:
        return "no data"
    return f"{two_decimal_percent(one.ratio)} {'met' if one.met else 'missed'}"


def verdict_css_class(one: ObjectiveReport) -> str:
    return "unknown" if one.met is None else "met" if one.met else "missed"


def day_bars(one: ObjectiveReport) -> Iterator[DayBar]:
    """Bars for the days; full height is twice the allowed bad ratio."""
    allowed = float(1 - one.target)
    for day in one.days:
        if day.ratio is None:
            yield DayBar(LEAST_HEIGHT, GREY, f"{day.date}: no traffic")
            continue
        bad = 1 - day.ratio
        height = round(FULL_HEIGHT * min(1.0, bad / (2 * allowed)))
        colour = RED if bad > allowed else GREEN
        yield DayBar(
            max(LEAST_HEIGHT, height), colour, f"{day.date}: {two_decimal_percent(bad)} bad"
        )


RENDERERS: Mapping[ReportFormat, Callable[[SloReport], str]] = {
    ReportFormat.MARKDOWN: render_markdown,
    ReportFormat.HTML: render_html,
    ReportFormat.JSON: render_json,
}
