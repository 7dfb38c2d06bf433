"""Exported rules, read and evaluated by Prometheus's own program beside the engine's answers."""

import json
import re
import subprocess
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from framegate.slo.counting.series import Counts, MinuteSpan, Series, series_of
from framegate.slo.export.alertmanager import configuration, configuration_yaml
from framegate.slo.export.grafana import dashboard_json
from framegate.slo.export.prometheus import rules_document, rules_yaml
from framegate.slo.judging.alerts import judge_condition
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.telemetry.platform.errors import InputError
from tests.prometheus import program_of
from tests.slo.records import measured
from tests.slo.specs import write, write_policy
from tests.volume import draws_all

GOLDEN = Path(__file__).parents[1] / "golden"
DAY_MINUTES = 1440
LOOK_MINUTES = 7  # not a divisor of any window


@pytest.fixture
def objective() -> Objective:
    (one,) = load_objectives([GOLDEN / "jobs.yaml"])
    return one


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        [program_of("promtool"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return done.stdout


def test_the_rules_are_as_they_were(objective: Objective) -> None:
    assert rules_yaml([objective]) == (GOLDEN / "rules.yaml").read_text()


def test_prometheus_reads_the_rules_of_every_default_objective(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rules_yaml(default_objectives()))
    assert "SUCCESS" in promtool("check", "rules", str(path))


def test_alertmanager_reads_its_routes(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration_yaml(default_objectives()))
    check = [program_of("amtool"), "check-config", str(path)]
    subprocess.run(check, check=True, capture_output=True)
    labels = ["owner=video-quality", "severity=page", "service=video-generation"]
    amtool = [program_of("amtool"), "config", "routes", "test", f"--config.file={path}"]
    routed = [*amtool, *labels]
    found = subprocess.run(routed, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "video-quality-page"


def test_alerts_without_a_resolved_message_have_a_route_and_a_label(tmp_path: Path) -> None:
    spec = write(tmp_path, "jobs")
    write_policy(spec)
    objectives = load_objectives([spec])
    document = configuration(objectives)
    routes = [route["receiver"] for route in document["route"]["routes"]]
    assert routes == ["me-page-no-resolved", "me-page", "me-ticket"]
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration_yaml(objectives))
    amtool = [program_of("amtool"), "config", "routes", "test", f"--config.file={path}"]
    labels = ["owner=me", "severity=page", "send_resolved=false"]
    found = subprocess.run([*amtool, *labels], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "me-page-no-resolved"
    (alert,) = [
        rule
        for group in rules_document(objectives)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert alert["labels"]["send_resolved"] == "false"


def test_the_dashboard_asks_for_what_the_rules_record(objective: Objective) -> None:
    groups = rules_document([objective])["groups"]
    recorded = {rule.get("record", "ALERTS") for group in groups for rule in group["rules"]}
    asked = [
        target["expr"]
        for panel in json.loads(dashboard_json())["panels"]
        for target in panel["targets"]
    ]
    for expression in asked:
        names = re.findall(r"slo:[\w:]*\w|ALERTS", expression)
        assert names, expression
        assert all(any(known.startswith(name) for known in recorded) for name in names), expression


def test_prometheus_reads_every_question_of_the_dashboard(tmp_path: Path) -> None:
    asked = [
        {"record": f"asked:{number}", "expr": target["expr"]}
        for panel in json.loads(dashboard_json())["panels"]
        for number, target in enumerate(panel["targets"])
    ]
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": asked}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", "--lint=none", str(path))


def test_names_and_windows_are_sloths(objective: Objective) -> None:
    groups = rules_document([objective])["groups"]
    assert [group["name"].rsplit("-", 1)[0] for group in groups] == [
        "sloth-slo-sli-recordings",
        "sloth-slo-meta-recordings",
        "sloth-slo-alerts",
    ]
    recorded = [rule["record"] for group in groups for rule in group["rules"] if "record" in rule]
    assert set(recorded) == {
        *(
            f"slo:sli_error:ratio_rate{window}"
            for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
        ),
        "slo:events:bad_increase5m",
        "slo:events:total_increase5m",
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
    }


def days_of_traffic(seed: int) -> list[Counts]:
    """Four days by the minute: day and night, a steady ratio of bad ones, and incidents."""
    chance = np.random.default_rng(seed)
    minutes = np.arange(4 * DAY_MINUTES)
    busy = np.where(minutes % DAY_MINUTES > 480, 400, 60)
    ratio = np.full(len(minutes), 0.004)
    for _ in range(6):
        first, length = chance.integers(len(minutes)), chance.integers(5, 400)
        incident = slice(first, first + length)
        ratio[incident] = np.maximum(ratio[incident], chance.random() / 4)
    total = chance.integers(busy // 2, busy)
    bad = chance.binomial(total, ratio)
    return list(starmap(Counts, np.column_stack([total - bad, bad]).tolist()))


def counters(minutes: list[Counts]) -> list[dict[str, str]]:
    """The engine's counters as they would be scraped each minute."""
    values: dict[str, list[int]] = {"good": [0], "bad": [0]}
    for counts in minutes:
        values["good"].append(values["good"][-1] + counts.good)
        values["bad"].append(values["bad"][-1] + counts.bad)
    return [
        {
            "series": f'framegate_slo_events_total{{slo="jobs", verdict="{verdict}"}}',
            "values": " ".join(map(str, of_verdict)),
        }
        for verdict, of_verdict in values.items()
    ]


def group_names(objective: Objective) -> list[str]:
    """The groups in the order of the file; promtool evaluates them in any order otherwise."""
    return [group["name"] for group in rules_document([objective])["groups"]]


def firing(objective: Objective, series: Series, minute: int) -> set[str]:
    """The severities that fire when so many minutes are over."""
    return {
        rule.condition.severity.value
        for rule in objective.rules
        if judge_condition(
            rule.condition,
            measured(series, target=objective.target),
            end_minute=minute,
            known=True,
        ).holds
    }


def test_alerts_fire_in_the_same_minute_and_counts_are_equal(
    tmp_path: Path, objective: Objective
) -> None:
    """From the fourth day on: the engine knows of no jobs before the first, rules extrapolate."""
    traffic = days_of_traffic(seed=1)
    series = series_of(dict(enumerate(traffic)))
    (tmp_path / "rules.yaml").write_text(rules_yaml([objective]))
    first_look = -(-3 * DAY_MINUTES // LOOK_MINUTES) * LOOK_MINUTES
    looks = range(first_look, 4 * DAY_MINUTES, LOOK_MINUTES)
    expected = {minute: firing(objective, series, minute) for minute in looks}
    assert {len(found) for found in expected.values()} >= {0, 1}
    hour = [series.counts_over(MinuteSpan(minute - 60, minute)) for minute in looks]
    document: dict[str, Any] = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m" if draws_all() else f"{LOOK_MINUTES}m",
        "group_eval_order": group_names(objective),
        "tests": [
            {
                "interval": "1m",
                "input_series": counters(traffic),
                "alert_rule_test": [
                    {
                        "eval_time": f"{minute}m",
                        "alertname": "ErrorBudgetBurn",
                        "exp_alerts": [
                            alert(objective, severity) for severity in sorted(severities)
                        ],
                    }
                    for minute, severities in expected.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": 'increase(framegate_slo_events_total{slo="jobs"}[1h])',
                        "eval_time": f"{minute}m",
                        "exp_samples": [
                            {"labels": f'{{slo="jobs", verdict="{verdict}"}}', "value": value}
                            for verdict, value in (("bad", counts.bad), ("good", counts.good))
                        ],
                    }
                    for minute, counts in zip(looks, hour, strict=True)
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(json.dumps(document))
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yaml"))


def alert(objective: Objective, severity: str) -> dict[str, Any]:
    (group,) = [
        group for group in rules_document([objective])["groups"] if "alerts" in group["name"]
    ]
    (rule,) = [one for one in group["rules"] if one["labels"]["severity"] == severity]
    ids = {"sloth_id": "video-generation-jobs", "sloth_service": "video-generation"}
    labels = {**ids, "sloth_slo": "jobs", **objective.labels, **rule["labels"]}
    return {"exp_labels": labels, "exp_annotations": rule["annotations"]}


def test_the_period_is_weighed_by_events(tmp_path: Path, objective: Objective) -> None:
    """23 hours at 1 per 5 minutes, then one at 1000 per 5 minutes, a tenth of it bad: 9.78 %."""
    quiet = [Counts(good=1 if minute % 5 == 0 else 0) for minute in range(23 * 60)]
    traffic = [*quiet, *([Counts(good=180, bad=20)] * 60)]
    path = tmp_path / "rules.yaml"
    path.write_text(rules_yaml([objective]).replace("[30d]", "[1d]"))
    named = {"sloth_id": "video-generation-jobs", "sloth_service": "video-generation"}
    named |= {"sloth_slo": "jobs", "sloth_window": "30d", **objective.labels}
    ids = "{" + ", ".join(f'{key}="{value}"' for key, value in named.items()) + "}"
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m" if draws_all() else "5m",
        "group_eval_order": group_names(objective),
        "tests": [
            {
                "interval": "1m",
                "input_series": counters(traffic),
                "promql_expr_test": [
                    {
                        # Sloth's default, the mean of five-minute ratios, is 0.42 %.
                        "expr": "round(slo:sli_error:ratio_rate30d * 1000)",
                        "eval_time": "1440m",
                        "exp_samples": [{"labels": ids, "value": 98}],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(json.dumps(document))
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert series_of(dict(enumerate(traffic))).counts_over(MinuteSpan(0, 1440)) == Counts(
        11_076, 1_200
    )


def test_what_has_no_rules_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "jobs")
    sliced = path.read_text().replace("Occurrences", "Timeslices")
    path.write_text(
        sliced.replace("target: 0.99", "target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1m")
    )
    with pytest.raises(InputError, match="jobs: time-slice budgets cannot be exported"):
        rules_document(load_objectives([path]))
