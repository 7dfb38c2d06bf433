"""A period's report from a running collector."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from slo.counts import MINUTE_NS
from slo.decisions import Standing, standing
from slo.evidence import Evidence
from slo.gate_run import entry_from
from slo.operate import Engine, NoEngineError
from slo.periodic import Length, Report, report, report_json, span_before
from slo.periodic_pages import as_html, as_markdown
from slo.relations import JOB_FUNCTIONS
from slo.sli import wanted_of
from slo.spec import default_objectives, load_objectives
from slo.tables import job_rows, ours, tallies_of
from telemetry.client import CollectorClient
from telemetry.errors import InputError


def as_json(found: Report) -> str:
    return json.dumps(report_json(found), indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "md": as_markdown,
    "html": as_html,
    "json": as_json,
}


def periodic(collector_url: str | None, specs: list[Path] | None, length: str) -> Report:
    """The last week or month that is over; raises InputError for anything else."""
    if length not in list(Length):
        raise InputError(f"period {length!r} is none of {', '.join(Length)}")
    objectives = load_objectives(specs) if specs else default_objectives()
    span = span_before(time.time_ns(), Length(length))
    longest = max(one.window_seconds for one in objectives) // 60
    since_ns, until_ns = (span.first - longest) * MINUTE_NS, span.last * MINUTE_NS
    with CollectorClient(collector_url) as client:
        scores = client.query("scores", since_ns=since_ns)
        jobs = client.query("jobs", since_ns=since_ns, until_ns=until_ns)
    slis = [sli for one in objectives for sli in one.slis]
    end_ns = min(jobs.read_ns, jobs.watermark_ns or jobs.read_ns)
    tallies = tallies_of(slis, jobs.table, scores.table, end_ns=end_ns)
    evidence = Evidence(
        tallies, jobs.read_ns, jobs.watermark_ns, corrections=corrections(collector_url)
    )
    metrics = {name for function, name in wanted_of(ours(slis)).calls if function in JOB_FUNCTIONS}
    return report(objectives, evidence, job_rows(jobs.table, scores.table, metrics), span)


def corrections(collector_url: str | None) -> tuple[Standing, ...]:
    """Those that stand, where an engine keeps them."""
    try:
        found = Engine(collector_url).get("corrections")["corrections"]
    except NoEngineError:
        return ()
    return tuple(standing(entry_from("corrections", one) for one in found))


def written(found: Report, form: str) -> str:
    """Raises InputError for an unknown format."""
    if form not in FORMATS:
        raise InputError(f"format {form!r} is none of {', '.join(FORMATS)}")
    return FORMATS[form](found)


def exit_code(found: Report) -> int:
    """1 where an objective was missed, 3 where nothing was known of any, else 0."""
    if any(one.met is False for one in found.objectives):
        return 1
    return 0 if found.whole and any(one.met for one in found.objectives) else 3
