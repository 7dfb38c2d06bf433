"""Objectives from OpenSLO v1 documents (github.com/OpenSLO/OpenSLO).

What is read: kind SLO with one inline indicator, one rolling window, budgeting method
Occurrences, one objective.
The indicator is a ratio metric whose metric source has the type ``framegate``; its spec says
which rows count and which of them are good.
Everything else in a document is an error that names file, path and value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.errors import InputError
from telemetry.names import Workload

DEFAULT_SPECS = Path(__file__).parent / "specs"
OWNER, RUNBOOK, REASON = "framegate/owner", "framegate/runbook", "framegate/reason"
SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Sli(StrEnum):
    """What makes a job good."""

    SUCCESS = "success"  # it ended complete
    TTFP = "ttfp"  # its first fragment was playable within the threshold
    QUALITY = "quality"  # its clip's score of a metric is on the right side of the threshold


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO, ready to compute with.

    ``threshold`` is in seconds for ``ttfp`` and in the metric's unit for ``quality``.
    A job that is not through ``deadline_seconds`` after its submission is bad.
    """

    name: str
    workload: Workload
    sli: Sli
    target: Decimal
    window_seconds: int
    threshold: Decimal | None
    metric: str | None
    at_least: bool
    deadline_seconds: int
    owner: str
    runbook: str
    reason: str


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """framegate's own part: which jobs count and what makes one good."""

    sli: Sli
    workload: Workload
    threshold: Decimal | None = None
    metric: str | None = None
    op: Literal["gte", "lte"] = "lte"
    deadline: Annotated[str, Field(pattern=r"^[1-9]\d*[smh]$")] = "10m"


class MetricSource(Strict):
    type: Literal["framegate"]
    spec: Source


class MetricQuery(Strict):
    metric_source: MetricSource = Field(alias="metricSource")


class RatioMetric(Strict):
    counter: Literal[True]
    good: MetricQuery
    total: MetricQuery


class IndicatorSpec(Strict):
    ratio_metric: RatioMetric = Field(alias="ratioMetric")


class Metadata(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    display_name: str | None = Field(None, alias="displayName")
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class Indicator(Strict):
    metadata: Metadata
    spec: IndicatorSpec


class TimeWindow(Strict):
    duration: Annotated[str, Field(pattern=r"^[1-9]\d*[mhdw]$")]
    is_rolling: Literal[True] = Field(alias="isRolling")


class Target(Strict):
    display_name: str | None = Field(None, alias="displayName")
    target: Annotated[Decimal, Field(gt=0, lt=1)]


class SloSpec(Strict):
    description: str = ""
    service: str
    indicator: Indicator
    time_window: Annotated[list[TimeWindow], Field(alias="timeWindow", min_length=1, max_length=1)]
    budgeting_method: Literal["Occurrences"] = Field(alias="budgetingMethod")
    objectives: Annotated[list[Target], Field(min_length=1, max_length=1)]


class Document(Strict):
    api_version: Literal["openslo/v1"] = Field(alias="apiVersion")
    kind: Literal["SLO"]
    metadata: Metadata
    spec: SloSpec


def load_objectives(paths: list[Path]) -> list[Objective]:
    """Every objective in the files; finding none, or one name twice, is an error."""
    objectives = [objective for path in paths for objective in read_file(path)]
    if not objectives:
        raise InputError(f"no objectives in {', '.join(map(str, paths)) or 'no files'}")
    names = [objective.name for objective in objectives]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"objective {repeated[0]!r} is defined more than once")
    return objectives


def default_objectives() -> list[Objective]:
    """The objectives framegate ships, for all three workload classes."""
    return load_objectives(sorted(DEFAULT_SPECS.glob("*.yaml")))


class ExactLoader(yaml.SafeLoader):
    """Reads numbers with a point as text, so that 0.995 stays 0.995."""


ExactLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: node.value)


def read_file(path: Path) -> Iterator[Objective]:
    try:
        documents = list(yaml.load_all(path.read_text(), ExactLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {error}") from error
    for number, raw in enumerate(documents, start=1):
        try:
            yield objective_of(Document.model_validate(raw))
        except ValidationError as error:
            raise InputError(f"{path}, document {number}, {fault(error)}") from error
        except InputError as error:
            raise InputError(f"{path}, document {number}: {error}") from error


def fault(error: ValidationError) -> str:
    """The first fault, a misspelt key before the missing one it leaves: place, reason, value."""
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"]) or "document"
    value = "" if first["type"] == "missing" else f": {first['input']!r}"
    return f"{place}: {first['msg']}{value}"


def objective_of(document: Document) -> Objective:
    ratio = document.spec.indicator.spec.ratio_metric
    source = ratio.good.metric_source.spec
    total = ratio.total.metric_source.spec
    name = document.metadata.name
    if (source.sli, source.workload) != (total.sli, total.workload):
        raise InputError(f"objective {name!r}: good and total count different jobs")
    if source.sli is not Sli.SUCCESS and source.threshold is None:
        raise InputError(f"objective {name!r}: {source.sli} needs a threshold")
    if source.sli is Sli.QUALITY and source.metric is None:
        raise InputError(f"objective {name!r}: quality needs a metric")
    notes = document.metadata.annotations
    missing = [key for key in (OWNER, RUNBOOK, REASON) if not notes.get(key)]
    if missing:
        raise InputError(f"objective {name!r}: annotation {missing[0]!r} is missing")
    return Objective(
        name=name,
        workload=source.workload,
        sli=source.sli,
        target=document.spec.objectives[0].target,
        window_seconds=seconds_of(document.spec.time_window[0].duration),
        threshold=source.threshold,
        metric=source.metric,
        at_least=source.op == "gte",
        deadline_seconds=seconds_of(source.deadline),
        owner=notes[OWNER],
        runbook=notes[RUNBOOK],
        reason=notes[REASON],
    )


def seconds_of(duration: str) -> int:
    """A duration such as 5m, 6h, 7d or 4w, in seconds; s is allowed for deadlines."""
    return int(duration[:-1]) * {"s": 1, **SECONDS}[duration[-1]]
