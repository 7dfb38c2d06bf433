"""OpenSLO v1: every kind, references, and what is said of documents that are wrong."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from framegate.slo.objectives.objective import load_objectives
from framegate.slo.openslo.kinds import KINDS, Slo
from framegate.slo.openslo.library import load_library
from framegate.telemetry.platform.errors import InputError
from tests.slo.documents import yaml_text

GOOD = "state = 'complete'"
SOURCE = {
    "apiVersion": "openslo/v1",
    "kind": "DataSource",
    "metadata": {"name": "store"},
    "spec": {"type": "framegate", "connectionDetails": {"from": "jobs"}},
}
SLI = {
    "apiVersion": "openslo/v1",
    "kind": "SLI",
    "metadata": {"name": "finished"},
    "spec": {
        "ratioMetric": {
            "counter": True,
            "good": {"metricSource": {"metricSourceRef": "store", "spec": {"where": GOOD}}},
            "total": {"metricSource": {"metricSourceRef": "store", "spec": {"where": "TRUE"}}},
        }
    },
}
CONDITION = {
    "apiVersion": "openslo/v1",
    "kind": "AlertCondition",
    "metadata": {"name": "fast"},
    "spec": {
        "severity": "page",
        "condition": {
            "kind": "burnrate",
            "op": "gte",
            "threshold": 14.4,
            "lookbackWindow": "1h",
            "alertAfter": "5m",
        },
    },
}
TARGET = {
    "apiVersion": "openslo/v1",
    "kind": "AlertNotificationTarget",
    "metadata": {"name": "pager"},
    "spec": {"target": "on-call"},
}
POLICY = {
    "apiVersion": "openslo/v1",
    "kind": "AlertPolicy",
    "metadata": {"name": "burning"},
    "spec": {
        "alertWhenNoData": True,
        "alertWhenBreaching": True,
        "conditions": [{"conditionRef": "fast"}],
        "notificationTargets": [{"targetRef": "pager"}],
    },
}
SERVICE = {
    "apiVersion": "openslo/v1",
    "kind": "Service",
    "metadata": {"name": "video", "labels": {"team": ["a", "b"], "tier": "1"}},
    "spec": {"description": "makes videos"},
}
SLO: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {
        "name": "batch-success",
        "annotations": {
            "framegate/owner": "a",
            "framegate/runbook": "b",
            "framegate/reason": "c",
        },
    },
    "spec": {
        "service": "video",
        "indicatorRef": "finished",
        "timeWindow": [
            {
                "duration": "1M",
                "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"},
            }
        ],
        "budgetingMethod": "Occurrences",
        "objectives": [{"targetPercent": 99.5}],
        "alertPolicies": [{"alertPolicyRef": "burning"}],
    },
}
ALL = [SOURCE, SLI, CONDITION, TARGET, POLICY, SERVICE, SLO]


def written(folder: Path, *documents: Any, name: str = "all.yaml") -> Path:
    path = folder / name
    path.write_text(yaml_text(*documents))
    return path


def with_spec(**changes: Any) -> dict[str, Any]:
    """The SLO with parts of its spec changed, or left out where None."""
    spec = {key: value for key, value in (SLO["spec"] | changes).items() if value is not None}
    return SLO | {"spec": spec}


def test_every_kind_is_read_and_references_are_followed_over_files(tmp_path: Path) -> None:
    assert {document["kind"] for document in ALL} == set(KINDS)
    files = [written(tmp_path, one, name=f"{number}.yaml") for number, one in enumerate(ALL)]
    ((slo, place),) = load_library(files).slos()
    assert str(place) == f"{files[-1]}:1"
    indicator, (policy,) = slo.spec.indicator, slo.spec.alert_policies
    assert indicator
    assert indicator.metadata.name == "finished"
    assert indicator.spec.ratio_metric
    assert indicator.spec.ratio_metric.good
    good = indicator.spec.ratio_metric.good.metric_source
    assert (good.type, good.spec) == ("framegate", {"from": "jobs", "where": GOOD})
    assert policy.spec
    assert policy.spec.alert_when_no_data
    condition = policy.spec.conditions[0].spec
    assert condition
    assert condition.condition.threshold == Decimal("14.4")
    target = policy.spec.notification_targets[0].spec
    assert target
    assert target.target == "on-call"


def test_json_and_lists_of_documents_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps(ALL))
    assert len(load_library([path]).documents) == len(ALL)
    ((slo, _),) = load_library([path]).slos()
    assert slo.spec.objectives[0].target_ratio == Decimal("0.995")


def test_references_and_calendars_reach_the_objectives(tmp_path: Path) -> None:
    path = written(tmp_path, SOURCE, SLI, with_spec(alertPolicies=None))
    (objective,) = load_objectives([path])
    assert (objective.name, objective.target) == ("batch-success", Decimal("0.995"))
    assert objective.window.calendar
    assert objective.window.calendar.time_zone == "Europe/Berlin"
    two = with_spec(alertPolicies=None, objectives=[{"target": 0.9}, {"target": 0.99}])
    names = [item.name for item in load_objectives([written(tmp_path, SOURCE, SLI, two)])]
    assert names == ["batch-success-0", "batch-success-1"]


METRIC = {"metricSource": {"type": "x", "spec": {"q": 1}}}
INLINE = {"metadata": {"name": "x"}, "spec": {"thresholdMetric": METRIC}}


@pytest.mark.parametrize(
    "changes",
    [
        {"indicatorRef": None, "indicator": INLINE, "objectives": [{"target": 0, "op": "lt"}]},
        {
            "budgetingMethod": "Timeslices",
            "objectives": [{"target": 0.9, "timeSliceTarget": 1, "timeSliceWindow": "5m"}],
        },
        {
            "budgetingMethod": "RatioTimeslices",
            "objectives": [{"target": 0.9, "timeSliceWindow": "1m"}],
        },
        {
            "indicatorRef": None,
            "objectives": [
                {"target": 0.9, "indicatorRef": "finished", "compositeWeight": 2},
                {"target": 0.9, "indicator": INLINE},
            ],
        },
    ],
)
def test_all_forms_of_an_slo_are_read(tmp_path: Path, changes: dict[str, Any]) -> None:
    ((slo, _),) = load_library([written(tmp_path, *ALL[:-1], with_spec(**changes))]).slos()
    assert isinstance(slo, Slo)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"indicatorRef": None}, "spec: needs one indicator for the SLO"),
        ({"indicator": INLINE}, "spec: has indicator and indicatorRef"),
        ({"indicatorRef": "other"}, "spec.indicatorRef: SLI 'other' does not exist"),
        ({"indicatorRef": "Other"}, "spec.indicatorRef: .*'Other'"),
        ({"service": ""}, "spec.service: .*at least 1"),
        ({"description": "x" * 1051}, "spec.description: .*at most 1050"),
        ({"budgetingMethod": "Occurences"}, "spec.budgetingMethod: .*'Occurences'"),
        ({"budgetingMethod": "Timeslices"}, "spec: Timeslices needs timeSliceWindow"),
        ({"timeWindow": []}, "spec.timeWindow: .*at least 1"),
        ({"timeWindow": [{"duration": "1d"}]}, "spec.timeWindow.0: needs either isRolling"),
        ({"objectives": []}, "spec.objectives: .*at least 1"),
        ({"objectives": [{}]}, "spec.objectives.0: needs one of target, targetPercent"),
        (
            {"objectives": [{"target": 0.9, "targetPercent": 90}]},
            "objectives.0: has target and targetPercent, but only one",
        ),
        ({"objectives": [{"target": 1}]}, "spec.objectives.0.target: .*less than 1: 1"),
        ({"objectives": [{"target": "1e-999999999"}]}, "objectives.0.target: .*12 decimal places"),
        ({"objectives": [{"target": 0.9, "value": "1e999999999"}]}, "0.value: .*30 digits"),
        (
            {"objectives": [{"target": 0.9, "value": "1e-999999999"}]},
            "0.value: .*digits",
        ),
        ({"objectives": [{"target": "NaN"}]}, "spec.objectives.0.target: .*finite"),
        ({"objectives": [{"target": 0.9, "op": "ne"}]}, "spec.objectives.0.op: .*'ne'"),
        (
            {
                "indicatorRef": None,
                "objectives": [{"target": 0.9, "indicator": INLINE}, {"target": 0.9}],
            },
            "spec: every objective of a composite",
        ),
        (
            {"alertPolicies": [{}]},
            "alertPolicies.0: needs kind, metadata and",
        ),
        (
            {"alertPolicies": [{"alertPolicyRef": "burning", "kind": "AlertPolicy"}]},
            "alertPolicies.0: has both alertPolicyRef and",
        ),
        (
            {"alertPolicies": [{"alertPolicyRef": "x"}]},
            "AlertPolicy 'x' does not exist",
        ),
    ],
)
def test_what_the_specification_forbids_is_said_with_its_place(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, *ALL[:-1], with_spec(**changes))
    with pytest.raises(InputError, match=message) as caught:
        load_library([path]).slos()
    line, _, fault = str(caught.value).removeprefix(f"{path}:").partition(": ")
    first = path.read_text().splitlines().index("kind: SLO") + 1
    assert int(line) > first
    assert fault.startswith("spec")


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ({"good": METRIC}, "needs one of total, raw"),
        ({"total": METRIC}, "needs one of good, bad"),
        ({"total": METRIC, "good": METRIC, "bad": METRIC}, "has good and bad"),
        ({"raw": METRIC}, "raw needs rawType"),
        ({"raw": METRIC, "rawType": "success", "good": METRIC}, "good and bad need total"),
        ({"raw": METRIC, "rawType": "ratio"}, "rawType: .*'ratio'"),
        ({"total": METRIC, "good": {"metricSource": {"spec": {}}}}, "good.metricSource.spec: "),
    ],
)
def test_a_ratio_has_one_of_two_forms(tmp_path: Path, ratio: Any, message: str) -> None:
    path = written(tmp_path, SLI | {"spec": {"ratioMetric": ratio}})
    with pytest.raises(InputError, match=f"spec.ratioMetric.*{message}"):
        load_library([path])


@pytest.mark.parametrize("threshold", ["1e999999999", "1e-999999999", "NaN"])
def test_a_threshold_that_would_fill_the_memory_is_refused(tmp_path: Path, threshold: str) -> None:
    burn = CONDITION["spec"]["condition"] | {"threshold": threshold}  # type: ignore[index]
    condition = CONDITION | {"spec": {"severity": "page", "condition": burn}}
    with pytest.raises(InputError, match=r"spec\.condition\.threshold"):
        load_library([written(tmp_path, condition)])


# A hundred and twenty-five thousand values in few bytes.
BOMB = "\n".join(
    f"{name}: &{name} [{', '.join([of] * 50)}]"
    for name, of in (("a", "x"), ("b", "*a"), ("c", "*b"))
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Slo\n", "kind: 'Slo' must be one of SLO"),
        ("[1]\n", "kind: None must be one of"),
        ("&a [*a]\n", ":1: anchors and aliases are not supported"),
        (BOMB, ":1: anchors and aliases are not supported"),
        ("kind: SLO\nmetadata: {}\nkind: SLI\n", ":3: duplicate key 'kind'"),
        ("a: {<<: {b: 1}}\n", ":1: merge keys"),
        ("a: !!str 1\n", ":1: the tag 'tag:yaml.org,2002:str' is not supported"),
        ("!!python/object/apply:os.system ['true']\n", "the tag .* is not supported"),
        ("a: 1\n\tb: 2\n", "found character"),
        ("[" * 50_000, "recursion|nest"),
    ],
)
def test_hostile_files_are_errors_with_their_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load_library([path])
    assert "hostile.yaml" in str(caught.value)


def test_a_name_is_given_once_to_each_kind(tmp_path: Path) -> None:
    path = written(tmp_path, SLI, SOURCE, SLI)
    with pytest.raises(
        InputError, match=r"all.yaml:\d+: SLI 'finished' is already defined in .*all\.yaml:1"
    ):
        load_library([path])
