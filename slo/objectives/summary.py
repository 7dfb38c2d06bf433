"""What an objective promises, read from its document alone: name, target, condition, window, owner.

Nothing here parses an expression or a query, so that listing objectives loads neither Arrow nor
an SQL parser.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from pathlib import Path

from framegate.slo.openslo.fields import DECIMAL_PLACES, TimeWindow
from framegate.slo.openslo.kinds import (
    BudgetingMethod,
    ComparisonOperator,
    OpenSloMetric,
    OpenSloObjective,
    SliSpec,
    Slo,
)
from framegate.slo.openslo.library import load_library
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace

DEFAULT_SPECS = Path(__file__).parents[1] / "specs"
OWNER, RUNBOOK, REASON = "framegate/owner", "framegate/runbook", "framegate/reason"
ALL_ROWS = "TRUE"
OPERATOR_SYMBOLS = {
    ComparisonOperator.GT: ">",
    ComparisonOperator.GTE: ">=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LTE: "<=",
}


@dataclass(frozen=True, slots=True)
class ObjectiveSummary:
    """One objective, as a list of objectives shows it."""

    name: str
    target: Decimal
    good_when: str
    window: TimeWindow
    owner: str


def summarize_files(paths: Sequence[Path]) -> list[ObjectiveSummary]:
    """Every objective in the files; raises InputError if there is none, or a fault in a file.

    Expressions and queries are not parsed: ``framegate slo lint`` does that.
    """
    found = [one for slo, place in load_library(paths).slos() for one in summaries_of(slo, place)]
    if not found:
        raise InputError(f"no objectives in {', '.join(map(str, paths)) or 'no files'}")
    return found


def default_files() -> list[Path]:
    """The files of the objectives that framegate ships."""
    return sorted(DEFAULT_SPECS.glob("*.yaml"))


def summaries_of(slo: Slo, place: FilePlace) -> Iterator[ObjectiveSummary]:
    """The objectives of an SLO, by the names that they are evaluated under."""
    notes, window = required_annotations(slo, place), slo.spec.time_window[0]
    parts = [(component_name(slo, one), one) for one in slo.spec.objectives]
    for number, (_, one) in enumerate(parts):
        check_objective(indicator_spec(slo, one), one, place.at("spec.objectives", number))
    texts = [good_when(indicator_spec(slo, one), one) for _, one in parts]
    if slo.spec.indicator is None and len(parts) > 1:
        target = composite_target(slo, place)
        text = "; ".join(f"{name}: {text}" for (name, _), text in zip(parts, texts, strict=True))
        yield ObjectiveSummary(slo.metadata.name, target, text, window, notes[OWNER])
        return
    names = objective_names(slo)
    for name, (_, one), text in zip(names, parts, texts, strict=True):
        yield ObjectiveSummary(name, one.target_ratio, text, window, notes[OWNER])


def check_objective(spec: SliSpec, objective: OpenSloObjective, place: FilePlace) -> None:
    """Raises InputError if target, threshold and indicator do not fit together."""
    if objective.target_ratio == 0:
        raise InputError(f"{place}: target must be above 0")
    if spec.ratio_metric and (objective.op or objective.value is not None):
        raise InputError(f"{place}: op and value need a thresholdMetric")
    if spec.threshold_metric and (objective.op is None or objective.value is None):
        raise InputError(f"{place}: a thresholdMetric needs op and value")


def required_annotations(slo: Slo, place: FilePlace) -> dict[str, str]:
    """The annotations of an SLO; raises InputError if one that every SLO needs is missing."""
    notes = dict(slo.metadata.annotations)
    missing = [key for key in (OWNER, RUNBOOK, REASON) if not notes.get(key)]
    if missing:
        raise InputError(f"{place.at('metadata.annotations')}: {missing[0]!r} is missing")
    return notes


def objective_names(slo: Slo) -> list[str]:
    """The name of the SLO; with a number for each where it has several objectives."""
    count = len(slo.spec.objectives)
    name = slo.metadata.name
    return [name] if count == 1 else [f"{name}-{number}" for number in range(count)]


def indicator_spec(slo: Slo, objective: OpenSloObjective) -> SliSpec:
    """The objective's own indicator, or the SLO's."""
    indicator = objective.indicator or slo.spec.indicator
    assert indicator
    return indicator.spec


def component_name(slo: Slo, objective: OpenSloObjective) -> str:
    indicator = objective.indicator or slo.spec.indicator
    assert indicator
    return objective.display_name or indicator.metadata.name


def good_when(spec: SliSpec, objective: OpenSloObjective) -> str:
    """The condition for good, as it is written in the file."""
    if spec.threshold_metric:
        assert objective.op
        limit = f"{objective.value:f}"
        return f"{value_text(spec.threshold_metric)} {OPERATOR_SYMBOLS[objective.op]} {limit}"
    ratio = spec.ratio_metric
    assert ratio
    if ratio.raw:
        text = value_text(ratio.raw)
        return text if ratio.raw_type == "success" else negated_text(ratio.raw, text)
    part = ratio.good or ratio.bad
    assert part
    if "query" in part.metric_source.spec:
        return f"{'' if ratio.good else 'not '}{part.metric_source.spec['query']}"
    where = str(part.metric_source.spec.get("where") or ALL_ROWS)
    condition = where if ratio.good else f"NOT ({where})"
    amount = part.metric_source.spec.get("value")
    if amount is None or ratio.total is None:
        return condition
    total = value_text(ratio.total)
    return f"{amount} of {total}" + ("" if condition == ALL_ROWS else f" where {condition}")


def value_text(metric: OpenSloMetric) -> str:
    """The number that a metric reads: a query, or an expression over a row."""
    spec = metric.metric_source.spec
    return str(spec.get("query") or spec.get("value") or "")


def negated_text(metric: OpenSloMetric, text: str) -> str:
    """The share of good, from the text of a share of bad."""
    return f"not {text}" if "query" in metric.metric_source.spec else f"1 - ({text})"


def composite_target(slo: Slo, place: FilePlace) -> Decimal:
    parts = [(one.target_ratio, one.composite_weight) for one in slo.spec.objectives]
    try:
        return combined_target(parts, slo.spec.budgeting_method)
    except InputError as error:
        raise InputError(f"{place.at('spec.objectives')}: {error}") from error


def combined_target(parts: Sequence[tuple[Decimal, Decimal]], method: BudgetingMethod) -> Decimal:
    """The target of a whole from the targets and weights of its components.

    Raises InputError if the components allow everything. For Occurrences the allowed bad ratio is
    the weighted harmonic mean of the components' allowed ratios, so that a composite of which
    everything fails has a ratio of 0. For time slices it is their sum.
    """
    if len(parts) == 1:
        return parts[0][0]
    allowed = [1 - Fraction(target) for target, _ in parts]
    if method is BudgetingMethod.OCCURRENCES:
        together = sum(Fraction(weight) for _, weight in parts)
        steepest = sum(
            (
                Fraction(weight) / together / one
                for one, (_, weight) in zip(allowed, parts, strict=True)
            ),
            Fraction(0),
        )
        whole = 1 / steepest
    else:
        whole = sum(allowed, Fraction(0))
    if whole >= 1:
        raise InputError("the targets of its components together allow everything to be bad")
    exact = Decimal(whole.numerator) / Decimal(whole.denominator)
    return 1 - exact.quantize(Decimal(1).scaleb(-DECIMAL_PLACES))


def target_percent(target: Decimal) -> str:
    """The target in percent with one to four decimals, never rounded up to 100 %."""
    whole, _, places = f"{(target * 100).quantize(Decimal('0.0001'), ROUND_DOWN):f}".partition(".")
    return f"{whole}.{places.rstrip('0') or '0'}%"
