"""A configuration for Alertmanager: alerts routed by owner, grouped, tickets inhibited by pages."""

from collections.abc import Sequence
from typing import Any

import yaml

from framegate.slo.objectives.conditions import Severity
from framegate.slo.objectives.objective import Objective

RECEIVER_TEMPLATE = "{owner}-{severity}"
REPEAT_INTERVALS = {Severity.PAGE: "4h", Severity.TICKET: "24h"}


def configuration(objectives: Sequence[Objective]) -> dict[str, Any]:
    """Receivers are named and empty: what they are is for each installation to say."""
    owners = sorted({objective.owner for objective in objectives})
    routes = [
        {
            "receiver": RECEIVER_TEMPLATE.format(owner=owner, severity=severity.value),
            "matchers": [f'owner="{owner}"', f'severity="{severity.value}"'],
            "repeat_interval": REPEAT_INTERVALS[severity],
        }
        for owner in owners
        for severity in Severity
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


def configuration_yaml(objectives: Sequence[Objective]) -> str:
    return str(yaml.safe_dump(configuration(objectives), sort_keys=False, width=1_000))
