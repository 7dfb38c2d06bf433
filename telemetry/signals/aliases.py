"""Names of the same quantities in other projects."""

from dataclasses import dataclass

from framegate.telemetry.signals import names


@dataclass(frozen=True, slots=True)
class Alias:
    """The same quantity in another project; ``difference`` says where the definitions differ."""

    name: str
    project: str
    their_name: str
    difference: str = ""


GENAI, WEBRTC = "OpenTelemetry GenAI", "WebRTC statistics"
VLLM, SGLANG = "vLLM-Omni", "SGLang diffusion"

# The names of vLLM-Omni and SGLang are those in their sources of 2026.
ALIASES = (
    Alias(
        names.METRIC_TTFP.name,
        GENAI,
        "gen_ai.client.operation.time_to_first_chunk",
        "measured by the client; the first chunk need not be playable",
    ),
    Alias(names.METRIC_TTFP.name, VLLM, "vllm_omni:audio_ttfp_s", "audio only"),
    Alias(
        names.METRIC_JOB_DURATION.name,
        GENAI,
        "gen_ai.client.operation.duration",
        "measured by the client",
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
        "two gauges instead of one with a label",
    ),
    Alias(
        names.METRIC_JOBS.name,
        SGLANG,
        "sglang:diffusion_num_queue_reqs, sglang:diffusion_num_running_reqs",
        "two gauges instead of one with a label",
    ),
    Alias(
        names.METRIC_JOB_RESULTS.name,
        VLLM,
        "vllm_omni:requests_success_total",
        "successful jobs only",
    ),
    Alias(names.METRIC_JOB_RESULTS.name, SGLANG, "sglang:diffusion_requests_total"),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        GENAI,
        "gen_ai.client.operation.time_per_output_chunk",
        "between two chunks at the client, including waiting",
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        WEBRTC,
        "totalInterFrameDelay",
        "a sum, measured by the receiver",
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        VLLM,
        "vllm_omni:stage_gen_time_s",
        "per clip, not per frame",
    ),
    Alias(
        names.METRIC_FRAME_DURATION.name,
        SGLANG,
        "sglang:diffusion_stage_host_latency_seconds",
        "per clip, not per frame",
    ),
    Alias(names.METRIC_FRAMES.name, WEBRTC, "framesReceived", "measured by the receiver"),
    Alias(names.METRIC_FRAMES.name, VLLM, "vllm_omni:audio_frames_total", "audio only"),
    Alias(
        names.STALL_COUNT,
        WEBRTC,
        "freezeCount",
        "gaps longer than three mean frame intervals, and than one interval plus 150 ms",
    ),
    Alias(names.STALL_SECONDS, WEBRTC, "totalFreezesDuration", "total duration of those gaps"),
    Alias(names.STALL_SECONDS, VLLM, "vllm_omni:audio_underrun_s", "audio only"),
    Alias(names.STEPS, VLLM, "vllm_omni:num_inference_steps", "a metric"),
)
