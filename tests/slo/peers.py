"""google/slo-generator asked about counts that are known."""

from typing import Any

from slo_generator.report import SLOReport

STEP = {"name": "1h", "window": 3600, "alert": True, "message_alert": "page", "message_ok": "ok"}


class Known:
    """A backend of slo-generator that knows the counts already."""

    def __init__(self, client: object = None, **counts: int) -> None:
        self._counts = counts["good"], counts["bad"]

    def counts(self, _timestamp: float, _window: int, _config: object) -> tuple[int, int]:
        return self._counts


def report(*, good: int, bad: int, goal: float, threshold: float = 14.4) -> dict[str, Any]:
    """Its report on so many good and bad events."""
    config = {
        "metadata": {"name": "one"},
        "spec": {"description": "d", "goal": goal, "backend": "known", "method": "counts"},
    }
    backend = {"class": f"{__name__}.Known", "good": good, "bad": bad}
    step = STEP | {"burn_rate_threshold": threshold}
    found: dict[str, Any] = SLOReport(config, backend, step, timestamp=1_790_000_000).to_json()
    return found
