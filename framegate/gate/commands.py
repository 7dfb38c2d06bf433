"""framegate gate."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Block a worse model, and only a worse model.", no_args_is_help=True)

PolicyOption = Annotated[
    str | None, typer.Option(help="YAML file, or ours: default, live, strict.")
]
SuiteOption = Annotated[Path | None, typer.Option(help="YAML prompts; else our 48.")]
Out = Annotated[Path, typer.Option(help="Folder for evidence and what is unfinished.")]
AsJson = Annotated[bool, typer.Option("--json", help="All evidence, as JSON.")]
AsLintJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
GeneratorUrl = Annotated[str | None, typer.Option(help="Videos API that makes the clips.")]
AtOnce = Annotated[int, typer.Option(help="Clips made at the same time.", min=1, max=64)]
Processes = Annotated[int, typer.Option(help="Processes that score.", min=1, max=256)]


@app.command()
def run(
    baseline: Annotated[str, typer.Option(help="Good enough: a model, a record or a folder.")],
    candidate: Annotated[str, typer.Option(help="To be judged: the same.")],
    generator: GeneratorUrl = None,
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    policy: PolicyOption = None,
    suite: SuiteOption = None,
    waivers: Annotated[Path | None, typer.Option(help="YAML file of signed waivers.")] = None,
    references: Annotated[Path | None, typer.Option(help="Folder of reference footage.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for evidence and reports; gate-run, if needed.")
    ] = None,
    at_once: AtOnce = 1,
    processes: Processes = 2,
    as_json: AsJson = False,
) -> None:
    """Compare a candidate with a baseline on the same prompts.

    A side is a model's name (made by --generator, or scored already in the
    collector), a record (DIR, DIR@NAME, DIR@sha256:ID), or a folder of clips.

    An interrupted run goes on where it was. Exit 0 PASS, 1 FAIL, 3 INCONCLUSIVE.
    """
    from framegate.gate.means import EvidenceSettings, Generator
    from framegate.gate.run import GateRequest, is_live, policy_for, run_and_write, waivers_of
    from framegate.quality.gate.judging.check import EXIT_CODES
    from framegate.quality.gate.policy.suite import DEFAULT_SUITE, load_suite

    rules = policy_for(policy, live=is_live((baseline, candidate), generator=generator))
    means = EvidenceSettings(
        out=out or Path("gate-run"),
        metrics=rules.policy.scored_metrics,
        workers=processes,
        suite=load_suite(suite or DEFAULT_SUITE),
        own_suite=suite is not None,
        generator=Generator(generator.rstrip("/"), at_once) if generator else None,
        collector=collector,
        references=references,
    )
    reports = out or (means.out if generator else None)
    document = run_and_write(
        GateRequest(baseline, candidate, rules, waivers_of(waivers), means),
        reports,
        as_json=as_json,
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
    from framegate.gate.run import print_explanation
    from framegate.quality.gate.judging.check import EXIT_CODES
    from framegate.quality.gate.judging.document import read_document, replay_document

    document = replay_document(read_document(verdict))
    print_explanation(document, as_json=as_json)
    raise typer.Exit(EXIT_CODES[document.verdict])


@app.command()
def report(
    verdict: Annotated[Path, typer.Argument(help="verdict.json of a run.")],
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
) -> None:
    """Write one HTML file: worst prompts first, clips side by side, intervals against limits."""
    from framegate.gate.run import write_file
    from framegate.quality.gate.judging.document import read_document
    from framegate.quality.gate.reports.page import page

    write_file(out, page(read_document(verdict)))


@app.command()
def lint(
    policy: Annotated[str, typer.Argument(help="YAML file, or ours: default, live, strict.")],
    suite: Annotated[Path | None, typer.Option(help="Prompts that it is for.")] = None,
    noise: Annotated[Path | None, typer.Option(help="Calibration: margins must be twice it.")] = (
        None
    ),
    as_json: AsLintJson = False,
) -> None:
    """Find rules that can never pass and margins inside the noise. Exit 2 when there are any."""
    from framegate.gate.margins import print_findings
    from framegate.gate.run import policy_for
    from framegate.quality.gate.judging.lint import Level
    from framegate.quality.gate.judging.lint import lint_policy as linted
    from framegate.quality.gate.judging.noise import load_calibration
    from framegate.quality.gate.policy.suite import load_suite

    file = policy_for(policy, live=False)
    prompts = load_suite(suite) if suite else None
    found = linted(file, prompts, load_calibration(noise) if noise else None)
    print_findings(file.path, found, as_json=as_json)
    raise typer.Exit(2 if any(one.level is Level.ERROR for one in found) else 0)


@app.command()
def calibrate(
    runs: Annotated[list[str], typer.Argument(help="Records of one model, or its name.")],
    generator: GeneratorUrl = None,
    again: Annotated[int, typer.Option(help="How often a model is made.", min=2, max=100)] = 3,
    suite: SuiteOption = None,
    save: Annotated[Path | None, typer.Option(help="File for 'gate lint --noise'.")] = None,
    out: Out = Path("gate-noise"),
    at_once: AtOnce = 1,
    processes: Processes = 2,
    as_json: AsLintJson = False,
) -> None:
    """Measure how much runs of one model differ, and propose margins."""
    from framegate.gate.margins import print_calibration, run_calibration
    from framegate.gate.means import EvidenceSettings, Generator
    from framegate.gate.run import write_file
    from framegate.quality.gate.judging.noise import dump_calibration
    from framegate.quality.gate.policy.policy import load_policy
    from framegate.quality.gate.policy.suite import DEFAULT_SUITE, load_suite

    means = EvidenceSettings(
        out=out,
        metrics=load_policy().policy.scored_metrics,
        workers=processes,
        suite=load_suite(suite or DEFAULT_SUITE),
        generator=Generator(generator.rstrip("/"), at_once) if generator else None,
    )
    found = run_calibration(runs, means, again=again)
    if save:
        write_file(save, dump_calibration(found))
    print_calibration(found, as_json=as_json)


@app.command()
def power(
    policy: Annotated[str, typer.Argument(help="YAML file, or ours: default, live, strict.")],
    prompts: Annotated[int, typer.Option(help="Size of the suite.", min=2, max=1_000_000)] = 48,
    noise: Annotated[Path | None, typer.Option(help="Calibration of equal runs.")] = None,
    verdict: Annotated[Path | None, typer.Option(help="verdict.json of two models.")] = None,
    as_json: AsLintJson = False,
) -> None:
    """How likely each margin is to decide: equal models, models twice as bad as allowed."""
    from framegate.gate.margins import known_deviations, print_powers
    from framegate.gate.run import policy_for

    known = known_deviations(noise, verdict)
    print_powers(policy_for(policy, live=False).policy, known, prompts=prompts, as_json=as_json)


@app.command()
def watch(
    baseline: Annotated[str, typer.Option(help="Stable model version.")],
    candidate: Annotated[str, typer.Option(help="Model version of the canary.")],
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    generator: Annotated[
        str | None, typer.Option(help="Videos API whose registry rolls back on FAIL.")
    ] = None,
    policy: PolicyOption = None,
    hours: Annotated[float, typer.Option(help="Longest watch.", min=0.0, max=720.0)] = 1.0,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.1)] = 15.0,
    back: Annotated[float, typer.Option(help="Hours of old scores that count.", min=0.0)] = 24.0,
    promote: Annotated[bool, typer.Option(help="Promote the canary on PASS.")] = False,
    as_json: AsLintJson = False,
) -> None:
    """Watch a canary by its live scores; bounds hold however often they are looked at.

    Exit 0 PASS, 1 FAIL (rolled back), 3 undecided in time, 4 registry not told.
    """
    import time

    from framegate.gate.canary_watch import (
        CanaryWatch,
        print_canary_result,
        update_rollout,
        watch_canary,
    )
    from framegate.gate.run import policy_for
    from framegate.quality.gate.judging.check import EXIT_CODES

    plan = CanaryWatch(
        baseline=baseline,
        candidate=candidate,
        policy=policy_for(policy, live=True).policy,
        collector=collector,
        registry=generator.rstrip("/") if generator else None,
        seconds=hours * 3600,
        every_seconds=every,
        promote=promote,
        since_ns=int((time.time() - back * 3600) * 1e9),
    )
    found = watch_canary(plan)
    print_canary_result(found, update_rollout(plan, found), as_json=as_json)
    raise typer.Exit(EXIT_CODES[found.verdict])


@app.command()
def waive(
    rule: Annotated[str, typer.Argument(help="Dotted place: metrics.ssim_wang_rgb_v1.margin.")],
    candidate: Annotated[str, typer.Option(help="Name of what it is for.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    approver: Annotated[str, typer.Option(help="Name in the policy's approvers.")],
    expires: Annotated[datetime, typer.Option(help="Last day.", formats=["%Y-%m-%d"])],
    key: Annotated[Path, typer.Option(help="SSH private key (ed25519).")],
) -> None:
    """Sign an exception; prints an entry for the 'waivers' of a waivers file.

    The key's password is read from FRAMEGATE_KEY_PASSWORD.
    """
    from framegate.gate.signing import sign_waiver

    fields = {"rule": rule, "candidate": candidate, "reason": reason, "approver": approver}
    typer.echo(sign_waiver(fields, expires.date(), key), nl=False)


@app.command()
def comment(
    verdict: Annotated[Path, typer.Argument(help="verdict.json of a run.")],
    repository: Annotated[str, typer.Option(help="OWNER/NAME.", envvar="GITHUB_REPOSITORY")],
    number: Annotated[int, typer.Option(help="Number of the pull request.", min=1)],
) -> None:
    """Write a verdict into the one comment of a pull request; needs GITHUB_TOKEN."""
    from framegate.gate.comment import write_comment
    from framegate.quality.gate.judging.document import read_document

    typer.echo(write_comment(read_document(verdict), repository=repository, number=number))
