"""Scores by model version, one strip of points per metric."""

from collections.abc import Iterable, Sequence
from typing import Any

from framegate.dashboards.theme import SERIES
from framegate.telemetry.client.records import Score

VegaLiteSpec = dict[str, Any]


def metric_names(scores: Iterable[Score]) -> list[str]:
    return sorted({score.metric for score in scores})


def score_chart(scores: Sequence[Score], metric: str) -> VegaLiteSpec:
    """One point per clip, one row per model, with its number of clips and its mean."""
    chosen = [score for score in scores if score.metric == metric]
    counts = {score.model: 0 for score in chosen}
    values = [score for score in chosen if score.value is not None]
    for score in values:
        counts[score.model] += 1
    rows = [
        {
            "value": score.value,
            "model": f"{score.model} (n {counts[score.model]})",
            "job": score.job_id,
        }
        for score in values
    ]
    y = {"field": "model", "type": "nominal", "title": None, "axis": {"labelLimit": 240}}
    colour = {
        "field": "model",
        "type": "nominal",
        "legend": None,
        "scale": {"range": list(SERIES)},
    }
    return {
        "data": {"values": rows},
        "height": {"step": 36},
        "title": metric,
        "layer": [
            {
                "mark": {"type": "point", "opacity": 0.7, "size": 50, "tooltip": True},
                "encoding": {
                    "x": {
                        "field": "value",
                        "type": "quantitative",
                        "title": None,
                        "scale": {"zero": False, "nice": True},
                    },
                    "y": y,
                    "color": colour,
                },
            },
            {
                "mark": {"type": "tick", "thickness": 3, "size": 26},
                "encoding": {
                    "x": {"aggregate": "mean", "field": "value", "type": "quantitative"},
                    "y": y,
                    "color": {"value": "#222222"},
                },
            },
        ],
    }


def unscored_sentence(scores: Iterable[Score]) -> str | None:
    """How many clips could not be scored, and the most common reason."""
    reasons = [score.reason for score in scores if score.value is None and score.reason]
    if not reasons:
        return None
    common = max(sorted(set(reasons)), key=reasons.count)
    clips = len({score.job_id for score in scores if score.value is None})
    counted = "1 clip" if clips == 1 else f"{clips} clips"
    return f"{counted} could not be scored; most common reason: {common}"
