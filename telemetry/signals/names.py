"""Every signal name framegate sends or reads: spans, events, attributes, metrics.

Names that OpenTelemetry's GenAI conventions define are used as they are; what those lack for
video begins with ``video.``.
Times are in seconds, sizes in bytes or pixels; ids never appear on metrics.
"""

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """The states of a generation job, in the order a successful one passes through them."""

    QUEUED = "queued"
    PROCESSING = "processing"
    ENCODED = "encoded"
    UPLOADED = "uploaded"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Workload(StrEnum):
    """The workload classes; each has objectives of its own."""

    REALTIME = "realtime"
    INTERACTIVE = "interactive"
    BATCH = "batch"


# Attributes of every job span and job event.
JOB_ID = "video.job.id"
JOB_STATE = "video.job.state"
WORKLOAD = "video.workload"
TENANT = "video.tenant"
PROMPT = "video.prompt"
PROMPT_ID = "video.prompt.id"  # content hash of prompt, seed, size, seconds, fps: the pairing key
SEED = "gen_ai.request.seed"
MODEL_REQUESTED = "gen_ai.request.model"
MODEL = "gen_ai.response.model"  # the model version that made the clip
OPERATION = "gen_ai.operation.name"
OUTPUT_TYPE = "gen_ai.output.type"
WIDTH = "video.width"
HEIGHT = "video.height"
FPS = "video.fps"
DURATION = "video.duration"
STEPS = "video.denoise.steps"
FRAMES = "video.frames"
FRAMES_LATE = "video.frames.late"  # took longer to make than they are displayed
PLAYBACK_LAG = "video.playback.lag"  # seconds; how late the latest frame was
JOB_COST = "video.job.cost"  # in the currency of the worker's price
WORKER = "video.worker.id"  # constant while a worker lives; few values
REPLACES = "video.job.replaces"  # the job that this one replaces
TIME_TO_FIRST_PLAYABLE = "video.time_to_first_playable"
CLIP_URL = "video.clip.url"
CLIP_BYTES = "video.clip.bytes"
CLIP_SHA256 = "video.clip.sha256"
REFERENCE_URL = "video.reference.url"
ERROR_TYPE = "error.type"
ERROR_MESSAGE = "error.message"

# Attributes of stage spans.
STAGE = "video.stage"
STAGE_BUSY = "video.stage.busy"  # seconds spent in the stage; its span also holds the waiting
FRAME_SECONDS = "video.frame.seconds"  # one number per frame, in order

# Attributes of evaluation events (OpenTelemetry GenAI).
EVALUATION_NAME = "gen_ai.evaluation.name"  # a metric definition id
EVALUATION_VALUE = "gen_ai.evaluation.score.value"
EVALUATION_EXPLANATION = "gen_ai.evaluation.explanation"  # why there is no value
EVALUATION_MIN = "video.evaluation.min"
EVALUATION_MAX = "video.evaluation.max"
EVALUATION_FRAMES = "video.evaluation.frames"
EVALUATION_SAMPLED_EVERY = "video.evaluation.sampled_every"  # one frame in so many was scored

# Attributes of findings about a clip's file.
FINDING = "video.finding.id"
FINDING_DETAIL = "video.finding.detail"

# Attributes of what a clip's file delivers, measured from its decoded frames.
PIXEL_FORMAT = "video.pixel_format"
HAS_AUDIO = "video.audio"
FRAMES_DIGEST = "video.frames.digest"  # equal for clips that show the same frames
CLIP_FAULTS = "video.clip.faults"  # ids, separated by commas

# Attributes of changes in scores over time; times are Unix nanoseconds.
DRIFT_SINCE = "video.drift.since"
DRIFT_FOUND = "video.drift.found"
DRIFT_BEFORE = "video.drift.before"
DRIFT_AFTER = "video.drift.after"
DRIFT_CLIPS = "video.drift.clips"

# Attributes of audits.
UNSAFE = "video.safety.unsafe"

# Attributes of client outcomes.
OUTCOME = "video.client.outcome"
PLAYABLE = "video.client.playable"
STALL_COUNT = "video.client.stall.count"
STALL_SECONDS = "video.client.stall.duration"
CLIENT_SECONDS = "video.client.duration"

# Spans.
SPAN_JOB = "video.job"
SPAN_QUEUE = "video.queue"
SPAN_LOAD = "video.load"
SPAN_DENOISE = "video.denoise"
SPAN_DECODE = "video.decode"
SPAN_ENCODE = "video.encode"
SPAN_UPLOAD = "video.upload"
SPAN_DELIVER = "video.deliver"
SPAN_SCORE = "video.score"
SPAN_CLIENT = "video.client"

# Events (log records with an event name).
EVENT_JOB_STATE = "video.job.state"
EVENT_FIRST_PLAYABLE = "video.job.first_playable"
EVENT_EVALUATION = "gen_ai.evaluation.result"
EVENT_FINDING = "video.quality.finding"
EVENT_DELIVERY = "video.quality.delivery"
EVENT_DRIFT = "video.quality.drift"
EVENT_AUDIT = "video.safety.audit"
EVENT_CLIENT_OUTCOME = "video.client.outcome"


class Instrument(StrEnum):
    COUNTER = "counter"
    UP_DOWN_COUNTER = "updowncounter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class MetricSignal:
    """One metric as it is declared to OpenTelemetry; buckets are upper edges in ``unit``."""

    name: str
    instrument: Instrument
    unit: str
    description: str
    buckets: tuple[float, ...] = ()


# The GenAI conventions' edges, plus edges at our own deadlines (50 ms frame, 1, 2 and 60 s to first
# playable, 15 and 30 s end to end), so that a count at a threshold is exact.
SECONDS_BUCKETS = (
    0.005, 0.01, 0.02, 0.04, 0.05, 0.08, 0.1, 0.16, 0.32, 0.5, 0.64, 1.0, 1.28, 2.0, 2.56,
    5.12, 10.24, 15.0, 20.48, 30.0, 40.96, 60.0, 81.92, 300.0, 3600.0,
)  # fmt: skip

METRIC_JOBS = MetricSignal(
    "video.jobs", Instrument.UP_DOWN_COUNTER, "{job}", "Jobs currently in each unfinished state"
)
METRIC_JOB_RESULTS = MetricSignal(
    "video.job.results", Instrument.COUNTER, "{job}", "Finished jobs by outcome"
)
METRIC_JOB_DURATION = MetricSignal(
    "video.job.duration",
    Instrument.HISTOGRAM,
    "s",
    "From the accepted request to the final artifact",
    SECONDS_BUCKETS,
)
METRIC_TTFP = MetricSignal(
    "video.time_to_first_playable",
    Instrument.HISTOGRAM,
    "s",
    "From the accepted request to the first decodable fragment",
    SECONDS_BUCKETS,
)
METRIC_QUEUE_WAIT = MetricSignal(
    "video.queue.wait.duration",
    Instrument.HISTOGRAM,
    "s",
    "From the accepted request to a worker starting on it",
    SECONDS_BUCKETS,
)
METRIC_FRAME_DURATION = MetricSignal(
    "video.frame.duration",
    Instrument.HISTOGRAM,
    "s",
    "Time spent on one frame, by stage",
    SECONDS_BUCKETS,
)
METRIC_UTILIZATION = MetricSignal(
    "video.worker.utilization",
    Instrument.GAUGE,
    "1",
    "Share of time in which workers made clips, since the last collection",
)
METRIC_FRAMES = MetricSignal("video.frames", Instrument.COUNTER, "{frame}", "Frames generated")
METRIC_CLIPS_SCORED = MetricSignal(
    "video.quality.clips", Instrument.COUNTER, "{clip}", "Clips scored, by outcome"
)
METRIC_SCORE_DURATION = MetricSignal(
    "video.quality.score.duration",
    Instrument.HISTOGRAM,
    "s",
    "Time to score one clip",
    SECONDS_BUCKETS,
)

METRIC_BACKLOG = MetricSignal(
    "video.quality.backlog",
    Instrument.GAUGE,
    "{clip}",
    "Finished clips waiting to be scored, at most 1000",
)
METRIC_LAG = MetricSignal(
    "video.quality.lag",
    Instrument.GAUGE,
    "s",
    "Age of the oldest clip waiting to be scored, or time since the collector last answered",
)
METRIC_SCORING = MetricSignal(
    "video.quality.scoring", Instrument.GAUGE, "{clip}", "Clips that this worker is scoring now"
)
METRIC_LEASES_LOST = MetricSignal(
    "video.quality.leases.lost",
    Instrument.COUNTER,
    "{lease}",
    "Clips whose lease expired and that another worker took over",
)
METRIC_FINDINGS = MetricSignal(
    "video.quality.findings",
    Instrument.COUNTER,
    "{finding}",
    "Faults found in clip files, by finding",
)
METRIC_DRIFTS = MetricSignal(
    "video.quality.drifts",
    Instrument.COUNTER,
    "{change}",
    "Drops detected in a model's scores",
)

METRICS = (
    METRIC_JOBS,
    METRIC_JOB_RESULTS,
    METRIC_JOB_DURATION,
    METRIC_TTFP,
    METRIC_QUEUE_WAIT,
    METRIC_FRAME_DURATION,
    METRIC_FRAMES,
    METRIC_UTILIZATION,
    METRIC_CLIPS_SCORED,
    METRIC_SCORE_DURATION,
    METRIC_BACKLOG,
    METRIC_LAG,
    METRIC_SCORING,
    METRIC_LEASES_LOST,
    METRIC_FINDINGS,
    METRIC_DRIFTS,
)
