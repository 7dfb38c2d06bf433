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
from framegate.telemetry.signals.names import JobState, Metric, Workload


@dataclass(frozen=True, slots=True)
class Term:
    """One attribute; ``kind`` is its OTLP type, with its unit where it has one."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Message:
    """One span or event: its attributes that something reads, and those that may be left out."""

    name: str
    meaning: str
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


TEXT, INTEGER, NUMBER, SECONDS, FLAG = "text", "integer", "number", "number, seconds", "true, false"

TERMS = (
    Term(names.JOB_ID, TEXT, "The generation, the same on everything that belongs to it."),
    Term(names.JOB_STATE, TEXT, f"{', '.join(JobState)}."),
    Term(names.WORKLOAD, TEXT, f"{', '.join(Workload)}: which objectives apply."),
    Term(names.TENANT, TEXT, "Who asked."),
    Term(names.PROMPT, TEXT, "What was asked for."),
    Term(names.PROMPT_ID, TEXT, "Hash of prompt, seed, size, seconds and fps: pairs two models."),
    Term(names.SEED, INTEGER, "The random seed."),
    Term(names.MODEL_REQUESTED, TEXT, "The model that was asked for."),
    Term(names.MODEL, TEXT, "The model version that made the clip."),
    Term(names.OPERATION, TEXT, "`generate_content`."),
    Term(names.OUTPUT_TYPE, TEXT, "`video`, a value that GenAI's list does not have yet."),
    Term(names.WIDTH, f"{INTEGER}, pixels", "Width of the clip."),
    Term(names.HEIGHT, f"{INTEGER}, pixels", "Height of the clip."),
    Term(names.FPS, NUMBER, "Frames a second of playing."),
    Term(names.DURATION, SECONDS, "Length of the clip when played."),
    Term(names.STEPS, INTEGER, "Denoising steps for each frame."),
    Term(names.FRAMES, INTEGER, "Frames made, or received."),
    Term(names.FRAMES_LATE, INTEGER, "Frames that took longer to make than they are shown."),
    Term(names.PLAYBACK_LAG, SECONDS, "The most that a frame came after its time in the playing."),
    Term(names.JOB_COST, f"{NUMBER}, money", "What the job cost, in the currency of the price."),
    Term(names.WORKER, TEXT, "The worker that made the clip; few, and the same for its life."),
    Term(names.REPLACES, TEXT, "The job whose clip this one is made in place of."),
    Term(names.TIME_TO_FIRST_PLAYABLE, SECONDS, "From accepted request to first decodable part."),
    Term(names.CLIP_URL, TEXT, "Where the quality worker reads the clip."),
    Term(names.CLIP_BYTES, f"{INTEGER}, bytes", "Size of the clip."),
    Term(names.CLIP_SHA256, TEXT, "Hash of the clip, in hex."),
    Term(names.REFERENCE_URL, TEXT, "Footage that the clip is measured against."),
    Term(names.ERROR_TYPE, TEXT, "What went wrong, in one low-cardinality word."),
    Term(names.ERROR_MESSAGE, TEXT, "What went wrong, for a person."),
    Term(names.STAGE, TEXT, "The stage of the pipeline that a span is of."),
    Term(names.STAGE_BUSY, SECONDS, "Work in the stage; its span also holds the waiting."),
    Term(names.FRAME_SECONDS, f"list of {NUMBER}s, seconds", "Work on each frame, in order."),
    Term(names.EVALUATION_NAME, TEXT, "Metric definition, such as `ssim_wang_rgb_v1`."),
    Term(names.EVALUATION_VALUE, NUMBER, "The clip's score; absent when there is none."),
    Term(names.EVALUATION_LABEL, TEXT, "A verdict in words."),
    Term(names.EVALUATION_EXPLANATION, TEXT, "Why there is no value."),
    Term(names.EVALUATION_MIN, NUMBER, "The lowest frame's score."),
    Term(names.EVALUATION_MAX, NUMBER, "The highest frame's score."),
    Term(names.EVALUATION_FRAMES, INTEGER, "Frames that were scored."),
    Term(names.FINDING, TEXT, "What is wrong with a file, in one low-cardinality word."),
    Term(names.FINDING_DETAIL, TEXT, "The same for a person."),
    Term(names.DRIFT_SINCE, f"{INTEGER}, ns", "When scores began to be worse, by the clock."),
    Term(names.DRIFT_FOUND, f"{INTEGER}, ns", "When there were scores enough to say so."),
    Term(names.DRIFT_BEFORE, NUMBER, "Median of the scores before."),
    Term(names.DRIFT_AFTER, NUMBER, "Median of the scores after."),
    Term(names.DRIFT_CLIPS, INTEGER, "Clips after."),
    Term(names.UNSAFE, FLAG, "Whether an audit of a released clip found it unsafe."),
    Term(names.OUTCOME, TEXT, "How a request ended: for a client, or on a metric."),
    Term(names.PLAYABLE, FLAG, "Whether what came can be decoded."),
    Term(names.STALL_COUNT, INTEGER, "Times that playing had to wait."),
    Term(names.STALL_SECONDS, SECONDS, "How long it waited in all."),
    Term(names.CLIENT_SECONDS, SECONDS, "From sending the request to the last byte."),
)

IDENTITY = (names.JOB_ID, names.WORKLOAD)
ASKED = (
    names.TENANT, names.MODEL_REQUESTED, names.MODEL, names.PROMPT, names.PROMPT_ID, names.SEED,
    names.WIDTH, names.HEIGHT, names.FPS, names.DURATION, names.STEPS, names.REPLACES,
)  # fmt: skip
MADE = (
    names.FRAMES, names.TIME_TO_FIRST_PLAYABLE, names.CLIP_URL, names.CLIP_BYTES,
    names.CLIP_SHA256, names.REFERENCE_URL, names.ERROR_TYPE, names.ERROR_MESSAGE,
    names.FRAMES_LATE, names.PLAYBACK_LAG, names.JOB_COST, names.WORKER,
)  # fmt: skip
WAITED = (names.MODEL, names.ERROR_TYPE)
WORKED = (names.MODEL, names.STAGE, names.STAGE_BUSY, names.FRAME_SECONDS, names.ERROR_TYPE)
PAIRED = (names.MODEL, names.PROMPT_ID, names.SEED)

EVENTS = (
    Message(
        names.EVENT_JOB_STATE,
        "One for each change of a job's state, the first when the request is accepted.",
        (*IDENTITY, names.JOB_STATE),
        (*ASKED, *MADE),
    ),
    Message(
        names.EVENT_FIRST_PLAYABLE,
        "When the first part of a clip that a decoder takes was sent.",
        (*IDENTITY, names.JOB_STATE, names.TIME_TO_FIRST_PLAYABLE),
        (*ASKED, names.WORKER),
    ),
    Message(
        names.EVENT_EVALUATION,
        "One for each clip and metric, sent by the quality worker.",
        (*IDENTITY, names.EVALUATION_NAME),
        (
            names.EVALUATION_VALUE,
            names.EVALUATION_MIN,
            names.EVALUATION_MAX,
            names.EVALUATION_FRAMES,
            names.EVALUATION_EXPLANATION,
            *PAIRED,
        ),
    ),
    Message(
        names.EVENT_FINDING,
        "A clip's file, or its reference's, does not hold what it says; from the quality worker.",
        (*IDENTITY, names.FINDING, names.FINDING_DETAIL),
        PAIRED,
    ),
    Message(
        names.EVENT_DRIFT,
        "A model's scores got worse over time; sent once by one of the quality workers.",
        (
            *(names.WORKLOAD, names.MODEL, names.EVALUATION_NAME),
            *(names.DRIFT_SINCE, names.DRIFT_FOUND, names.DRIFT_BEFORE, names.DRIFT_AFTER),
            *(names.DRIFT_CLIPS, names.JOB_ID),
        ),
    ),
    Message(
        names.EVENT_AUDIT,
        "Somebody looked at a clip after its release; from whoever audits.",
        (names.JOB_ID, names.UNSAFE),
        (names.WORKLOAD, names.MODEL),
    ),
    Message(
        names.EVENT_CLIENT_OUTCOME,
        "What a client saw of one request, sent by the load test.",
        (*IDENTITY, names.OUTCOME, names.PLAYABLE),
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
    Message(
        names.SPAN_JOB,
        "A job from request to last byte; the others are below it.",
        IDENTITY,
        (names.JOB_STATE, names.OPERATION, names.OUTPUT_TYPE, *ASKED, *MADE),
    ),
    Message(names.SPAN_QUEUE, "Waiting for a worker.", IDENTITY, WAITED),
    Message(names.SPAN_LOAD, "Loading the model.", IDENTITY, WORKED),
    Message(names.SPAN_DENOISE, "Denoising, all frames and steps.", IDENTITY, WORKED),
    Message(names.SPAN_DECODE, "Latents to pixels.", IDENTITY, WORKED),
    Message(names.SPAN_ENCODE, "Pixels to video.", IDENTITY, WORKED),
    Message(names.SPAN_UPLOAD, "Clip to artifact store.", IDENTITY, WAITED),
    Message(names.SPAN_DELIVER, "Clip to its client.", IDENTITY, (*WAITED, names.CLIP_BYTES)),
    Message(names.SPAN_SCORE, "Scoring the clip.", IDENTITY, PAIRED),
    Message(names.SPAN_CLIENT, "The client's side of a request.", IDENTITY, WAITED),
)


def markdown() -> str:
    """The reference page."""
    return "\n".join(
        [
            *INTRODUCTION,
            *chapter("Events", "Log records with an event name.", message_rows(EVENTS)),
            *chapter("Spans", "One trace to a job.", message_rows(SPANS)),
            *chapter("Attributes", "", attribute_rows()),
            *chapter("Metrics", "Ids never appear on metrics.", metric_rows()),
            *chapter("What others call them", "", alias_rows()),
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


def chapter(title: str, sentence: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head, *rest = rows
    yield from (f"## {title}", "", *((sentence, "") if sentence else ()))
    yield from (line(head), line(("---",) * len(head)), *(line(row) for row in rest), "")


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def message_rows(messages: Iterable[Message]) -> Iterator[tuple[str, ...]]:
    yield ("name", "what it is", "attributes", "may also have")
    for item in messages:
        yield (code(item.name), item.meaning, codes(item.needed), codes(item.optional))


def attribute_rows() -> Iterator[tuple[str, ...]]:
    columns = {name: column for column, name in SPAN_COLUMNS.items()}
    columns |= {name: column for column, (name, _) in EVENT_COLUMNS.items()}
    yield ("name", "type", "what it is", "column")
    for term in TERMS:
        yield (code(term.name), term.kind, term.meaning, code(columns.get(term.name, "")))


def metric_rows() -> Iterator[tuple[str, ...]]:
    yield ("name", "instrument", "unit", "what it counts")
    for metric in names.METRICS:
        yield (code(metric.name), metric.instrument, code(metric.unit), described(metric))


def described(metric: Metric) -> str:
    edges = ", ".join(f"{edge:g}" for edge in metric.buckets)
    return f"{metric.description}." + (f" Upper edges: {edges}." if edges else "")


def alias_rows() -> Iterator[tuple[str, ...]]:
    yield ("ours", "whose", "their name", "how it differs")
    for alias in ALIASES:
        yield (code(alias.name), alias.whose, codes(alias.theirs.split(", ")), alias.differs)


def codes(texts: Iterable[str]) -> str:
    return ", ".join(code(text) for text in texts)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.stdout.write(markdown())
