"""What the demo asks for: a dozen prompts over all three workload classes."""

from collections.abc import Mapping

from framegate.loadtest.mix import ClipRequest
from framegate.telemetry.signals.names import Workload

ClipSeconds = Mapping[Workload, float]
CLIP_SECONDS: ClipSeconds = {Workload.REALTIME: 1.0, Workload.INTERACTIVE: 2.0, Workload.BATCH: 3.0}

PROMPTS: tuple[tuple[Workload, str], ...] = (
    (Workload.INTERACTIVE, "a red ball bouncing over the sea at sunset"),
    (Workload.REALTIME, "two golden stars orbiting in space"),
    (Workload.BATCH, "a blue cube sliding across the desert"),
    (Workload.INTERACTIVE, "a pink diamond drifting through the sky"),
    (Workload.REALTIME, "three green rings swinging in the forest"),
    (Workload.BATCH, "an orange triangle sailing on the lake at dawn"),
    (Workload.INTERACTIVE, "a white moon floating over the city at night"),
    (Workload.REALTIME, "a purple star spinning in a studio"),
    (Workload.BATCH, "a cyan bubble pulsing in the ocean"),
    (Workload.INTERACTIVE, "a brown crate sliding through the snow"),
    (Workload.REALTIME, "a yellow balloon rising over a field"),
    (Workload.BATCH, "two teal wheels rolling in the room"),
)


def demo_prompts() -> list[ClipRequest]:
    """The prompts with their seeds, the same at every run."""
    return [
        ClipRequest(prompt=prompt, seed=number, workload=workload)
        for number, (workload, prompt) in enumerate(PROMPTS, start=1)
    ]


def clip_seconds(every: float | None) -> ClipSeconds:
    """How long the clips of each workload are: ``every`` one that long, or as the demo chooses."""
    return CLIP_SECONDS if every is None else dict.fromkeys(CLIP_SECONDS, every)
