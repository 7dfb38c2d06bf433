"""The table of all commands: where each is defined, its line of help, options that were renamed.

Help is printed from this table, so that listing commands imports none of them. A test compares
each line with what the command says itself.
"""

from collections.abc import Mapping

from framegate.command_source import CommandSource, GroupSource
from framegate.telemetry.platform.deprecation import AS_ARGUMENT

AT_ONCE = {"--at-once": "--concurrency"}
ALONE = {"--alone": "--no-reference-metrics"}
SPEC = {"--spec": AS_ARGUMENT}


COMMANDS: Mapping[str, CommandSource | GroupSource] = {
    "demo": CommandSource(
        "framegate.local.demo_command:demo",
        "Run everything on this machine: a dozen prompts on two models, scored and judged.",
    ),
    "collector": CommandSource(
        "framegate.local.collector_command:collector",
        "Receive OTLP over HTTP and gRPC, store it, serve queries, and evaluate objectives.",
        renamed={"--keep": "--retain"},
    ),
    "generator": CommandSource(
        "framegate.generator.service.commands:generator",
        "Run the reference generator; its signals go to "
        "OTEL_EXPORTER_OTLP_ENDPOINT if that is set.",
    ),
    "dashboards": CommandSource(
        "framegate.dashboards.commands:dashboards",
        "Serve the dashboard: objectives, latency, scores, clips.",
    ),
    "quality": GroupSource(
        "Score clips against their references.",
        {
            "score": CommandSource(
                "framegate.quality.scoring.commands:score",
                "Score one clip against its reference footage; exits with 3 when a "
                "metric has no value.",
            ),
            "compare": CommandSource(
                "framegate.quality.scoring.commands:compare",
                "Score several clips against one reference in one pass; the reference "
                "is decoded once.",
            ),
            "inspect": CommandSource(
                "framegate.quality.scoring.commands:inspect",
                "Score one clip with metrics that need no reference, and check its file.",
            ),
            "metrics": CommandSource(
                "framegate.quality.scoring.commands:metrics",
                "List the metrics: id, unit, direction, meaning.",
            ),
            "verify": CommandSource(
                "framegate.quality.scoring.commands:verify",
                "Compare our SSIM and LPIPS with scikit-image and the lpips package on "
                "your own frames.",
            ),
            "explain": CommandSource(
                "framegate.quality.scoring.explain_commands:explain",
                "Explain a score: one HTML file with timelines, the worst frames, maps "
                "of the differences.",
            ),
            "explain-job": CommandSource(
                "framegate.quality.scoring.explain_commands:explain_job",
                "Explain the score of a job's clip, with its prompt, seed, model and trace.",
            ),
            "batch": CommandSource(
                "framegate.quality.worker.commands:batch",
                "Score the clips of a table; writes one line of JSON per clip, in the "
                "order of the table.",
                renamed=ALONE,
            ),
            "worker": CommandSource(
                "framegate.quality.worker.commands:worker",
                "Score finished clips of a service, detect drift, and report both to "
                "the collector.",
                renamed=ALONE,
            ),
            "drift": CommandSource(
                "framegate.quality.worker.drift_commands:drift",
                "Show which model's scores got worse over time, since when and by how much.",
            ),
        },
    ),
    "gate": GroupSource(
        "Block a release when the candidate model is worse than the baseline.",
        {
            "run": CommandSource(
                "framegate.gate.commands:run",
                "Compare a candidate with a baseline on the same prompts.",
                renamed=AT_ONCE,
            ),
            "explain": CommandSource(
                "framegate.gate.commands:explain",
                "Judge again from a verdict's own evidence, and explain each rule.",
            ),
            "report": CommandSource(
                "framegate.gate.commands:report",
                "Write an HTML report: the rules that decide, and where in the clips they "
                "are worst.",
            ),
            "init": CommandSource(
                "framegate.gate.margins.commands:init",
                "Look at two folders of clips, and write a first policy, noise and manifest "
                "for them.",
            ),
            "lint": CommandSource(
                "framegate.gate.margins.commands:lint",
                "Find rules that can never pass or fail, and margins smaller than twice the noise.",
            ),
            "calibrate": CommandSource(
                "framegate.gate.margins.commands:calibrate",
                "Measure how much runs of one model differ (the noise), and propose margins.",
                renamed={**AT_ONCE, "--again": "--runs"},
            ),
            "power": CommandSource(
                "framegate.gate.margins.commands:power", "Show how likely each margin is to decide."
            ),
            "watch": CommandSource(
                "framegate.gate.commands:watch",
                "Watch a canary's live scores until a verdict; the error rate holds "
                "for repeated checks.",
                renamed={"--back": "--lookback-hours"},
            ),
            "waive": CommandSource(
                "framegate.gate.commands:waive",
                "Sign a waiver for one broken rule of these clips; prints an entry for a "
                "waivers file.",
            ),
            "comment": CommandSource(
                "framegate.gate.commands:comment",
                "Post a verdict as a pull request comment, or update that comment; "
                "needs GITHUB_TOKEN.",
            ),
        },
    ),
    "baseline": GroupSource(
        "Record, show and verify baselines.",
        {
            "record": CommandSource(
                "framegate.gate.baseline_commands:record",
                "Make and score a suite once and store everything; prints the record's id.",
                renamed=AT_ONCE,
            ),
            "show": CommandSource(
                "framegate.gate.baseline_commands:show",
                "Show a record: environment, suite, mean of every measure.",
            ),
            "verify": CommandSource(
                "framegate.gate.baseline_commands:verify",
                "Verify a record against its hashes: exit 0 intact, 1 changed or missing.",
            ),
        },
    ),
    "slo": GroupSource(
        "Objectives, error budgets, burn rates and alerts.",
        {
            "show": CommandSource(
                "framegate.slo.commands.gate_commands:show_objective",
                "Show one objective: budget, burn rates, forecast, contributors, canary cost.",
                renamed={"--canary": "--canary-jobs"},
            ),
            "alerts": CommandSource(
                "framegate.slo.commands.alert_commands:alerts",
                "List alerts; exit 1 if a page fires that is not silenced, 3 without fresh data.",
            ),
            "silence": CommandSource(
                "framegate.slo.commands.alert_commands:silence",
                "Silence the alerts that have these labels; prints the number of the silence.",
            ),
            "unsilence": CommandSource(
                "framegate.slo.commands.alert_commands:unsilence", "Revoke a silence."
            ),
            "silences": CommandSource(
                "framegate.slo.commands.alert_commands:silences",
                "List silences, including expired and revoked ones.",
            ),
            "gate": CommandSource(
                "framegate.slo.commands.gate_commands:gate",
                "Decide if a change may be rolled out: exit 0 yes, 1 no, 3 not enough data.",
            ),
            "bypass": CommandSource(
                "framegate.slo.commands.gate_commands:bypass",
                "Let changes pass regardless of the budget; prints the number of the bypass.",
            ),
            "backtest": CommandSource(
                "framegate.slo.commands.backtest_commands:backtest",
                "Replay days: precision, recall and detection time of alerts; exit 3 without jobs.",
                renamed={
                    **SPEC,
                    "--least-precision": "--min-precision",
                    "--least-recall": "--min-recall",
                },
            ),
            "report": CommandSource(
                "framegate.slo.commands.commands:report",
                "Show every objective; exit 1 if one is missed, 3 if there is not enough data.",
                renamed=SPEC,
            ),
            "list": CommandSource(
                "framegate.slo.commands.commands:list_objectives",
                "List objectives with target, window and owner.",
                renamed=SPEC,
            ),
            "lint": CommandSource(
                "framegate.slo.commands.commands:lint",
                "Check OpenSLO files: syntax, alerts that cannot fire, too little traffic.",
                renamed={"--history": "--history-days", "--times": "--alert-timing"},
            ),
            "rules": CommandSource(
                "framegate.slo.commands.commands:rules",
                "Write Prometheus recording and alerting rules for the objectives.",
                renamed=SPEC,
            ),
            "routes": CommandSource(
                "framegate.slo.commands.commands:routes",
                "Write an Alertmanager configuration: routes by owner, grouping, inhibition.",
                renamed=SPEC,
            ),
            "dashboard": CommandSource(
                "framegate.slo.commands.commands:dashboard",
                "Write a Grafana dashboard for the recorded series.",
            ),
            "corrections": GroupSource(
                "Minutes excluded from the error budgets.",
                {
                    "add": CommandSource(
                        "framegate.slo.commands.gate_commands:add_correction",
                        "Exclude minutes, past ones too; prints the number of the correction.",
                    ),
                    "list": CommandSource(
                        "framegate.slo.commands.gate_commands:list_corrections",
                        "List corrections, including revoked ones.",
                    ),
                    "revoke": CommandSource(
                        "framegate.slo.commands.gate_commands:revoke_correction",
                        "Revoke a correction.",
                    ),
                },
            ),
        },
    ),
    "loadtest": GroupSource(
        "Generate load and measure playback as viewers see it.",
        {
            "run": CommandSource(
                "framegate.loadtest.commands:run",
                "Play clips as viewers do; measure time to first playable, stalls and outcomes.",
            ),
        },
    ),
    "telemetry": GroupSource(
        "Work on a store offline, or serve queries from ClickHouse.",
        {
            "import": CommandSource(
                "framegate.telemetry.offline.commands:import_", "Store OTLP files."
            ),
            "export": CommandSource(
                "framegate.telemetry.offline.commands:export",
                "Write a signal's rows, including the archive: OTLP JSON lines, or a Parquet file.",
            ),
            "query": CommandSource(
                "framegate.telemetry.offline.commands:query",
                "Run a named query and print its rows as a JSON array.",
            ),
            "info": CommandSource(
                "framegate.telemetry.offline.commands:info",
                "Show a store's contents; changes nothing.",
            ),
            "compact": CommandSource(
                "framegate.telemetry.offline.commands:compact",
                "Rewrite the store file in time order, to make it smaller and faster.",
            ),
            "clickhouse": CommandSource(
                "framegate.telemetry.offline.commands:clickhouse",
                "Serve the named queries from ClickHouse, as a collector serves them "
                "from its store.",
            ),
        },
    ),
    "doctor": CommandSource(
        "framegate.doctor_command:doctor",
        "Check this installation: extras, ports, folders, clock, compiled code, programs.",
    ),
    "completion": CommandSource(
        "framegate.completion_command:completion", "Print the completion script of a shell."
    ),
}
