"""Write an Alertmanager configuration: routes by owner, grouping, pages inhibit tickets."""

from collections.abc import Sequence
from typing import Any

import yaml

from framegate.slo.objectives.alert_rules import NO_RESOLVED_LABEL, Severity
from framegate.slo.objectives.objective import Objective

RECEIVER_TEMPLATE = "{owner}-{severity}"
NO_RESOLVED_SUFFIX = "-no-resolved"
REPEAT_INTERVALS = {Severity.PAGE: "4h", Severity.TICKET: "24h"}


def configuration(objectives: Sequence[Objective]) -> dict[str, Any]:
    """Receivers are named and empty: each installation fills them in.

    Alertmanager decides per receiver whether it sends a resolved message. Alerts that must not send
    one (alertWhenResolved: false) therefore have receivers of their own, before the others.
    """
    owners = {objective.owner for objective in objectives}
    silent = {
        (objective.owner, rule.condition.severity)
        for objective in objectives
        for rule in objective.rules
        if not rule.on_resolved
    }
    routes = [
        route_to(owner, severity, resolved=resolved)
        for owner in sorted(owners)
        for severity in Severity
        for resolved in ((False, True) if (owner, severity) in silent else (True,))
    ]
    names = ["nobody", *(route["receiver"] for route in routes)]
    return {
        "route": {
            "receiver": "nobody",
            "group_by": ["service", "owner", "severity"],
            "group_wait": "30s",
            "group_interval": "5m",
            "routes": routes,
        },
        "inhibit_rules": [
            {
                "source_matchers": [f'severity="{Severity.PAGE.value}"'],
                "target_matchers": [f'severity="{Severity.TICKET.value}"'],
                "equal": ["service", "slo"],
            }
        ],
        "receivers": [{"name": name} for name in names],
    }


def route_to(owner: str, severity: Severity, *, resolved: bool) -> dict[str, Any]:
    """The route of an owner's alerts; not ``resolved``: of those without a resolved message."""
    labels = {"owner": owner, "severity": severity.value, **({} if resolved else NO_RESOLVED_LABEL)}
    name = RECEIVER_TEMPLATE.format(owner=owner, severity=severity.value)
    return {
        "receiver": name if resolved else name + NO_RESOLVED_SUFFIX,
        "matchers": [f'{label}="{value}"' for label, value in labels.items()],
        "repeat_interval": REPEAT_INTERVALS[severity],
    }


def configuration_yaml(objectives: Sequence[Objective]) -> str:
    return str(yaml.safe_dump(configuration(objectives), sort_keys=False, width=1_000))
