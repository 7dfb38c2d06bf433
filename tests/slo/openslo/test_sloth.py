"""Sloth's specifications: read as objectives, and written again as the rules that Sloth writes."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from framegate.slo.counting.prometheus_indicator import PrometheusIndicator, SampleKind
from framegate.slo.export.grafana import dashboard_json
from framegate.slo.export.prometheus import rules_document, rules_yaml
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.slo.replay.lint import findings
from framegate.telemetry.platform.errors import InputError
from tests.node import with_packages
from tests.prometheus import program_of
from tests.slo.documents import yaml_text

ERRORS = 'http_requests_total{job="web",code=~"(5..|429)"}'
ALL = 'http_requests_total{job="web"}'
BAD_QUERY, TOTAL_QUERY = (f"sum(rate({one}[{{{{.window}}}}]))" for one in (ERRORS, ALL))
ALL_A = "sum(increase(a[{{.window}}]))"
SPEC: dict[str, Any] = {
    "version": "prometheus/v1",
    "service": "web",
    "labels": {"owner": "web-team", "tier": "2"},
    "slos": [
        {
            "name": "requests-availability",
            "objective": "99.9",
            "description": "Requests are answered.",
            "labels": {"category": "availability"},
            "sli": {"events": {"error_query": BAD_QUERY, "total_query": TOTAL_QUERY}},
            "alerting": {
                "name": "WebHighErrorRate",
                "annotations": {"runbook": "https://runbooks.example/web"},
                "page_alert": {"labels": {"severity": "critical"}},
                "ticket_alert": {"disable": True},
            },
        },
        {
            "name": "latency_p99",
            "objective": 99,
            "sli": {
                "events": {
                    "error_query": f"{ALL_A} - sum(increase(b[{{{{ .window }}}}]))",
                    "total_query": ALL_A,
                }
            },
        },
        {
            "name": "raw",
            "objective": 95,
            "sli": {"raw": {"error_ratio_query": "avg_over_time(errors:ratio[{{.window}}])"}},
        },
    ],
}


def written(folder: Path, spec: Mapping[str, Any]) -> Path:
    path = folder / "sloth.yaml"
    path.write_text(yaml_text(dict(spec)))
    return path


@pytest.fixture
def objectives(tmp_path: Path) -> dict[str, Objective]:
    return {one.name: one for one in load_objectives([written(tmp_path, SPEC)])}


def asked(objective: Objective) -> PrometheusIndicator:
    (sli,) = objective.slis
    assert isinstance(sli, PrometheusIndicator)
    return sli


def test_the_usual_question_becomes_counters(objectives: Mapping[str, Objective]) -> None:
    found = objectives["web-requests-availability"]
    assert str(found.target) == "0.999"
    assert (found.owner, found.runbook) == ("web-team", "https://runbooks.example/web")
    assert found.window.duration == "30d"
    assert found.labels == {"owner": "web-team", "tier": "2", "category": "availability"}
    assert {rule.condition.severity for rule in found.rules} == {Severity.PAGE}
    sli = asked(found)
    assert (sli.sample_kind, sli.of_bad, sli.minutes) == (SampleKind.COUNTERS, True, 1)
    for text, expected in ((sli.total, ALL), (sli.part or "", ERRORS)):
        assert promql_parser.parse(text).prettify() == promql_parser.parse(expected).prettify()


def test_all_others_are_asked_for_five_minutes(objectives: Mapping[str, Objective]) -> None:
    sums = asked(objectives["web-latency-p99"])
    assert (sums.sample_kind, sums.minutes, sums.scale) == (SampleKind.AMOUNTS, 5, 1)
    assert sums.part_query() == "sum(increase(a[5m])) - sum(increase(b[5m]))"
    ratio = asked(objectives["web-raw"])
    assert (ratio.sample_kind, ratio.of_bad, ratio.minutes) == (SampleKind.RATIOS, True, 5)
    assert ratio.total_query() == "avg_over_time(errors:ratio[5m])"


def test_what_has_no_runbook_is_found(objectives: Mapping[str, Objective]) -> None:
    assert [line for line in findings(list(objectives.values())) if "runbook" in line] == [
        "web-latency-p99: has no runbook",
        "web-raw: has no runbook",
    ]


def test_a_kubernetes_resource_is_the_same(tmp_path: Path, objectives: object) -> None:
    def camel(value: Any) -> Any:
        if not isinstance(value, dict):
            return [camel(one) for one in value] if isinstance(value, list) else value
        names = {
            "error_query": "errorQuery",
            "total_query": "totalQuery",
            "error_ratio_query": "errorRatioQuery",
            "page_alert": "pageAlert",
            "ticket_alert": "ticketAlert",
        }
        return {names.get(key, key): camel(one) for key, one in value.items()}

    spec = camel({key: value for key, value in SPEC.items() if key != "version"})
    resource = {
        "apiVersion": "sloth.slok.dev/v1",
        "kind": "PrometheusServiceLevel",
        "metadata": {"name": "web", "namespace": "monitoring"},
        "spec": spec,
    }
    found = load_objectives([written(tmp_path, resource)])
    assert {one.name: one for one in found} == objectives


def test_rules_are_those_of_sloth(objectives: Mapping[str, Objective]) -> None:
    groups = rules_document(list(objectives.values()))["groups"]
    assert groups[0]["name"] == "sloth-slo-sli-recordings-web-requests-availability"
    (first, *_) = [one for one in groups[0]["rules"] if one["labels"].get("sloth_window") == "5m"]
    assert first["record"] == "slo:sli_error:ratio_rate5m"
    assert first["labels"] == {
        "owner": "web-team",
        "tier": "2",
        "category": "availability",
        "sloth_id": "web-requests-availability",
        "sloth_service": "web",
        "sloth_slo": "requests-availability",
        "sloth_window": "5m",
    }
    (sloths,) = (f"{BAD_QUERY} / {TOTAL_QUERY}".replace("{{.window}}", "5m"),)
    assert promql_parser.parse(first["expr"]).prettify() == promql_parser.parse(sloths).prettify()


def test_prometheus_reads_all_rules(tmp_path: Path, objectives: Mapping[str, Objective]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rules_yaml(list(objectives.values())))
    check = [program_of("promtool"), "check", "rules", "--lint=all", str(path)]
    found = subprocess.run(check, check=True, capture_output=True, text=True)
    groups = yaml.safe_load(path.read_text())["groups"]
    assert f"{sum(len(group['rules']) for group in groups)} rules found" in found.stdout


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parser of PromQL in Prometheus 3, which its own web page uses."""
    source = Path(__file__).parents[1] / "grammar"
    return with_packages(source, tmp_path_factory.mktemp("npm") / "grammar")


def refused(grammar: Path, expressions: list[str]) -> list[str]:
    done = subprocess.run(
        ["node", "parse.mjs"],
        cwd=grammar,
        input=json.dumps(expressions),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_prometheus_3_reads_all_rules_too(
    grammar: Path, objectives: Mapping[str, Objective]
) -> None:
    groups = rules_document([*default_objectives(), *objectives.values()])["groups"]
    written = [rule["expr"] for group in groups for rule in group["rules"]]
    panels = json.loads(dashboard_json())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(written) > 300
    assert refused(grammar, [*written, *asked]) == []
    assert refused(grammar, ["sum(rate(x[5m])"]) == ["sum(rate(x[5m])"]


def changed(**changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = {**SPEC["slos"][0], **changes}
    return {**SPEC, "slos": [first]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (changed(objective=100), r"slos\.0\.objective: .*less than 100: 100"),
        (changed(sli={"plugin": {"id": "x"}}), r"slos\.0\.sli: Sloth plugins are not supported"),
        (
            changed(sli={"raw": {"error_ratio_query": "x"}}),
            "slos.0.sli.raw.*needs {{.window}}",
        ),
        (
            changed(sli={"raw": {"error_ratio_query": "x[{{.window}}"}}),
            r"slos\.0\.sli\.raw.*is not valid PromQL",
        ),
        (changed(plugins={"chain": []}), "Sloth plugins are not supported"),
        (changed(objectiv=99), r"slos\.0\.objectiv: unknown key; did you mean 'objective'"),
        ({**SPEC, "version": "prometheus/v2"}, r"version: .*'prometheus/v2'"),
        ({**SPEC, "slos": [SPEC["slos"][0]] * 2}, "is already defined in "),
    ],
)
def test_errors_name_the_place(tmp_path: Path, spec: Mapping[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_objectives([written(tmp_path, spec)])
