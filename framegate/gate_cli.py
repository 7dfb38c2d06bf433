"""framegate gate."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Block a worse model, and only a worse model.", no_args_is_help=True)

Policy = Annotated[
    str | None, typer.Option(help="YAML file, or default, live or strict.  [of ours]")
]
Suite = Annotated[Path | None, typer.Option(help="YAML prompts.  [default: ours, 48]")]
Out = Annotated[Path, typer.Option(help="Folder for evidence and what is unfinished.")]
AsJson = Annotated[bool, typer.Option("--json", help="All evidence, as JSON.")]
GeneratorUrl = Annotated[str | None, typer.Option(help="Videos API that makes the clips.")]
AtOnce = Annotated[int, typer.Option(help="Clips made at the same time.", min=1, max=64)]
Processes = Annotated[int, typer.Option(help="Processes that score.", min=1, max=256)]


@app.command()
def run(
    baseline: Annotated[str, typer.Option(help="Good enough: a model, a record or a folder.")],
    candidate: Annotated[str, typer.Option(help="To be judged: the same.")],
    generator: GeneratorUrl = None,
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    policy: Policy = None,
    suite: Suite = None,
    waivers: Annotated[Path | None, typer.Option(help="YAML file of signed waivers.")] = None,
    references: Annotated[Path | None, typer.Option(help="Folder of reference footage.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for evidence and reports.  [gate-run, if needed]")
    ] = None,
    at_once: AtOnce = 1,
    processes: Processes = 2,
    as_json: AsJson = False,
) -> None:
    """Compare a candidate with a baseline on the same prompts.

    A side is a model's name (made by --generator, or scored already in the collector), a record
    of 'framegate baseline' (DIR, DIR@NAME, DIR@sha256:ID), or a folder of clips. An interrupted
    run goes on where it was. Exit 0 PASS, 1 FAIL, 3 INCONCLUSIVE.
    """
    from framegate.gate_run import Request, is_live, policy_for, run_and_write, waivers_of
    from framegate.means import Generator, Means
    from quality.gate.check import EXIT_CODES
    from quality.gate.suite import DEFAULT_SUITE, load_suite

    rules = policy_for(policy, live=is_live((baseline, candidate), generator=generator))
    means = Means(
        out=out or Path("gate-run"),
        metrics=rules.policy.scored,
        workers=processes,
        suite=load_suite(suite or DEFAULT_SUITE),
        own_suite=suite is not None,
        generator=Generator(generator.rstrip("/"), at_once) if generator else None,
        collector=collector,
        references=references,
    )
    reports = out or (means.out if generator else None)
    document = run_and_write(
        Request(baseline, candidate, rules, waivers_of(waivers), means), reports, as_json=as_json
    )
    raise typer.Exit(EXIT_CODES[document.verdict])


@app.command()
def explain(
    verdict: Annotated[Path, typer.Argument(help="verdict.json of a run.")],
    as_json: AsJson = False,
) -> None:
    """Judge again from a verdict's own evidence, and say what each rule rests on.

    Exit as the verdict; 2 when the document does not say what its evidence says.
    """
    from framegate.gate_run import print_explained
    from quality.gate.check import EXIT_CODES
    from quality.gate.document import read_document, replayed

    document = replayed(read_document(verdict))
    print_explained(document, as_json=as_json)
    raise typer.Exit(EXIT_CODES[document.verdict])


@app.command()
def report(
    verdict: Annotated[Path, typer.Argument(help="verdict.json of a run.")],
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
) -> None:
    """Write one HTML file: worst prompts first, clips side by side, intervals against limits."""
    from framegate.gate_run import write
    from quality.gate.document import read_document
    from quality.gate.reports.page import page

    write(out, page(read_document(verdict)))


@app.command()
def lint(policy: Annotated[Path, typer.Argument(help="YAML policy.")]) -> None:
    """Check a policy without judging anything."""
    from quality.gate.policy import load_policy

    names = ", ".join(load_policy(policy).policy.metrics) or "no metric: the gate can never pass"
    typer.echo(f"{policy}: {names}")
