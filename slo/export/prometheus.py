"""Objectives as Prometheus rules, under the names that Sloth uses.

They record the error ratio over every alert window, the series that Sloth's dashboards read, and
the period's ratio weighted by events. Sloth's own default averages five-minute ratios, which gives
a quiet night the same weight as a busy day.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import yaml

from framegate.slo.counting.prometheus_indicator import PrometheusIndicator, SampleKind
from framegate.slo.objectives.alert_rules import NO_RESOLVED_LABEL, Condition, Severity
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.promql import fill_window, has_window
from framegate.telemetry.platform.clock import DAY_MINUTES, HOUR_MINUTES
from framegate.telemetry.platform.errors import InputError

EVENTS_METRIC = "framegate_slo_events_total"  # what the engine counts, by verdict
BASE_MINUTES = 5
SLOTH_MODE = "framegate"

PrometheusRule = dict[str, Any]
PrometheusRuleGroup = dict[str, Any]


def rules_document(objectives: Sequence[Objective]) -> dict[str, list[PrometheusRuleGroup]]:
    """The groups of a rules file: three for each objective."""
    return {"groups": [group for objective in objectives for group in rule_groups(objective)]}


def rules_yaml(objectives: Sequence[Objective]) -> str:
    return str(yaml.safe_dump(rules_document(objectives), sort_keys=False, width=1_000))


def rule_groups(objective: Objective) -> list[PrometheusRuleGroup]:
    require_rules_supported(objective)
    alerts = list(alert_rules(objective))
    found = [
        (f"sloth-slo-sli-recordings-{objective.name}", list(sli_rules(objective))),
        (f"sloth-slo-meta-recordings-{objective.name}", list(meta_rules(objective))),
        (f"sloth-slo-alerts-{objective.name}", alerts),
    ]
    return [{"name": name, "rules": of_group} for name, of_group in found if of_group]


def sli_rules(objective: Objective) -> Iterator[PrometheusRule]:
    for minutes in recorded_windows(objective):
        text = prometheus_duration(minutes)
        yield {
            "record": f"slo:sli_error:ratio_rate{text}",
            "expr": error_ratio_expression(objective, text),
            "labels": {**sloth_labels(objective), "sloth_window": text},
        }
    base = prometheus_duration(BASE_MINUTES)
    for name, only_bad in (("bad", True), ("total", False)):
        yield {
            "record": f"slo:events:{name}_increase{base}",
            "expr": increase_expression(objective, base, bad=only_bad),
            "labels": sloth_labels(objective),
        }
    period = prometheus_duration(period_minutes(objective))
    ids = sloth_selector(objective)
    yield {
        "record": f"slo:sli_error:ratio_rate{period}",
        "expr": (
            f"sum_over_time(slo:events:bad_increase{base}{ids}[{period}])\n/\n"
            f"sum_over_time(slo:events:total_increase{base}{ids}[{period}])"
        ),
        "labels": {**sloth_labels(objective), "sloth_window": period},
    }


def meta_rules(objective: Objective) -> Iterator[PrometheusRule]:
    ids = sloth_selector(objective)
    period = prometheus_duration(period_minutes(objective))
    target = objective.target
    days = float_literal(Fraction(period_minutes(objective), DAY_MINUTES))
    join = "on(sloth_id, sloth_slo, sloth_service) group_left"
    values = {
        "slo:objective:ratio": f"vector({target.normalize():f})",
        "slo:error_budget:ratio": f"vector({(1 - target).normalize():f})",
        "slo:time_period:days": f"vector({days})",
        "slo:current_burn_rate:ratio": (
            f"slo:sli_error:ratio_rate{prometheus_duration(BASE_MINUTES)}{ids}\n"
            f"/ {join}\nslo:error_budget:ratio{ids}"
        ),
        "slo:period_burn_rate:ratio": (
            f"slo:sli_error:ratio_rate{period}{ids}\n/ {join}\nslo:error_budget:ratio{ids}"
        ),
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{ids}",
    }
    for record, expression in values.items():
        yield {"record": record, "expr": expression, "labels": sloth_labels(objective)}
    info = {
        "sloth_mode": SLOTH_MODE,
        "sloth_spec": "openslo/v1",
        "sloth_objective": objective_percent(objective),
    }
    yield {
        "record": "sloth_slo_info",
        "expr": "vector(1)",
        "labels": {**sloth_labels(objective), **info},
    }


def alert_rules(objective: Objective) -> Iterator[PrometheusRule]:
    """One for each severity, wait and kind of resolved message; any of its conditions fires it."""
    for severity in Severity:
        rules = [rule for rule in objective.burn_rules if rule.condition.severity is severity]
        kinds = {(rule.condition.after_minutes, not rule.on_resolved) for rule in rules}
        for after, silent_end in sorted(kinds):
            parts = [
                f"(\n{burn_expression(objective, rule.condition)}\n)"
                for rule in rules
                if (rule.condition.after_minutes, not rule.on_resolved) == (after, silent_end)
            ]
            yield {
                "alert": "ErrorBudgetBurn",
                "expr": "\nor\n".join(parts),
                **({"for": prometheus_duration(after)} if after else {}),
                "labels": {
                    **objective.all_labels,
                    "severity": severity.value,
                    "sloth_severity": severity.value,
                    **(NO_RESOLVED_LABEL if silent_end else {}),
                },
                "annotations": {
                    "title": f"{objective.name}: the error budget burns too fast",
                    "summary": objective.description,
                    "runbook_url": objective.runbook,
                },
            }


def burn_expression(objective: Objective, condition: Condition) -> str:
    minutes = [condition.short_minutes, condition.long_minutes]
    sign = ">=" if condition.at_least else ">"
    threshold = float_literal(condition.factor * (1 - Fraction(objective.target)))
    return "\nand\n".join(
        f"max(slo:sli_error:ratio_rate{prometheus_duration(window)}{sloth_selector(objective)} "
        f"{sign} {threshold}) "
        "without (sloth_window)"
        for window in minutes
        if window is not None
    )


def recorded_windows(objective: Objective) -> list[int]:
    """The windows of all alert rules, and the base window for the current burn rate."""
    found = {BASE_MINUTES}
    for rule in objective.burn_rules:
        found |= {rule.condition.long_minutes, rule.condition.short_minutes or BASE_MINUTES}
    return sorted(found - {period_minutes(objective)})


def error_ratio_expression(objective: Objective, window: str) -> str:
    """The error ratio over a window."""
    (sli,) = objective.slis
    if isinstance(sli, PrometheusIndicator) and sli.sample_kind is SampleKind.RATIOS:
        return recorded_ratio_expression(sli, window)
    bad, total = (amount_expression(objective, "rate", window, bad=one) for one in (True, False))
    return f"{bad}\n/\n{total}"


def increase_expression(objective: Objective, window: str, *, bad: bool) -> str:
    """The number of events in a window; for recorded ratios, each reading is one event."""
    (sli,) = objective.slis
    if isinstance(sli, PrometheusIndicator) and sli.sample_kind is SampleKind.RATIOS:
        return (
            recorded_ratio_expression(sli, window)
            if bad
            else f"{recorded_ratio_expression(sli, window)} * 0 + 1"
        )
    found = amount_expression(objective, "increase", window, bad=bad)
    scale = sli.scale if isinstance(sli, PrometheusIndicator) else 1
    return found if scale == 1 else f"{found} * {scale}"


def amount_expression(objective: Objective, function: str, window: str, *, bad: bool) -> str:
    """An expression over the engine's counters, or over the objective's own query."""
    (sli,) = objective.slis
    if not isinstance(sli, PrometheusIndicator):
        verdict = ', verdict="bad"' if bad else ""
        selector = f'{EVENTS_METRIC}{{slo="{objective.name}"{verdict}}}'
        return f"sum({function}({selector}[{window}]))"
    total, part = (
        windowed_expression(sli, sli.total, function, window),
        windowed_expression(sli, sli.part, function, window),
    )
    if not bad:
        return total
    return part if sli.of_bad else f"({total} - {part})"


def windowed_expression(
    sli: PrometheusIndicator, text: str | None, function: str, window: str
) -> str:
    assert text
    if sli.sample_kind is SampleKind.COUNTERS:
        return f"sum({function}({text}[{window}]))"
    return f"({fill_window(text, window)})"


def recorded_ratio_expression(sli: PrometheusIndicator, window: str) -> str:
    found = f"({fill_window(sli.total, window)})"
    return found if sli.of_bad else f"(1 - {found})"


def require_rules_supported(objective: Objective) -> None:
    """Raises InputError."""
    if objective.slice_seconds is not None:
        raise InputError(f"{objective.name}: time-slice budgets cannot be exported as rules")
    if objective.is_composite:
        raise InputError(f"{objective.name}: composites cannot be exported as rules")
    if not objective.window.is_rolling:
        raise InputError(f"{objective.name}: calendar windows cannot be exported as rules")
    (sli,) = objective.slis
    if (
        isinstance(sli, PrometheusIndicator)
        and sli.sample_kind is not SampleKind.COUNTERS
        and not has_window(sli.total)
    ):
        raise InputError(
            f"{objective.name}: a query without {{{{.window}}}} cannot be exported as a rule"
        )


def sloth_labels(objective: Objective) -> Mapping[str, str]:
    return {
        **objective.labels,
        "sloth_id": f"{objective.service}-{sloth_slo_name(objective)}",
        "sloth_service": objective.service,
        "sloth_slo": sloth_slo_name(objective),
    }


def sloth_slo_name(objective: Objective) -> str:
    """The name without the service prefix that objectives from Sloth files have."""
    return objective.name.removeprefix(f"{objective.service}-")


def sloth_selector(objective: Objective) -> str:
    named = {
        key: value for key, value in sloth_labels(objective).items() if key.startswith("sloth_")
    }
    return "{" + ", ".join(f'{key}="{value}"' for key, value in named.items()) + "}"


def period_minutes(objective: Objective) -> int:
    return objective.window_seconds // 60


def prometheus_duration(minutes: int) -> str:
    """A duration as Prometheus writes it, in one unit."""
    if minutes % DAY_MINUTES == 0:
        return f"{minutes // DAY_MINUTES}d"
    if minutes % HOUR_MINUTES == 0:
        return f"{minutes // HOUR_MINUTES}h"
    return f"{minutes}m"


def objective_percent(objective: Objective) -> str:
    return f"{(objective.target * 100).normalize():f}"


def float_literal(value: Fraction) -> str:
    """A decimal that parses to the same float."""
    return repr(float(value))
