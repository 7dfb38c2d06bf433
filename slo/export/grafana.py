"""A Grafana dashboard over the series that ``framegate.slo.export.prometheus`` records."""

import json
from typing import Any

Panel = dict[str, Any]

SLO_SELECTOR = 'sloth_service=~"$service", sloth_slo=~"$slo"'
BUDGET_LEFT = f"slo:period_error_budget_remaining:ratio{{{SLO_SELECTOR}}}"
BURN_RATE = f"slo:current_burn_rate:ratio{{{SLO_SELECTOR}}}"
BAD_SHARES = f'{{__name__=~"slo:sli_error:ratio_rate.+", {SLO_SELECTOR}}}'
DATASOURCE = {"type": "prometheus", "uid": "${source}"}
HEIGHT, HALF, WHOLE = 8, 12, 24


def dashboard() -> dict[str, Any]:
    """For Grafana 9 and later, with variables for data source, service and objective."""
    panels = [
        stat_panel("Budget left", BUDGET_LEFT, x=0),
        stat_panel("Current burn rate", BURN_RATE, x=HALF, unit="none"),
        timeseries_panel("Budget left", BUDGET_LEFT, y=1, x=0),
        timeseries_panel("Error ratio by window", BAD_SHARES,
              y=1, x=HALF, legend="{{sloth_slo}} {{sloth_window}}"),
        timeseries_panel("Events per minute",
              f"sum by (sloth_slo) (slo:events:total_increase5m{{{SLO_SELECTOR}}}) / 5", y=2, x=0,
              unit="none"),
        timeseries_panel("Bad events per minute",
              f"sum by (sloth_slo) (slo:events:bad_increase5m{{{SLO_SELECTOR}}}) / 5", y=2, x=HALF,
              unit="none"),
        alerts_panel(),
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
        "templating": {
            "list": [datasource_variable(), query_variable("service"), query_variable("slo")]
        },
        "panels": panels,
    }


def dashboard_json() -> str:
    return json.dumps(dashboard(), indent=2) + "\n"


def grid_position(x: int, y: int, width: int = HALF) -> dict[str, int]:
    return {"h": HEIGHT, "w": width, "x": x, "y": y * HEIGHT}


def panel_targets(expression: str, legend: str) -> list[dict[str, Any]]:
    return [{"refId": "A", "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}]


def stat_panel(title: str, expression: str, *, x: int, unit: str = "percentunit") -> Panel:
    return {
        "type": "stat",
        "title": title,
        "datasource": DATASOURCE,
        "gridPos": grid_position(x, 0),
        "targets": panel_targets(expression, "{{sloth_slo}}"),
        "fieldConfig": {"defaults": {"unit": unit, "noValue": "no data"}, "overrides": []},
    }


def timeseries_panel(
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
        "datasource": DATASOURCE,
        "gridPos": grid_position(x, y),
        "targets": panel_targets(expression, legend),
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }


def alerts_panel() -> Panel:
    firing = f'ALERTS{{alertname="ErrorBudgetBurn", alertstate="firing", {SLO_SELECTOR}}}'
    return {
        "type": "table",
        "title": "Firing alerts",
        "datasource": DATASOURCE,
        "gridPos": grid_position(0, 3, WHOLE),
        "targets": [
            {**one, "format": "table", "instant": True} for one in panel_targets(firing, "")
        ],
    }


def datasource_variable() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "data source"}


def query_variable(name: str) -> dict[str, Any]:
    asked = f"label_values(sloth_slo_info, sloth_{name})"
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": asked, "refId": name},
        "definition": asked,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "refresh": 2,
    }
