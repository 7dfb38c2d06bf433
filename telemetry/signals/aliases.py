"""What others call what framegate measures."""

from dataclasses import dataclass

from framegate.telemetry.signals import names


@dataclass(frozen=True, slots=True)
class Alias:
    """The same quantity elsewhere; ``differs`` says where the definitions part."""

    name: str
    whose: str
    theirs: str
    differs: str = ""


GENAI, WEBRTC = "OpenTelemetry GenAI", "WebRTC statistics"
VLLM, SGLANG = "vLLM-Omni", "SGLang diffusion"

# The names of vLLM-Omni and SGLang are those in their sources of 2026.
ALIASES = (
    Alias(
        names.METRIC_TTFP.name,
        GENAI,
        "gen_ai.client.operation.time_to_first_chunk",
        "seen by the client; a first chunk need not be playable",
    ),
    Alias(names.METRIC_TTFP.name, VLLM, "vllm_omni:audio_ttfp_s", "audio alone"),
    Alias(
        names.METRIC_JOB_DURATION.name,
        GENAI,
        "gen_ai.client.operation.duration",
        "seen by the client",
    ),
    Alias(
        names.METRIC_JOB_DURATION.name, GENAI, "gen_ai.server.request.duration", "without the queue"
    ),
    Alias(names.METRIC_JOB_DURATION.name, VLLM, "vllm_omni:e2e_request_latency_s"),
    Alias(
        names.METRIC_JOB_DURATION.name,
        SGLANG,
        "sglang:diffusion_request_latency_seconds",
        "without media encoding and delivery",
    ),
    Alias(names.METRIC_QUEUE_WAIT.name, VLLM, "vllm_omni:request_queue_wait_s"),
    Alias(names.METRIC_QUEUE_WAIT.name, SGLANG, "sglang:diffusion_queue_time_seconds"),
    Alias(
        names.METRIC_JOBS.name,
        VLLM,
        "vllm_omni:num_requests_waiting, vllm_omni:num_requests_running",
        "two gauges in place of a label",
    ),
    Alias(
        names.METRIC_JOBS.name,
        SGLANG,
        "sglang:diffusion_num_queue_reqs, sglang:diffusion_num_running_reqs",
        "two gauges in place of a label",
    ),
    Alias(
        names.METRIC_JOB_RESULTS.name,
        VLLM,
        "vllm_omni:requests_success_total",
        "successes alone",
    ),
    Alias(names.METRIC_JOB_RESULTS.name, SGLANG, "sglang:diffusion_requests_total"),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        GENAI,
        "gen_ai.client.operation.time_per_output_chunk",
        "from chunk to chunk at the client, waiting included",
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        WEBRTC,
        "totalInterFrameDelay",
        "a sum, at the receiver",
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name, VLLM, "vllm_omni:stage_gen_time_s", "a clip, not a frame"
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        SGLANG,
        "sglang:diffusion_stage_host_latency_seconds",
        "a clip, not a frame",
    ),
    Alias(names.METRIC_FRAMES.name, WEBRTC, "framesReceived", "at the receiver"),
    Alias(names.METRIC_FRAMES.name, VLLM, "vllm_omni:audio_frames_total", "audio alone"),
    Alias(
        names.STALL_COUNT,
        WEBRTC,
        "freezeCount",
        "a gap of three mean intervals, or one and 150 ms, whichever is longer",
    ),
    Alias(names.STALL_SECONDS, WEBRTC, "totalFreezesDuration", "of those gaps"),
    Alias(names.STALL_SECONDS, VLLM, "vllm_omni:audio_underrun_s", "audio alone"),
    Alias(names.STEPS, VLLM, "vllm_omni:num_inference_steps", "a metric"),
)
