"""The table of objectives."""

from collections.abc import Iterable

from framegate.dashboards.theme import MARKS
from framegate.slo.commands.status_table import share_percent, sli_percent, status_word
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.summary import target_percent

ObjectiveRow = dict[str, str | int]


def objective_rows(statuses: Iterable[SloStatus]) -> list[ObjectiveRow]:
    """One row per objective, the worst first."""
    worst_first = list(MARKS)
    ranked = sorted(statuses, key=lambda item: worst_first.index(status_word(item)))
    return [objective_row(item) for item in ranked]


def remaining_budget(item: SloStatus) -> str:
    """How many bad jobs the budget still allows, or bad minutes for objectives over time slices."""
    if item.budget_seconds_left is not None:
        return f"{item.budget_seconds_left / 60:.1f} min"
    return "-" if item.budget_jobs_left is None else f"{item.budget_jobs_left:.1f}"


def objective_row(item: SloStatus) -> ObjectiveRow:
    word = status_word(item)
    return {
        "state": f"{MARKS[word]} {word}",
        "objective": item.name,
        "target": target_percent(item.target),
        "SLI": sli_percent(item.ratio),
        "good": item.counts.good,
        "bad": item.counts.bad,
        "pending": item.counts.unscored,
        "budget left": share_percent(item.budget_left),
        "budget left (jobs or time)": remaining_budget(item),
        "burn 1 h": "-" if item.burn_1h is None else f"{item.burn_1h:.1f}",
        "owner": item.owner,
        "runbook": item.runbook,
    }
