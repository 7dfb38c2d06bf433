"""Jobs and scores of two model versions, sent to a real collector."""

import numpy as np

from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState, Workload

SSIM, LPIPS, FLICKER = "ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"
BASE = {SSIM: 0.95, LPIPS: 0.05, FLICKER: 0.4}
CANARY = "ref-2-draft"
STABLE = "ref-1"


def scored(url: str, model: str, *, prompts: range, worse: float = 0.0) -> None:
    """Send a model's jobs that are complete, one prompt each, and their scores."""
    source = np.random.default_rng(prompts.start)
    telemetry = start_telemetry("worker", endpoint=url)
    for prompt in prompts:
        tell_of_job(telemetry, model, prompt, JobState.COMPLETE)
        for metric, base in BASE.items():
            value = base + 0.003 * source.normal() - (worse if metric == SSIM else 0.0)
            telemetry.event(
                names.EVENT_EVALUATION,
                {
                    names.JOB_ID: f"{model}-{prompt}",
                    names.MODEL: model,
                    names.PROMPT_ID: f"p{prompt}",
                    names.EVALUATION_NAME: metric,
                    names.EVALUATION_VALUE: float(value),
                },
            )
    telemetry.shutdown()


def delivered(url: str, model: str, *, prompts: range, **changes: str | bool | int | float) -> None:
    """Send what the clips of a model's jobs deliver; each shows frames of its own."""
    telemetry = start_telemetry("worker", endpoint=url)
    for prompt in prompts:
        usual: dict[str, str | bool | int | float | list[float]] = {
            names.JOB_ID: f"{model}-{prompt}",
            names.MODEL: model,
            names.FRAMES: 16,
            names.DURATION: 2.0,
            names.FPS: 8.0,
            names.WIDTH: 256,
            names.HEIGHT: 256,
            names.PIXEL_FORMAT: "yuv420p",
            names.HAS_AUDIO: False,
            names.FRAMES_DIGEST: f"{model} {prompt}",
            names.CLIP_FAULTS: "",
        }
        telemetry.event(names.EVENT_DELIVERY, usual | changes)
    telemetry.shutdown()


def unscored(url: str, model: str, state: JobState, *, prompts: range) -> None:
    """Send a model's jobs that have no score, one prompt each."""
    telemetry = start_telemetry("worker", endpoint=url)
    for prompt in prompts:
        tell_of_job(telemetry, model, prompt, state)
    telemetry.shutdown()


def tell_of_job(telemetry: Telemetry, model: str, prompt: int, state: JobState) -> None:
    telemetry.event(
        names.EVENT_JOB_STATE,
        {
            names.JOB_ID: f"{model}-{prompt}",
            names.JOB_STATE: state.value,
            names.WORKLOAD: Workload.BATCH.value,
            names.MODEL: model,
            names.PROMPT_ID: f"p{prompt}",
        },
    )
