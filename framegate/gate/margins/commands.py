"""The commands that help to choose margins: lint, calibrate, power."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.gate.options import (
    AsJson,
    ManifestOption,
    NamesOption,
    Out,
    PolicyArgument,
    PolicyOption,
    Processes,
    References,
    ServiceOptions,
    SuiteOption,
    takes_service_options,
)


def init(
    baseline: Annotated[str, typer.Argument(help="Folder of the baseline's clips.")],
    candidate: Annotated[str, typer.Argument(help="Folder of the candidate's clips.")],
    policy: PolicyOption = None,
    references: References = None,
    names: NamesOption = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    processes: Processes = 2,
) -> None:
    """Look at two folders of clips, and write a first policy, noise and manifest for them.

    Margins are those of the built-in policy, or wider where the noise needs it. Files that are
    there already are never overwritten.
    """
    from tempfile import TemporaryDirectory

    from framegate.gate.margins import first_policy
    from framegate.gate.run import chosen_policy
    from framegate.gate.settings import EvidenceSettings
    from framegate.quality.gate.evidence.name_pattern import parse_pattern

    first_policy.check_free(out)
    sides = baseline, candidate
    base = chosen_policy(policy, sides, generator=None, references=references)
    with TemporaryDirectory(prefix="framegate-") as scratch:
        settings = EvidenceSettings(
            out=Path(scratch),
            metrics=base.policy.scored_metrics,
            workers=processes,
            references=references,
            names=tuple(parse_pattern(text) for text in names or ()),
        )
        found = first_policy.find_first_policy(sides, base, settings)
    paths = first_policy.write_first_policy(found, out)
    first_policy.print_first_policy(found, sides, paths, base)


def lint(
    policy: PolicyArgument,
    suite: Annotated[
        Path | None, typer.Option(help="YAML file of prompts to check against.")
    ] = None,
    noise: Annotated[
        Path | None, typer.Option(help="File of 'gate calibrate --save'; checks margins.")
    ] = None,
    without_references: Annotated[
        bool, typer.Option(help="There is no reference footage: find rules that need it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find rules that can never pass or fail, and margins smaller than twice the noise.

    Exit 2 when a rule can never pass, or its margin is too small.
    """
    from framegate.gate.margins.calibration import print_findings
    from framegate.gate.run import policy_for
    from framegate.quality.gate.margins.lint import Level, lint_policy, lint_references
    from framegate.quality.gate.margins.noise import load_calibration
    from framegate.quality.gate.policy.suite import load_suite

    file = policy_for(policy)
    prompts = load_suite(suite) if suite else None
    found = lint_policy(file, prompts, load_calibration(noise) if noise else None)
    found += lint_references(file) if without_references else []
    print_findings(file.path, found, as_json=as_json)
    raise typer.Exit(2 if any(one.level is Level.ERROR for one in found) else 0)


@takes_service_options
def calibrate(
    records: Annotated[
        list[str],
        typer.Argument(
            help="Records or folders of one model, or (with --generator) one model version."
        ),
    ],
    service: ServiceOptions = ServiceOptions(),  # noqa: B008 - frozen
    runs: Annotated[
        int, typer.Option(help="Number of runs, with --generator.", min=2, max=100)
    ] = 3,
    policy: PolicyOption = None,
    suite: SuiteOption = None,
    references: References = None,
    manifest: ManifestOption = None,
    names: NamesOption = None,
    save: Annotated[
        Path | None, typer.Option(help="File to write for 'gate lint --noise'.")
    ] = None,
    out: Out = Path("gate-noise"),
    processes: Processes = 2,
    as_json: AsJson = False,
) -> None:
    """Measure how much runs of one model differ (the noise), and propose margins.

    Every metric of the policy is measured. One record or folder is enough if its prompts have
    several seeds.
    """
    from framegate.gate.margins.calibration import print_calibration, run_calibration
    from framegate.gate.reports_folder import write_file
    from framegate.gate.run import chosen_policy
    from framegate.gate.service.generator import generator_of
    from framegate.gate.settings import EvidenceSettings
    from framegate.quality.gate.evidence.name_pattern import parse_pattern
    from framegate.quality.gate.margins.noise import dump_calibration
    from framegate.quality.gate.policy.suite import load_suite

    rules = chosen_policy(
        policy, records, generator=service.generator, references=references
    ).policy
    settings = EvidenceSettings(
        out=out,
        metrics=rules.scored_metrics,
        workers=processes,
        own_suite=load_suite(suite) if suite else None,
        generator=generator_of(service),
        manifest=manifest,
        names=tuple(parse_pattern(text) for text in names or ()),
        references=references,
    )
    found = run_calibration(records, settings, runs=runs)
    if save:
        write_file(save, dump_calibration(found))
    print_calibration(found, rules, as_json=as_json)


def power(
    policy: PolicyArgument,
    prompts: Annotated[
        int, typer.Option(help="Number of prompts in the suite.", min=2, max=1_000_000)
    ] = 48,
    noise: Annotated[Path | None, typer.Option(help="File of 'gate calibrate --save'.")] = None,
    verdict: Annotated[Path | None, typer.Option(help="verdict.json of two models.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how likely each margin is to decide.

    P(PASS) for equal models, P(FAIL) for a candidate that is worse by twice the margin.
    """
    from framegate.gate.margins.calibration import known_noise, print_powers
    from framegate.gate.run import policy_for

    known = known_noise(noise, verdict)
    print_powers(policy_for(policy).policy, known, prompts=prompts, as_json=as_json)
