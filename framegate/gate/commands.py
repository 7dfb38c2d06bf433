"""The commands of framegate gate."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from framegate.gate.options import (
    AsJson,
    ManifestOption,
    NamesOption,
    PolicyOption,
    Processes,
    References,
    ServiceOptions,
    SuiteOption,
    Verdict,
    takes_service_options,
)


@takes_service_options
def run(
    baseline: Annotated[
        str, typer.Option(help="Model version, recorded baseline or folder of clips.")
    ],
    candidate: Annotated[str, typer.Option(help="The same, for the side that is judged.")],
    service: ServiceOptions = ServiceOptions(),  # noqa: B008 - frozen
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    policy: PolicyOption = None,
    suite: SuiteOption = None,
    waivers: Annotated[Path | None, typer.Option(help="YAML file of signed waivers.")] = None,
    references: References = None,
    manifest: ManifestOption = None,
    names: NamesOption = None,
    out: Annotated[Path, typer.Option(help="Folder for evidence and reports.")] = Path("gate-run"),
    processes: Processes = 2,
    as_json: AsJson = False,
) -> None:
    """Compare a candidate with a baseline on the same prompts.

    A side is a model version (clips made by --generator, or scores read from the
    collector), a recorded baseline (DIR, DIR@NAME, DIR@sha256:ID), or a folder of clips.

    An interrupted run resumes where it stopped. Exit 0 PASS, 1 FAIL, 3 INCONCLUSIVE.
    """
    from framegate.gate.reports_folder import reports_folder
    from framegate.gate.run import GateRequest, chosen_policy, run_and_write, waivers_of
    from framegate.gate.service.generator import generator_of
    from framegate.gate.settings import EvidenceSettings
    from framegate.quality.gate.evidence.name_pattern import parse_pattern
    from framegate.quality.gate.policy.suite import load_suite
    from framegate.telemetry.platform.verdict import EXIT_CODES

    with reports_folder(out):
        rules = chosen_policy(
            policy, (baseline, candidate), generator=service.generator, references=references
        )
        settings = EvidenceSettings(
            out=out,
            metrics=rules.policy.scored_metrics,
            workers=processes,
            own_suite=load_suite(suite) if suite else None,
            generator=generator_of(service),
            collector=collector,
            references=references,
            manifest=manifest,
            names=tuple(parse_pattern(text) for text in names or ()),
        )
        document = run_and_write(
            GateRequest(baseline, candidate, rules, waivers_of(waivers), settings),
            out,
            as_json=as_json,
        )
    raise typer.Exit(EXIT_CODES[document.verdict])


def explain(
    verdict: Verdict,
    as_json: AsJson = False,
) -> None:
    """Judge again from a verdict's own evidence, and explain each rule.

    Exit codes as for run; 2 when the verdict does not follow from its evidence.
    """
    from framegate.gate.run import print_explanation
    from framegate.quality.gate.judging.document import read_document, replay_document
    from framegate.telemetry.platform.verdict import EXIT_CODES

    document = replay_document(read_document(verdict))
    print_explanation(document, as_json=as_json)
    raise typer.Exit(EXIT_CODES[document.verdict])


def report(
    verdict: Verdict,
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
) -> None:
    """Write an HTML report: the rules that decide, and where in the clips they are worst.

    Values by frame are read from the folder of the verdict, clips from where they were.
    """
    from framegate.gate.reports_folder import write_file
    from framegate.quality.gate.evidence.archive import Archive
    from framegate.quality.gate.judging.document import read_document
    from framegate.quality.gate.reports.page import page

    write_file(out, page(read_document(verdict), Archive(str(verdict.parent / "evidence"))))


def watch(
    baseline: Annotated[str, typer.Option(help="Stable model version.")],
    candidate: Annotated[str, typer.Option(help="Model version of the canary.")],
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    generator: Annotated[
        str | None, typer.Option(help="URL of the service that rolls the canary back on FAIL.")
    ] = None,
    policy: PolicyOption = None,
    hours: Annotated[float, typer.Option(help="Maximum duration.", min=0.0, max=720.0)] = 1.0,
    every: Annotated[float, typer.Option(help="Seconds between checks.", min=0.1)] = 15.0,
    lookback_hours: Annotated[
        float, typer.Option(help="Hours of earlier scores that count.", min=0.0)
    ] = 24.0,
    promote: Annotated[bool, typer.Option(help="Promote the canary on PASS.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a canary's live scores until a verdict; the error rate holds for repeated checks.

    Exit 0 PASS, 1 FAIL (rolled back), 3 INCONCLUSIVE when time is up,
    4 the service could not be notified.
    """
    import time

    from framegate.gate.canary.watch import (
        CanaryWatch,
        print_canary_result,
        update_rollout,
        watch_canary,
    )
    from framegate.gate.run import policy_for
    from framegate.telemetry.platform.clock import HOUR_NS
    from framegate.telemetry.platform.verdict import EXIT_CODES

    plan = CanaryWatch(
        baseline=baseline,
        candidate=candidate,
        policy=policy_for(policy or "live").policy,
        collector=collector,
        registry=generator.rstrip("/") if generator else None,
        seconds=hours * 3600,
        every_seconds=every,
        promote=promote,
        since_ns=int(time.time_ns() - lookback_hours * HOUR_NS),
    )
    found = watch_canary(plan)
    print_canary_result(found, update_rollout(plan, found), as_json=as_json)
    raise typer.Exit(EXIT_CODES[found.verdict])


def waive(
    rule: Annotated[
        str, typer.Argument(help="Path in the policy: metrics.ssim_wang_rgb_v1.margin.")
    ],
    reason: Annotated[str, typer.Option(help="Reason for the waiver.")],
    approver: Annotated[str, typer.Option(help="Name in the policy's approvers.")],
    expires: Annotated[
        datetime, typer.Option(help="Last day the waiver is valid.", formats=["%Y-%m-%d"])
    ],
    key: Annotated[Path, typer.Option(help="SSH private key (ed25519).")],
    verdict: Annotated[
        Path | None, typer.Option(help="verdict.json that names the candidate and its content.")
    ] = None,
    candidate: Annotated[
        str | None, typer.Option(help="Name of the candidate, without --verdict.")
    ] = None,
    content: Annotated[
        str | None, typer.Option(help="Content of the candidate, as a verdict has it.")
    ] = None,
) -> None:
    """Sign a waiver for one broken rule of these clips; prints an entry for a waivers file.

    The key's password is read from FRAMEGATE_KEY_PASSWORD.
    """
    from framegate.gate.waivers import sign_waiver, waived_candidate

    one = waived_candidate(rule, verdict, candidate=candidate, content=content)
    fields = {
        "rule": rule,
        "candidate": one.name,
        "content": one.content,
        "reason": reason,
        "approver": approver,
    }
    typer.echo(sign_waiver(fields, expires.date(), key), nl=False)


def comment(
    verdict: Verdict,
    repository: Annotated[str, typer.Option(help="OWNER/NAME.", envvar="GITHUB_REPOSITORY")],
    number: Annotated[int, typer.Option(help="Pull request number.", min=1)],
    job: Annotated[
        str, typer.Option(help="The job: each job and candidate has its own comment.")
    ] = "",
) -> None:
    """Post a verdict as a pull request comment, or update that comment; needs GITHUB_TOKEN.

    Where the token may not write comments, as on pull requests of forks, it prints a warning and
    ends with 0.
    """
    from framegate.gate.comment import write_comment
    from framegate.quality.gate.judging.document import read_document

    typer.echo(write_comment(read_document(verdict), repository=repository, number=number, job=job))
