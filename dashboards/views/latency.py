"""Time to first playable over time, as a Vega-Lite specification."""

from collections.abc import Iterable
from typing import Any

from framegate.dashboards.theme import SERIES
from framegate.slo.judging.status import SloStatus
from framegate.telemetry.client.records import Job

VegaLiteSpec = dict[str, Any]

AXIS_TICK_SECONDS = (
    0.01,
    0.1,
    1,
    10,
    100,
)  # a grid line for every step of a log axis would be too many


def latency_rows(jobs: Iterable[Job]) -> list[dict[str, str | float]]:
    """One point per job that became playable; time in milliseconds, as Vega-Lite expects it."""
    return [
        {
            "time": job.submitted_ns / 1e6,
            "seconds": job.ttfp_seconds,
            "workload": job.workload,
            "model": job.model,
            "job": job.job_id,
        }
        for job in jobs
        if job.ttfp_seconds is not None
    ]


def latency_chart(jobs: Iterable[Job], statuses: Iterable[SloStatus]) -> VegaLiteSpec:
    """One point per job, coloured by workload, and each workload's limit as a dashed line."""
    limits = [
        {"workload": item.labels["workload"], "limit": float(item.threshold)}
        for item in statuses
        if item.labels.get("sli") == "ttfp" and item.threshold is not None
    ]
    x = {
        "field": "time",
        "type": "temporal",
        "title": "submitted",
        "axis": {"format": "%H:%M:%S", "tickCount": 8},
    }
    scale = {"type": "log", "nice": True}
    classes = [limit["workload"] for limit in limits]
    colour = {
        "field": "workload",
        "type": "nominal",
        "scale": {"domain": classes, "range": list(SERIES[: len(classes)])},
    }
    return {
        "height": 220,
        "layer": [
            {
                "data": {"values": latency_rows(jobs)},
                "mark": {"type": "point", "filled": True, "size": 60, "tooltip": True},
                "encoding": {
                    "x": x,
                    "y": {
                        "field": "seconds",
                        "type": "quantitative",
                        "scale": scale,
                        "title": "seconds (dashed: limit)",
                        "axis": {"values": list(AXIS_TICK_SECONDS), "format": "~g"},
                    },
                    "color": colour,
                    "shape": {"field": "workload", "type": "nominal"},
                },
            },
            {
                "data": {"values": limits},
                "mark": {"type": "rule", "strokeDash": [6, 4], "tooltip": True},
                "encoding": {
                    "y": {"field": "limit", "type": "quantitative", "scale": scale},
                    "color": colour,
                },
            },
        ],
    }
