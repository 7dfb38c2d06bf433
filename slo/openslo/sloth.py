"""Specifications of Sloth (``prometheus/v1``, and the same as a Kubernetes resource) as OpenSLO's.

github.com/slok/sloth, pkg/prometheus/api/v1. Its objectives have no window of their own: thirty
days, as is its default. Questions of the form ``sum(rate(selector[{{.window}}]))`` become counters,
which are read exactly; all others are asked as they are, for five minutes at a time.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from framegate.slo.openslo.kinds import PLACES, Slo
from framegate.slo.openslo.promql import has_window, summed_selector
from framegate.slo.openslo.strict_model import fault
from framegate.telemetry.platform.errors import InputError

PERIOD = "30d"
SLOT = "5m"
RUNBOOKS = ("runbook", "runbook_url")
OWNERS = ("owner", "team")
NO_RUNBOOK = "none"
Text = Annotated[str, Field(min_length=1)]
Texts = Mapping[str, str]


def aliases(name: str) -> AliasChoices:
    """As files have it, and as Kubernetes resources have it."""
    return AliasChoices(name, to_camel(name))


class Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=AliasGenerator(validation_alias=aliases)
    )


class Events(Strict):
    error_query: Text
    total_query: Text


class Raw(Strict):
    error_ratio_query: Text


class Sli(Strict):
    events: Events | None = None
    raw: Raw | None = None
    plugin: Any = None

    @model_validator(mode="after")
    def one_form(self) -> Self:
        if self.plugin is not None:
            raise ValueError("plugins are programs for Sloth, which are not run here")
        if (self.events is None) == (self.raw is None):
            raise ValueError("needs events or raw, and not both")
        return self


class Alert(Strict):
    disable: bool = False
    labels: Texts = {}
    annotations: Texts = {}


class Alerting(Strict):
    name: str = ""
    labels: Texts = {}
    annotations: Texts = {}
    page_alert: Alert = Alert()
    ticket_alert: Alert = Alert()


class Objective(Strict):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$", max_length=63)]
    description: str = ""
    objective: Annotated[Decimal, Field(gt=0, lt=100, decimal_places=PLACES)]
    labels: Texts = {}
    sli: Sli
    alerting: Alerting = Alerting()
    plugins: Any = None


class Spec(Strict):
    """What both forms have."""

    service: Text
    labels: Texts = {}
    slos: Annotated[tuple[Objective, ...], Field(min_length=1)]
    slo_plugins: Any = None


class File(Spec):
    version: Literal["prometheus/v1"]


class Metadata(BaseModel):
    """Kubernetes's own; only the name is looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text


class Resource(Strict):
    api_version: Literal["sloth.slok.dev/v1"]
    kind: Literal["PrometheusServiceLevel"]
    metadata: Metadata
    spec: Spec


def is_sloth(raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    return "version" in raw or str(raw.get("apiVersion", "")).startswith("sloth.slok.dev/")


def from_sloth(raw: Any, *, place: str) -> Iterator[Slo]:
    """Every objective as an SLO of its own; raises InputError naming place and value."""
    try:
        spec = File.model_validate(raw) if "version" in raw else Resource.model_validate(raw).spec
    except ValidationError as error:
        raise InputError(f"{place}, {fault(error)}") from error
    for number, one in enumerate(spec.slos):
        where = f"{place}, slos.{number}"
        if spec.slo_plugins or one.plugins:
            raise InputError(f"{where}: plugins are programs for Sloth, which are not run here")
        try:
            yield Slo.model_validate(openslo(spec, one, where))
        except ValidationError as error:
            raise InputError(f"{where}, as OpenSLO: {fault(error)}") from error


def openslo(spec: Spec, one: Objective, where: str) -> dict[str, Any]:
    labels = {**spec.labels, **one.labels, **one.alerting.labels}
    annotations = {**one.alerting.annotations, **one.alerting.page_alert.annotations}
    name = identity(spec, one)
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                "framegate/owner": first(labels, OWNERS) or spec.service,
                "framegate/runbook": first(annotations, RUNBOOKS) or NO_RUNBOOK,
                "framegate/reason": one.description or one.name,
                "framegate/alerting": alerting(one.alerting),
            },
        },
        "spec": {
            "description": one.description,
            "service": spec.service,
            "indicator": {"metadata": {"name": name}, "spec": indicator(one.sli, where)},
            "timeWindow": [{"duration": PERIOD, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": one.objective}],
        },
    }


def indicator(sli: Sli, where: str) -> dict[str, Any]:
    if sli.raw:
        asked = checked(sli.raw.error_ratio_query, f"{where}.sli.raw.error_ratio_query")
        return {"ratioMetric": {"rawType": "failure", "raw": source(asked, every=SLOT)}}
    assert sli.events
    bad = checked(sli.events.error_query, f"{where}.sli.events.error_query")
    total = checked(sli.events.total_query, f"{where}.sli.events.total_query")
    series = [summed_selector(one) for one in (bad, total)]
    if None not in series:
        return {
            "ratioMetric": {
                "counter": True,
                "bad": source(series[0] or "", every="1m"),
                "total": source(series[1] or "", every="1m"),
            }
        }
    return {"ratioMetric": {"bad": source(bad, every=SLOT), "total": source(total, every=SLOT)}}


def checked(query: str, where: str) -> str:
    """A question with its window; raises InputError naming the place."""
    if not has_window(query):
        raise InputError(f"{where}: has no {{{{.window}}}}: {query!r}")
    try:
        summed_selector(query)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return query


def source(query: str, *, every: str) -> dict[str, Any]:
    return {"metricSource": {"type": "prometheus", "spec": {"query": query, "every": every}}}


def alerting(asked: Alerting) -> str:
    """Which of the standard alerts are wanted."""
    wanted = (not asked.page_alert.disable, not asked.ticket_alert.disable)
    return {
        (True, True): "standard",
        (True, False): "pages",
        (False, True): "tickets",
        (False, False): "none",
    }[wanted]


def identity(spec: Spec, one: Objective) -> str:
    """Service and name, in the letters that OpenSLO's names have."""
    return re.sub(r"[^a-z0-9-]", "-", f"{spec.service}-{one.name}".lower())


def first(texts: Texts, names: tuple[str, ...]) -> str | None:
    return next((texts[name] for name in names if texts.get(name)), None)
