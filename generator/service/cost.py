"""What a job costs: the time it kept a worker, at the worker's price."""

from framegate.generator.service.jobs import VideoJob
from framegate.telemetry.platform.clock import HOUR_NS


def cost_of(job: VideoJob, price_per_hour: float, until_ns: int) -> float | None:
    """The cost from the worker's start to ``until_ns``, in the currency of the price.

    None for a job that no worker has started, and where the price is not known (0).
    ``until_ns`` is when the worker became free (the last frame was encoded, or the job failed):
    the upload and the delivery keep no worker.
    """
    if job.started_ns is None or not price_per_hour:
        return None
    return (until_ns - job.started_ns) / HOUR_NS * price_per_hour
