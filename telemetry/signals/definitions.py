"""What every attribute, event and span means: the contents of docs/reference/signals.md."""

from dataclasses import dataclass

from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState, Workload


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """One attribute; ``kind`` is its OTLP type, with its unit where it has one."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """One span or event, with its required and its optional attributes."""

    name: str
    meaning: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


TEXT, INTEGER, NUMBER, SECONDS, FLAG = "text", "integer", "number", "number, seconds", "true, false"

ATTRIBUTE_DEFINITIONS = (
    AttributeDefinition(
        names.JOB_ID, TEXT, "Identifies the job; the same on all signals of one job."
    ),
    AttributeDefinition(names.JOB_STATE, TEXT, f"State of the job: {', '.join(JobState)}."),
    AttributeDefinition(
        names.WORKLOAD,
        TEXT,
        f"Workload class, which decides the objectives that apply: {', '.join(Workload)}.",
    ),
    AttributeDefinition(names.TENANT, TEXT, "Who the job is made and paid for."),
    AttributeDefinition(names.PROMPT, TEXT, "Text of the prompt."),
    AttributeDefinition(
        names.PROMPT_ID,
        TEXT,
        "Hash of prompt, seed, size, seconds and fps; jobs with the same hash can be compared.",
    ),
    AttributeDefinition(names.SEED, INTEGER, "Seed of the random numbers."),
    AttributeDefinition(names.MODEL_REQUESTED, TEXT, "Model named in the request."),
    AttributeDefinition(names.MODEL, TEXT, "Model version that made the clip."),
    AttributeDefinition(names.OPERATION, TEXT, "Always `generate_content`."),
    AttributeDefinition(
        names.OUTPUT_TYPE, TEXT, "Always `video`, which the GenAI conventions do not list yet."
    ),
    AttributeDefinition(names.WIDTH, f"{INTEGER}, pixels", "Width of the clip."),
    AttributeDefinition(names.HEIGHT, f"{INTEGER}, pixels", "Height of the clip."),
    AttributeDefinition(names.FPS, NUMBER, "Frames per second."),
    AttributeDefinition(names.DURATION, SECONDS, "Playing time of the clip."),
    AttributeDefinition(names.STEPS, INTEGER, "Denoising steps per frame."),
    AttributeDefinition(
        names.FRAMES, INTEGER, "Frames generated or, in a client's report, received."
    ),
    AttributeDefinition(
        names.FRAMES_LATE, INTEGER, "Frames that took longer to generate than they are displayed."
    ),
    AttributeDefinition(
        names.PLAYBACK_LAG,
        SECONDS,
        "How late the latest frame was, compared with its playback time.",
    ),
    AttributeDefinition(
        names.JOB_COST,
        f"{NUMBER}, money",
        "Cost of the job, in the currency of the worker's price.",
    ),
    AttributeDefinition(
        names.WORKER,
        TEXT,
        "Worker that made the clip; a small set of names, constant while a worker lives.",
    ),
    AttributeDefinition(names.REPLACES, TEXT, "Job that this one replaces."),
    AttributeDefinition(
        names.TIME_TO_FIRST_PLAYABLE,
        SECONDS,
        "From the accepted request to the first decodable fragment.",
    ),
    AttributeDefinition(names.CLIP_URL, TEXT, "URL from which the quality worker reads the clip."),
    AttributeDefinition(names.CLIP_BYTES, f"{INTEGER}, bytes", "Size of the clip."),
    AttributeDefinition(names.CLIP_SHA256, TEXT, "SHA-256 of the clip, in hexadecimal."),
    AttributeDefinition(names.REFERENCE_URL, TEXT, "URL of the reference footage."),
    AttributeDefinition(names.ERROR_TYPE, TEXT, "Kind of error, from a small set of words."),
    AttributeDefinition(names.ERROR_MESSAGE, TEXT, "Description of the error."),
    AttributeDefinition(names.STAGE, TEXT, "Pipeline stage of the span."),
    AttributeDefinition(
        names.STAGE_BUSY,
        SECONDS,
        "Time spent working in the stage; the span's duration also includes waiting.",
    ),
    AttributeDefinition(
        names.FRAME_SECONDS,
        f"list of {NUMBER}s, seconds",
        "Time spent on each frame, in frame order.",
    ),
    AttributeDefinition(
        names.EVALUATION_NAME, TEXT, "Definition id of the metric, such as `ssim_wang_rgb_v1`."
    ),
    AttributeDefinition(
        names.EVALUATION_VALUE, NUMBER, "Score of the clip; absent when the metric has no value."
    ),
    AttributeDefinition(names.EVALUATION_EXPLANATION, TEXT, "Why the metric has no value."),
    AttributeDefinition(names.EVALUATION_MIN, NUMBER, "Lowest score of a frame."),
    AttributeDefinition(names.EVALUATION_MAX, NUMBER, "Highest score of a frame."),
    AttributeDefinition(names.EVALUATION_FRAMES, INTEGER, "Number of frames scored."),
    AttributeDefinition(
        names.EVALUATION_SAMPLED_EVERY, INTEGER, "n if the metric scored one frame in n."
    ),
    AttributeDefinition(
        names.FINDING, TEXT, "Kind of fault in the file, from a small set of words."
    ),
    AttributeDefinition(names.FINDING_DETAIL, TEXT, "Description of the fault."),
    AttributeDefinition(names.PIXEL_FORMAT, TEXT, "Sampling and depth of the planes: `yuv420p`."),
    AttributeDefinition(names.HAS_AUDIO, FLAG, "Whether the file has an audio track."),
    AttributeDefinition(
        names.FRAMES_DIGEST, TEXT, "Digest of the decoded frames; equal for equal pictures."
    ),
    AttributeDefinition(
        names.CLIP_FAULTS, TEXT, "Kinds of faults in the clip's file, separated by commas."
    ),
    AttributeDefinition(
        names.DRIFT_SINCE, f"{INTEGER}, ns", "When the scores began to drop, in Unix nanoseconds."
    ),
    AttributeDefinition(
        names.DRIFT_FOUND,
        f"{INTEGER}, ns",
        "When there were enough scores to detect the drop, in Unix nanoseconds.",
    ),
    AttributeDefinition(names.DRIFT_BEFORE, NUMBER, "Median score before the drop."),
    AttributeDefinition(names.DRIFT_AFTER, NUMBER, "Median score after the drop."),
    AttributeDefinition(names.DRIFT_CLIPS, INTEGER, "Clips scored after the drop."),
    AttributeDefinition(names.UNSAFE, FLAG, "Whether the audit found the clip unsafe."),
    AttributeDefinition(names.OUTCOME, TEXT, "How the request ended."),
    AttributeDefinition(names.PLAYABLE, FLAG, "Whether the client could decode what it received."),
    AttributeDefinition(names.STALL_COUNT, INTEGER, "Number of stalls."),
    AttributeDefinition(names.STALL_SECONDS, SECONDS, "Total duration of all stalls."),
    AttributeDefinition(
        names.CLIENT_SECONDS, SECONDS, "From sending the request to receiving the last byte."
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
        "A job changed its state; the first event is sent when the request is accepted.",
        (*IDENTITY_ATTRIBUTES, names.JOB_STATE),
        (*REQUEST_ATTRIBUTES, *RESULT_ATTRIBUTES),
    ),
    SignalDefinition(
        names.EVENT_FIRST_PLAYABLE,
        "The first decodable fragment of a clip was sent.",
        (*IDENTITY_ATTRIBUTES, names.JOB_STATE, names.TIME_TO_FIRST_PLAYABLE),
        (*REQUEST_ATTRIBUTES, names.WORKER),
    ),
    SignalDefinition(
        names.EVENT_EVALUATION,
        "Score of one clip by one metric; sent by the quality worker.",
        (*IDENTITY_ATTRIBUTES, names.EVALUATION_NAME),
        (
            names.EVALUATION_VALUE,
            names.EVALUATION_MIN,
            names.EVALUATION_MAX,
            names.EVALUATION_FRAMES,
            names.EVALUATION_SAMPLED_EVERY,
            names.EVALUATION_EXPLANATION,
            *PAIRING_ATTRIBUTES,
        ),
    ),
    SignalDefinition(
        names.EVENT_FINDING,
        "The file of a clip or of a reference is faulty; sent by the quality worker.",
        (*IDENTITY_ATTRIBUTES, names.FINDING, names.FINDING_DETAIL),
        PAIRING_ATTRIBUTES,
    ),
    SignalDefinition(
        names.EVENT_DELIVERY,
        "What a clip's file delivers, measured from its frames; sent by the quality worker.",
        (
            *IDENTITY_ATTRIBUTES,
            *(names.FRAMES, names.DURATION, names.FPS, names.WIDTH, names.HEIGHT),
            *(names.PIXEL_FORMAT, names.HAS_AUDIO, names.FRAMES_DIGEST, names.CLIP_FAULTS),
        ),
        PAIRING_ATTRIBUTES,
    ),
    SignalDefinition(
        names.EVENT_DRIFT,
        "The scores of a model got worse; sent once, by one of the quality workers.",
        (
            *(names.WORKLOAD, names.MODEL, names.EVALUATION_NAME),
            *(names.DRIFT_SINCE, names.DRIFT_FOUND, names.DRIFT_BEFORE, names.DRIFT_AFTER),
            *(names.DRIFT_CLIPS, names.JOB_ID),
        ),
    ),
    SignalDefinition(
        names.EVENT_AUDIT,
        "Result of an audit of a released clip; sent by whoever audits.",
        (names.JOB_ID, names.UNSAFE),
        (names.WORKLOAD, names.MODEL),
    ),
    SignalDefinition(
        names.EVENT_CLIENT_OUTCOME,
        "What a client measured for one request; sent by the load test.",
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
        "The job, from the request to the last byte; parent of the other spans.",
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
        names.SPAN_QUEUE, "Waiting for a free worker.", IDENTITY_ATTRIBUTES, WAIT_ATTRIBUTES
    ),
    SignalDefinition(names.SPAN_LOAD, "Loading the model.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES),
    SignalDefinition(
        names.SPAN_DENOISE,
        "Denoising all frames.",
        IDENTITY_ATTRIBUTES,
        STAGE_ATTRIBUTES,
    ),
    SignalDefinition(
        names.SPAN_DECODE, "Decoding latents into pixels.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES
    ),
    SignalDefinition(
        names.SPAN_ENCODE, "Encoding pixels into video.", IDENTITY_ATTRIBUTES, STAGE_ATTRIBUTES
    ),
    SignalDefinition(
        names.SPAN_UPLOAD,
        "Uploading the clip to the artifact store.",
        IDENTITY_ATTRIBUTES,
        WAIT_ATTRIBUTES,
    ),
    SignalDefinition(
        names.SPAN_DELIVER,
        "Sending the clip to its client.",
        IDENTITY_ATTRIBUTES,
        (*WAIT_ATTRIBUTES, names.CLIP_BYTES),
    ),
    SignalDefinition(
        names.SPAN_SCORE, "Scoring the clip.", IDENTITY_ATTRIBUTES, PAIRING_ATTRIBUTES
    ),
    SignalDefinition(
        names.SPAN_CLIENT,
        "The request as its client sees it.",
        IDENTITY_ATTRIBUTES,
        WAIT_ATTRIBUTES,
    ),
)
