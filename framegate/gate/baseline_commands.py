"""framegate baseline."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framegate.gate.commands import AtOnce, GeneratorUrl, Out, Processes, SuiteOption

app = typer.Typer(help="Baselines as artifacts: kept whole, named by content.")

Record = Annotated[str, typer.Argument(help="DIR or URL, with @NAME or @sha256:ID.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def record(
    model: Annotated[str, typer.Argument(help="Model version, or a folder of clips.")],
    to: Annotated[str, typer.Option(help="Folder or fsspec URL of the archive.")],
    generator: GeneratorUrl = None,
    suite: SuiteOption = None,
    name: Annotated[str | None, typer.Option(help="Name in the archive; else the model's.")] = None,
    metrics: Annotated[str, typer.Option(help="Ids, with commas; else our default policy's.")] = "",
    references: Annotated[Path | None, typer.Option(help="Folder of reference footage.")] = None,
    out: Out = Path("gate-run"),
    at_once: AtOnce = 1,
    processes: Processes = 2,
) -> None:
    """Make and score a suite once, and keep all of it; prints the record's id."""
    from framegate.gate.baselines import record_baseline
    from framegate.gate.means import EvidenceSettings, Generator
    from framegate.quality.gate.policy.policy import load_policy
    from framegate.quality.gate.policy.suite import DEFAULT_SUITE, load_suite
    from framegate.quality.scoring.score_report import split_ids
    from framegate.quality.scoring.task import check_metric_ids

    means = EvidenceSettings(
        out=out,
        metrics=check_metric_ids(
            split_ids(metrics) or load_policy().policy.scored_metrics, alone=False
        ),
        workers=processes,
        suite=load_suite(suite or DEFAULT_SUITE),
        generator=Generator(generator.rstrip("/"), at_once) if generator else None,
        references=references,
    )
    typer.echo(record_baseline(model, means, to, name=name).source)


@app.command()
def show(record: Record, as_json: AsJson = False) -> None:
    """Show a record: environment, suite, the mean of every measure."""
    from framegate.gate.baselines import print_record, record_json
    from framegate.quality.gate.evidence.archive import load_record

    _, evidence = load_record(record)
    if as_json:
        typer.echo(json.dumps(record_json(evidence)))
    else:
        print_record(evidence)


@app.command()
def verify(record: Record, as_json: AsJson = False) -> None:
    """Hold every byte of a record against its hash: exit 0 as it was kept, 1 changed or gone."""
    from framegate.gate.baselines import print_faults
    from framegate.quality.gate.evidence.archive import load_record

    archive, evidence = load_record(record)
    faults = list(archive.faults(evidence))
    print_faults(evidence, faults, as_json=as_json)
    raise typer.Exit(1 if faults else 0)
