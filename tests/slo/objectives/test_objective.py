"""OpenSLO documents, good and bad."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from framegate.slo.objectives.objective import default_objectives, load_objectives
from framegate.slo.objectives.summary import DEFAULT_SPECS
from framegate.slo.replay.lint import findings
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import Workload

ROOT = Path(__file__).parents[3]
GOOD = (DEFAULT_SPECS / "interactive.yaml").read_text()


def test_every_class_has_its_objectives_with_an_owner_and_a_runbook() -> None:
    objectives = default_objectives()
    assert {(item.labels.get("workload"), item.labels["sli"]) for item in objectives} == {
        *((workload.value, sli) for workload in Workload for sli in ("success", "ttfp", "quality")),
        ("interactive", "latency"),
        ("batch", "latency"),
        *(("realtime", sli) for sli in ("frames", "drift", "queue")),
        *((None, sli) for sli in ("storage", "rerender", "cost", "utilization", "safety")),
    }
    for item in objectives:
        assert item.owner
        assert item.reason
        assert (ROOT / item.runbook).is_file()


def test_targets_and_thresholds_are_exact() -> None:
    by_name = {item.name: item for item in default_objectives()}
    assert by_name["interactive-success"].target == Decimal("0.995")
    assert by_name["interactive-ttfp"].threshold == Decimal("2")
    assert by_name["interactive-quality"].threshold == Decimal("0.85")
    assert by_name["interactive-success"].window_seconds == 7 * 86_400


def test_the_default_objectives_have_no_faults() -> None:
    assert findings(default_objectives()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("openslo/v1", "openslo/v2", "mine.yaml:1: apiVersion: .*'openslo/v2'"),
        ("target: 0.995", "target: 1", "spec.objectives.0.target: .*less than 1: 1"),
        ("target: 0.995", "target: 0", "spec.objectives.0: target must be above 0"),
        ("Occurrences", "Luck", "spec.budgetingMethod: .*'Luck'"),
        ("Occurrences", "Timeslices", "Timeslices needs timeSliceWindow"),
        ("duration: 7d", "duration: 7y", "spec.timeWindow.0.duration: a duration is .*'7y'"),
        (
            "isRolling: true",
            "isRolling: false",
            "spec.timeWindow.0: needs either isRolling: true or",
        ),
        ("type: framegate", "type: graphite", "total.metricSource.type: .*'graphite'"),
        (
            "service: video",
            "servise: video",
            r"mine\.yaml:13: spec\.servise: unknown key; did you mean 'service'\?",
        ),
        ("    framegate/owner: video-platform\n", "", "'framegate/owner' is missing"),
        (
            "interactive-ttfp",
            "interactive-success",
            "'interactive-success' is already defined in ",
        ),
        ("kind: SLO", "kind: [SLO", "while parsing"),
    ],
)
def test_errors_name_the_file_the_place_and_the_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new))
    assert path.read_text() != GOOD
    with pytest.raises(InputError, match=message) as caught:
        load_objectives([path])
    assert "mine.yaml" in str(caught.value)


def test_no_files_and_no_documents_are_errors(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    with pytest.raises(InputError, match="no objectives in no files"):
        load_objectives([])
    with pytest.raises(InputError, match=r"no objectives in .*empty\.yaml"):
        load_objectives([empty])
    with pytest.raises(InputError, match=r"missing\.yaml"):
        load_objectives([tmp_path / "missing.yaml"])


def test_slices_longer_than_what_is_looked_at_are_found(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    sliced = "target: 0.95\n      timeSliceTarget: 0.9\n      timeSliceWindow: 10m"
    text = GOOD.replace("Occurrences", "Timeslices")
    text = re.sub(r"target: 0\.9\d+$", sliced, text, flags=re.MULTILINE)
    path.write_text(text)
    found = findings(load_objectives([path]))
    assert len(found) == 8
    assert found[0] == (
        "interactive-success: slices of 600 s are longer than "
        "the short window of 'page-fast' of 120 s"
    )


def test_an_alert_that_can_never_fire_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("target: 0.95\n", "target: 0.9\n"))
    (found,) = findings(load_objectives([path]))
    assert found.startswith("interactive-quality: condition 'page-fast' can never fire: 14.4 times")
