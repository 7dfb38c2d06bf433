"""framegate gate."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Block a worse model, and only a worse model.", no_args_is_help=True)


@app.command()
def run(
    baseline: Annotated[str, typer.Option(help="Model version that is good enough.")],
    candidate: Annotated[str, typer.Option(help="Model version to judge.")],
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    policy: Annotated[Path | None, typer.Option(help="YAML policy.  [default: ours]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All evidence, as JSON.")] = False,
) -> None:
    """Compare two model versions on the prompts both were scored on.

    Exit 0 PASS, 1 FAIL, 3 INCONCLUSIVE.
    """
    from quality.policy import DEFAULT_POLICY, load_policy
    from quality.verdict import EXIT_CODES, print_json, print_report, report_from_collector

    report = report_from_collector(
        collector, names=(baseline, candidate), policy=load_policy(policy or DEFAULT_POLICY)
    )
    (print_json if as_json else print_report)(report)
    raise typer.Exit(EXIT_CODES[report.verdict])


@app.command()
def lint(policy: Annotated[Path, typer.Argument(help="YAML policy.")]) -> None:
    """Check a policy without judging anything."""
    from quality.policy import load_policy

    names = ", ".join(load_policy(policy).metrics) or "no metric: the gate can never pass"
    typer.echo(f"{policy}: {names}")
