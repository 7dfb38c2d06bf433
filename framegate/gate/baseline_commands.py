"""The commands of framegate baseline."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framegate.gate.options import (
    AsJson,
    ManifestOption,
    NamesOption,
    Out,
    PolicyOption,
    Processes,
    References,
    ServiceOptions,
    SuiteOption,
    takes_service_options,
)

Record = Annotated[str, typer.Argument(help="Folder or URL, with @NAME or @sha256:ID.")]


@takes_service_options
def record(
    model: Annotated[str, typer.Argument(help="Model version, or a folder of clips.")],
    to: Annotated[str, typer.Option(help="Folder or fsspec URL of the archive.")],
    service: ServiceOptions = ServiceOptions(),  # noqa: B008 - frozen
    suite: SuiteOption = None,
    name: Annotated[
        str | None, typer.Option(help="Name in the archive; default: the model's.")
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="Metric ids, separated by commas; default: those of the policy.")
    ] = "",
    policy: PolicyOption = None,
    references: References = None,
    manifest: ManifestOption = None,
    names: NamesOption = None,
    without_clips: Annotated[
        bool, typer.Option("--without-clips", help="Keep scores only: no clips, no references.")
    ] = False,
    out: Out = Path("gate-run"),
    processes: Processes = 2,
) -> None:
    """Make and score a suite once and store everything; prints the record's id."""
    from framegate.gate.baselines import EVERYTHING, NO_CLIPS, SCORES, record_baseline
    from framegate.gate.run import chosen_policy
    from framegate.gate.service.generator import generator_of
    from framegate.gate.settings import EvidenceSettings
    from framegate.quality.gate.evidence.name_pattern import parse_pattern
    from framegate.quality.gate.policy.suite import load_suite
    from framegate.quality.scoring.score_report import split_ids
    from framegate.quality.scoring.task import check_metric_ids
    from framegate.telemetry.platform.errors import InputError

    if metrics and policy:
        raise InputError("--metrics: the metrics are those of --policy; give one of them")
    rules = chosen_policy(policy, [model], generator=service.generator, references=references)
    settings = EvidenceSettings(
        out=out,
        metrics=check_metric_ids(split_ids(metrics) or rules.policy.scored_metrics),
        workers=processes,
        own_suite=load_suite(suite) if suite else None,
        generator=generator_of(service),
        references=references,
        manifest=manifest,
        names=tuple(parse_pattern(text) for text in names or ()),
    )
    kept = SCORES if without_clips else EVERYTHING
    found = record_baseline(model, settings, to, name=name, kept=kept)
    if not found.keeps_clips:
        typer.echo(NO_CLIPS, err=True)
    typer.echo(found.source)


def show(record: Record, as_json: AsJson = False) -> None:
    """Show a record: environment, suite, mean of every measure."""
    from framegate.gate.baselines import print_record, record_json
    from framegate.quality.gate.evidence.archive import load_record

    _, evidence = load_record(record)
    if as_json:
        typer.echo(json.dumps(record_json(evidence)))
    else:
        print_record(evidence)


def verify(record: Record, as_json: AsJson = False) -> None:
    """Verify a record against its hashes: exit 0 intact, 1 changed or missing."""
    from framegate.gate.baselines import print_faults
    from framegate.quality.gate.evidence.archive import load_record

    archive, evidence = load_record(record)
    faults = list(archive.faults(evidence))
    print_faults(evidence, faults, as_json=as_json)
    raise typer.Exit(1 if faults else 0)
