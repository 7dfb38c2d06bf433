"""What every signal name means, who sends it, and what others call the same thing.

``python -m framegate.telemetry.offline.signals_page`` prints docs/reference/signals.md.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from framegate.telemetry.otlp.rows import EVENT_COLUMNS
from framegate.telemetry.otlp.span_rows import SPAN_COLUMNS
from framegate.telemetry.signals import names
from framegate.telemetry.signals.aliases import ALIASES
from framegate.telemetry.signals.names import JobState, MetricSignal, Workload


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """One attribute; ``kind`` is its OTLP type, with its unit where it has one."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """One span or event: its attributes that something reads, and those that may be left out."""

    name: str
    meaning: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


TEXT, INTEGER, NUMBER, SECONDS, FLAG = "text", "integer", "number", "number, seconds", "true, false"

ATTRIBUTE_DEFINITIONS = (
    AttributeDefinition(
        names.JOB_ID, TEXT, "The generation, the same on everything that belongs to it."
    ),
    AttributeDefinition(names.JOB_STATE, TEXT, f"{', '.join(JobState)}."),
    AttributeDefinition(names.WORKLOAD, TEXT, f"{', '.join(Workload)}: which objectives apply."),
    AttributeDefinition(names.TENANT, TEXT, "Who asked."),
    AttributeDefinition(names.PROMPT, TEXT, "What was asked for."),
    AttributeDefinition(
        names.PROMPT_ID, TEXT, "Hash of prompt, seed, size, seconds and fps: pairs two models."
    ),
    AttributeDefinition(names.SEED, INTEGER, "The random seed."),
    AttributeDefinition(names.MODEL_REQUESTED, TEXT, "The model that was asked for."),
    AttributeDefinition(names.MODEL, TEXT, "The model version that made the clip."),
    AttributeDefinition(names.OPERATION, TEXT, "`generate_content`."),
    AttributeDefinition(
        names.OUTPUT_TYPE, TEXT, "`video`, a value that GenAI's list does not have yet."
    ),
    AttributeDefinition(names.WIDTH, f"{INTEGER}, pixels", "Width of the clip."),
    AttributeDefinition(names.HEIGHT, f"{INTEGER}, pixels", "Height of the clip."),
    AttributeDefinition(names.FPS, NUMBER, "Frames a second of playing."),
    AttributeDefinition(names.DURATION, SECONDS, "Length of the clip when played."),
    AttributeDefinition(names.STEPS, INTEGER, "Denoising steps for each frame."),
    AttributeDefinition(names.FRAMES, INTEGER, "Frames made, or received."),
    AttributeDefinition(
        names.FRAMES_LATE, INTEGER, "Frames that took longer to make than they are shown."
    ),
    AttributeDefinition(
        names.PLAYBACK_LAG, SECONDS, "The most that a frame came after its time in the playing."
    ),
    AttributeDefinition(
        names.JOB_COST, f"{NUMBER}, money", "What the job cost, in the currency of the price."
    ),
    AttributeDefinition(
        names.WORKER, TEXT, "The worker that made the clip; few, and the same for its life."
    ),
    AttributeDefinition(names.REPLACES, TEXT, "The job whose clip this one is made in place of."),
    AttributeDefinition(
        names.TIME_TO_FIRST_PLAYABLE, SECONDS, "From accepted request to first decodable part."
    ),
    AttributeDefinition(names.CLIP_URL, TEXT, "Where the quality worker reads the clip."),
    AttributeDefinition(names.CLIP_BYTES, f"{INTEGER}, bytes", "Size of the clip."),
    AttributeDefinition(names.CLIP_SHA256, TEXT, "Hash of the clip, in hex."),
    AttributeDefinition(names.REFERENCE_URL, TEXT, "Footage that the clip is measured against."),
    AttributeDefinition(names.ERROR_TYPE, TEXT, "What went wrong, in one low-cardinality word."),
    AttributeDefinition(names.ERROR_MESSAGE, TEXT, "What went wrong, for a person."),
    AttributeDefinition(names.STAGE, TEXT, "The stage of the pipeline that a span is of."),
    AttributeDefinition(
        names.STAGE_BUSY, SECONDS, "Work in the stage; its span also holds the waiting."
    ),
    AttributeDefinition(
        names.FRAME_SECONDS, f"list of {NUMBER}s, seconds", "Work on each frame, in order."
    ),
    AttributeDefinition(
        names.EVALUATION_NAME, TEXT, "Metric definition, such as `ssim_wang_rgb_v1`."
    ),
    AttributeDefinition(
        names.EVALUATION_VALUE, NUMBER, "The clip's score; absent when there is none."
    ),
    AttributeDefinition(names.EVALUATION_LABEL, TEXT, "A verdict in words."),
    AttributeDefinition(names.EVALUATION_EXPLANATION, TEXT, "Why there is no value."),
    AttributeDefinition(names.EVALUATION_MIN, NUMBER, "The lowest frame's score."),
    AttributeDefinition(names.EVALUATION_MAX, NUMBER, "The highest frame's score."),
    AttributeDefinition(names.EVALUATION_FRAMES, INTEGER, "Frames that were scored."),
    AttributeDefinition(
        names.FINDING, TEXT, "What is wrong with a file, in one low-cardinality word."
    ),
    AttributeDefinition(names.FINDING_DETAIL, TEXT, "The same for a person."),
    AttributeDefinition(
        names.DRIFT_SINCE, f"{INTEGER}, ns", "When scores began to be worse, by the clock."
    ),
    AttributeDefinition(
        names.DRIFT_FOUND, f"{INTEGER}, ns", "When there were scores enough to say so."
    ),
    AttributeDefinition(names.DRIFT_BEFORE, NUMBER, "Median of the scores before."),
    AttributeDefinition(names.DRIFT_AFTER, NUMBER, "Median of the scores after."),
    AttributeDefinition(names.DRIFT_CLIPS, INTEGER, "Clips after."),
    AttributeDefinition(names.UNSAFE, FLAG, "Whether an audit of a released clip found it unsafe."),
    AttributeDefinition(names.OUTCOME, TEXT, "How a request ended: for a client, or on a metric."),
    AttributeDefinition(names.PLAYABLE, FLAG, "Whether what came can be decoded."),
    AttributeDefinition(names.STALL_COUNT, INTEGER, "Times that playing had to wait."),
    AttributeDefinition(names.STALL_SECONDS, SECONDS, "How long it waited in all."),
    AttributeDefinition(
        names.CLIENT_SECONDS, SECONDS, "From sending the request to the last byte."
    ),
)

IDENTITY_ATTRIBUTES = (names.JOB_ID, names.WORKLOAD)
REQUEST_ATTRIBUTES = (
    names.TENANT, names.MODEL_REQUESTED, names.MODEL, names.PROMPT, names.PROMPT_ID, names.SEED,
    names.WIDTH, names.HEIGHT, names.FPS, names.DURATION, names.STEPS, names.REPLACES,
)  # fmt: skip
RESULT_ATTRIBUTES = (
    names.FRAMES, names.TIME_TO_FIRST_PLAYABLE, names.CLIP_URL, names.CLIP_BYTES,
    names.CLIP_SHA256, names.REFERENCE_URL, names.ERROR_TYPE, names.ERROR_MESSAGE,
    names.FRAMES_LATE, names.PLAYBACK_LAG, names.JOB_COST, names.WORKER,
)  # fmt: skip
WAIT_ATTRIBUTES = (names.MODEL, names.ERROR_TYPE)
STAGE_ATTRIBUTES = (
    names.MODEL,
    names.STAGE,
    names.STAGE_BUSY,
    names.FRAME_SECONDS,
    names.ERROR_TYPE,
)
PAIRING_ATTRIBUTES = (names.MODEL, names.PROMPT_ID, names.SEED)

EVENTS = (
    SignalDefinition(
        names.EVENT_JOB_STATE,
        "One for each change of a job's state, the first when the request is accepted.",
        (*IDENTITY_ATTRIBUTES, names.JOB_STATE),
        (*REQUEST_ATTRIBUTES, *RESULT_ATTRIBUTES),
    ),
    SignalDefinition(
        names.EVENT_FIRST_PLAYABLE,
        "When the first part of a clip that a decoder takes was sent.",
        (*IDENTITY_ATTRIBUTES, names.JOB_STATE, names.TIME_TO_FIRST_PLAYABLE),
        (*REQUEST_ATTRIBUTES, names.WORKER),
    ),
    SignalDefinition(
        names.EVENT_EVALUATION,
        "One for each clip and metric, sent by the quality worker.",
        (*IDENTITY_ATTRIBUTES, names.EVALUATION_NAME),
        (
            names.EVALUATION_VALUE,
            names.EVALUATION_MIN,
            names.EVALUATION_MAX,
            names.EVALUATION_FRAMES,
            names.EVALUATION_EXPLANATION,
            *PAIRING_ATTRIBUTES,
        ),
    ),
    SignalDefinition(
        names.EVENT_FINDING,
        "A clip's file, or its reference's, does not hold what it says; from the quality worker.",
        (*IDENTITY_ATTRIBUTES, names.FINDING, names.FINDING_DETAIL),
        PAIRING_ATTRIBUTES,
    ),
    SignalDefinition(
        names.EVENT_DRIFT,
        "A model's scores got worse over time; sent once by one of the quality workers.",
        (
            *(names.WORKLOAD, names.MODEL, names.EVALUATION_NAME),
            *(names.DRIFT_SINCE, names.DRIFT_FOUND, names.DRIFT_BEFORE, names.DRIFT_AFTER),
            *(names.DRIFT_CLIPS, names.JOB_ID),
        ),
    ),
    SignalDefinition(
        names.EVENT_AUDIT,
        "Somebody looked at a clip after its release; from whoever audits.",
        (names.JOB_ID, names.UNSAFE),
        (names.WORKLOAD, names.MODEL),
    ),
    SignalDefinition(
        names.EVENT_CLIENT_OUTCOME,
        "What a client saw of one request, sent by the load test.",
        (*IDENTITY_ATTRIBUTES, names.OUTCOME, names.PLAYABLE),
        (
            names.TIME_TO_FIRST_PLAYABLE,
            names.CLIENT_SECONDS,
            names.STALL_COUNT,
            names.STALL_SECONDS,
            names.FRAMES,
            names.CLIP_BYTES,
            names.MODEL,
            names.ERROR_TYPE,
        ),
    ),
)
SPANS = (
    SignalDefinition(
        names.SPAN_JOB,
        "A job from request to last byte; the others are below it.",
        IDENTITY_ATTRIBUTES,
        (
            names.JOB_STATE,
            names.OPERATION,
            names.OUTPUT_TYPE,
            *REQUEST_ATTRIBUTES,
            *RESULT_ATTRIBUTES,
        ),
    ),
    SignalDefinition(
        names.SPAN_QUEUE, "Waiting for a worker.", IDENTITY_ATTRIBUTES, WAIT_ATTRIBUTES
    ),
    SignalDefinition(names.SPAN_LOAD, "Loading the model.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES),
    SignalDefinition(
        names.SPAN_DENOISE,
        "Denoising, all frames and steps.",
        IDENTITY_ATTRIBUTES,
        STAGE_ATTRIBUTES,
    ),
    SignalDefinition(
        names.SPAN_DECODE, "Latents to pixels.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES
    ),
    SignalDefinition(names.SPAN_ENCODE, "Pixels to video.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES),
    SignalDefinition(
        names.SPAN_UPLOAD, "Clip to artifact store.", IDENTITY_ATTRIBUTES, WAIT_ATTRIBUTES
    ),
    SignalDefinition(
        names.SPAN_DELIVER,
        "Clip to its client.",
        IDENTITY_ATTRIBUTES,
        (*WAIT_ATTRIBUTES, names.CLIP_BYTES),
    ),
    SignalDefinition(
        names.SPAN_SCORE, "Scoring the clip.", IDENTITY_ATTRIBUTES, PAIRING_ATTRIBUTES
    ),
    SignalDefinition(
        names.SPAN_CLIENT, "The client's side of a request.", IDENTITY_ATTRIBUTES, WAIT_ATTRIBUTES
    ),
)


def render_markdown() -> str:
    """The reference page."""
    return "\n".join(
        [
            *INTRODUCTION,
            *render_section("Events", "Log records with an event name.", signal_rows(EVENTS)),
            *render_section("Spans", "One trace to a job.", signal_rows(SPANS)),
            *render_section("Attributes", "", attribute_rows()),
            *render_section("Metrics", "Ids never appear on metrics.", metric_rows()),
            *render_section("What others call them", "", alias_rows()),
        ]
    )


INTRODUCTION = (
    "# Signals",
    "",
    (
        "Written by `make generate` from `telemetry/signals/names.py` and "
        "`telemetry/offline/signals_page.py`."
    ),
    "",
    "Names of OpenTelemetry's GenAI conventions are used as they are; what those lack for video",
    "is named under `video.`.",
    "How to send them from a generator of your own:",
    "[connect your own generator](../how-to/connect-your-own-generator.md).",
    "",
)


def render_section(title: str, sentence: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head, *rest = rows
    yield from (f"## {title}", "", *((sentence, "") if sentence else ()))
    yield from (
        table_row(head),
        table_row(("---",) * len(head)),
        *(table_row(row) for row in rest),
        "",
    )


def table_row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def signal_rows(messages: Iterable[SignalDefinition]) -> Iterator[tuple[str, ...]]:
    yield ("name", "what it is", "attributes", "may also have")
    for item in messages:
        yield (
            inline_code(item.name),
            item.meaning,
            inline_codes(item.required),
            inline_codes(item.optional),
        )


def attribute_rows() -> Iterator[tuple[str, ...]]:
    columns = {name: column for column, name in SPAN_COLUMNS.items()}
    columns |= {name: column for column, (name, _) in EVENT_COLUMNS.items()}
    yield ("name", "type", "what it is", "column")
    for term in ATTRIBUTE_DEFINITIONS:
        yield (
            inline_code(term.name),
            term.kind,
            term.meaning,
            inline_code(columns.get(term.name, "")),
        )


def metric_rows() -> Iterator[tuple[str, ...]]:
    yield ("name", "instrument", "unit", "what it counts")
    for metric in names.METRICS:
        yield (
            inline_code(metric.name),
            metric.instrument,
            inline_code(metric.unit),
            metric_description(metric),
        )


def metric_description(metric: MetricSignal) -> str:
    edges = ", ".join(f"{edge:g}" for edge in metric.buckets)
    return f"{metric.description}." + (f" Upper edges: {edges}." if edges else "")


def alias_rows() -> Iterator[tuple[str, ...]]:
    yield ("ours", "whose", "their name", "how it differs")
    for alias in ALIASES:
        yield (
            inline_code(alias.name),
            alias.whose,
            inline_codes(alias.theirs.split(", ")),
            alias.differs,
        )


def inline_codes(texts: Iterable[str]) -> str:
    return ", ".join(inline_code(text) for text in texts)


def inline_code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.stdout.write(render_markdown())
