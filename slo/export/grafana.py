"""A Grafana dashboard over what ``framegate.slo.export.prometheus`` records."""

import json
from typing import Any

Panel = dict[str, Any]

IDS = 'sloth_service=~"$service", sloth_slo=~"$slo"'
SOURCE = {"type": "prometheus", "uid": "${source}"}
HEIGHT, HALF, WHOLE = 8, 12, 24


def dashboard() -> dict[str, Any]:
    """For Grafana 9 and later; it asks which data source, service and objectives."""
    panels = [
        stat("Budget left", f"slo:period_error_budget_remaining:ratio{{{IDS}}}", x=0),
        stat("Burn rate now", f"slo:current_burn_rate:ratio{{{IDS}}}", x=HALF, unit="none"),
        lines("Budget left", f"slo:period_error_budget_remaining:ratio{{{IDS}}}", y=1, x=0),
        lines("Share of bad, by window", f"{{__name__=~\"slo:sli_error:ratio_rate.+\", {IDS}}}",
              y=1, x=HALF, legend="{{sloth_slo}} {{sloth_window}}"),
        lines("Judged, good and bad a minute",
              f"sum by (sloth_slo) (slo:events:total_increase5m{{{IDS}}}) / 5", y=2, x=0,
              unit="none"),
        lines("Bad a minute",
              f"sum by (sloth_slo) (slo:events:bad_increase5m{{{IDS}}}) / 5", y=2, x=HALF,
              unit="none"),
        alerts(),
    ]  # fmt: skip
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    return {
        "title": "Service level objectives",
        "uid": "framegate-slo",
        "schemaVersion": 37,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "tags": ["framegate", "slo"],
        "templating": {"list": [source(), variable("service"), variable("slo")]},
        "panels": panels,
    }


def dashboard_json() -> str:
    return json.dumps(dashboard(), indent=2) + "\n"


def place(x: int, y: int, width: int = HALF) -> dict[str, int]:
    return {"h": HEIGHT, "w": width, "x": x, "y": y * HEIGHT}


def query(expression: str, legend: str) -> list[dict[str, Any]]:
    return [{"refId": "A", "datasource": SOURCE, "expr": expression, "legendFormat": legend}]


def stat(title: str, expression: str, *, x: int, unit: str = "percentunit") -> Panel:
    return {
        "type": "stat",
        "title": title,
        "datasource": SOURCE,
        "gridPos": place(x, 0),
        "targets": query(expression, "{{sloth_slo}}"),
        "fieldConfig": {"defaults": {"unit": unit, "noValue": "nothing known"}, "overrides": []},
    }


def lines(
    title: str,
    expression: str,
    *,
    y: int,
    x: int,
    unit: str = "percentunit",
    legend: str = "{{sloth_slo}}",
) -> Panel:
    return {
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": place(x, y),
        "targets": query(expression, legend),
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }


def alerts() -> Panel:
    firing = f'ALERTS{{alertname="ErrorBudgetBurn", alertstate="firing", {IDS}}}'
    return {
        "type": "table",
        "title": "Alerts that fire",
        "datasource": SOURCE,
        "gridPos": place(0, 3, WHOLE),
        "targets": [{**one, "format": "table", "instant": True} for one in query(firing, "")],
    }


def source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "data source"}


def variable(name: str) -> dict[str, Any]:
    asked = f"label_values(sloth_slo_info, sloth_{name})"
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": asked, "refId": name},
        "definition": asked,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "refresh": 2,
    }
