"""The age of the page's data, in words."""

from datetime import UTC, datetime

from framegate.slo.judging.status import STALE_SECONDS
from framegate.telemetry.platform.clock import DAY_SECONDS


def freshness(*, watermark_ns: int | None, read_ns: int) -> tuple[str, str]:
    """State (``ok``, ``stale`` or ``no data``) and a sentence; no data is not ok."""
    if watermark_ns is None:
        return "no data", "NO DATA: the collector has stored nothing yet"
    age_seconds = (read_ns - watermark_ns) / 1e9
    at = datetime.fromtimestamp(watermark_ns / 1e9, UTC).strftime("%H:%M:%SZ")
    text = f"data as of {at}, {format_duration(age_seconds)} old"
    if age_seconds > STALE_SECONDS:
        return "stale", f"STALE: {text}; the figures below may be out of date"
    return "ok", text


def format_duration(seconds: float) -> str:
    """A duration in one unit, such as 5 min."""
    for size, unit in ((DAY_SECONDS, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
