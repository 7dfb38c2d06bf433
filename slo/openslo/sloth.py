"""Convert Sloth specifications (``prometheus/v1``, also as a Kubernetes resource) to OpenSLO.

github.com/slok/sloth, pkg/prometheus/api/v1. Its objectives have no window, so they get Sloth's
default of 30 days. Queries of the form ``sum(rate(selector[{{.window}}]))`` become counters, which
are read exactly; all other queries are sent as they are, for five minutes at a time.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from framegate.slo.openslo.fields import DECIMAL_PLACES
from framegate.slo.openslo.kinds import Slo
from framegate.slo.openslo.promql import has_window, summed_selector
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace, StrictModel, faults_at

PERIOD = "30d"
QUERY_INTERVAL = "5m"
RUNBOOKS = ("runbook", "runbook_url")
OWNERS = ("owner", "team")
NO_RUNBOOK = "none"
NonEmptyText = Annotated[str, Field(min_length=1)]


def key_aliases(name: str) -> AliasChoices:
    """The name in plain files, and in Kubernetes resources."""
    return AliasChoices(name, to_camel(name))


class SlothModel(StrictModel):
    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=key_aliases))


class SlothEvents(SlothModel):
    error_query: NonEmptyText
    total_query: NonEmptyText


class SlothRaw(SlothModel):
    error_ratio_query: NonEmptyText


class SlothSli(SlothModel):
    events: SlothEvents | None = None
    raw: SlothRaw | None = None
    plugin: Any = None

    @model_validator(mode="after")
    def check_one_form(self) -> Self:
        if self.plugin is not None:
            raise ValueError("Sloth plugins are not supported")
        if (self.events is None) == (self.raw is None):
            raise ValueError("needs either events or raw")
        return self


class SlothAlert(SlothModel):
    disable: bool = False
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class SlothAlerting(SlothModel):
    name: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    page_alert: SlothAlert = SlothAlert()
    ticket_alert: SlothAlert = SlothAlert()


class SlothSlo(SlothModel):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$", max_length=63)]
    description: str = ""
    objective: Annotated[Decimal, Field(gt=0, lt=100, decimal_places=DECIMAL_PLACES)]
    labels: Mapping[str, str] = {}
    sli: SlothSli
    alerting: SlothAlerting = SlothAlerting()
    plugins: Any = None


class SlothSpec(SlothModel):
    """The fields of both forms."""

    service: NonEmptyText
    labels: Mapping[str, str] = {}
    slos: Annotated[tuple[SlothSlo, ...], Field(min_length=1)]
    slo_plugins: Any = None


class SlothFile(SlothSpec):
    version: Literal["prometheus/v1"]


class SlothMetadata(BaseModel):
    """Kubernetes metadata; only the name is used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: NonEmptyText


class SlothResource(SlothModel):
    api_version: Literal["sloth.slok.dev/v1"]
    kind: Literal["PrometheusServiceLevel"]
    metadata: SlothMetadata
    spec: SlothSpec


def slos_from_sloth(raw: Any, place: FilePlace) -> Iterator[tuple[Slo, FilePlace]]:
    """Each Sloth objective as one SLO; raises InputError naming place and value."""
    spec, inside = parse_sloth(raw, place)
    for number, one in enumerate(spec.slos):
        where = inside.at("slos", number)
        if spec.slo_plugins or one.plugins:
            raise InputError(f"{where}: Sloth plugins are not supported")
        with faults_at(where, Slo):
            yield Slo.model_validate(openslo_mapping(spec, one, where)), where


def parse_sloth(raw: Any, place: FilePlace) -> tuple[SlothSpec, FilePlace]:
    """The specification of either form, and where it stands in its document."""
    if "version" in raw:
        with faults_at(place, SlothFile):
            return SlothFile.model_validate(raw), place
    with faults_at(place, SlothResource):
        return SlothResource.model_validate(raw).spec, place.at("spec")


def openslo_mapping(spec: SlothSpec, one: SlothSlo, where: FilePlace) -> dict[str, Any]:
    labels = {**spec.labels, **one.labels, **one.alerting.labels}
    annotations = {**one.alerting.annotations, **one.alerting.page_alert.annotations}
    name = slo_name(spec, one)
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                "framegate/owner": first_value(labels, OWNERS) or spec.service,
                "framegate/runbook": first_value(annotations, RUNBOOKS) or NO_RUNBOOK,
                "framegate/reason": one.description or one.name,
                "framegate/alerting": alerting_name(one.alerting),
            },
        },
        "spec": {
            "description": one.description,
            "service": spec.service,
            "indicator": {"metadata": {"name": name}, "spec": indicator_mapping(one.sli, where)},
            "timeWindow": [{"duration": PERIOD, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": one.objective}],
        },
    }


def indicator_mapping(sli: SlothSli, where: FilePlace) -> dict[str, Any]:
    if sli.raw:
        asked = check_query(sli.raw.error_ratio_query, where.at("sli.raw.error_ratio_query"))
        return {
            "ratioMetric": {
                "rawType": "failure",
                "raw": metric_mapping(asked, every=QUERY_INTERVAL),
            }
        }
    assert sli.events
    bad = check_query(sli.events.error_query, where.at("sli.events.error_query"))
    total = check_query(sli.events.total_query, where.at("sli.events.total_query"))
    series = [summed_selector(one) for one in (bad, total)]
    if None not in series:
        return {
            "ratioMetric": {
                "counter": True,
                "bad": metric_mapping(series[0] or "", every="1m"),
                "total": metric_mapping(series[1] or "", every="1m"),
            }
        }
    return {
        "ratioMetric": {
            "bad": metric_mapping(bad, every=QUERY_INTERVAL),
            "total": metric_mapping(total, every=QUERY_INTERVAL),
        }
    }


def check_query(query: str, where: FilePlace) -> str:
    """A query with {{.window}}; raises InputError naming the place."""
    if not has_window(query):
        raise InputError(f"{where}: needs {{{{.window}}}}: {query!r}")
    try:
        summed_selector(query)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return query


def metric_mapping(query: str, *, every: str) -> dict[str, Any]:
    return {"metricSource": {"type": "prometheus", "spec": {"query": query, "every": every}}}


def alerting_name(asked: SlothAlerting) -> str:
    """The name of the alert set with the alerts that are not disabled."""
    wanted = (not asked.page_alert.disable, not asked.ticket_alert.disable)
    return {
        (True, True): "standard",
        (True, False): "pages",
        (False, True): "tickets",
        (False, False): "none",
    }[wanted]


def slo_name(spec: SlothSpec, one: SlothSlo) -> str:
    """Service and name, with only the characters that OpenSLO allows in names."""
    return re.sub(r"[^a-z0-9-]", "-", f"{spec.service}-{one.name}".lower())


def first_value(texts: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((texts[name] for name in names if texts.get(name)), None)
