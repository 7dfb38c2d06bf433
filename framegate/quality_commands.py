"""framegate quality: the commands of scoring and of the worker in one group."""

from framegate.quality.scoring.commands import app
from framegate.quality.scoring.explain_commands import explain, explain_job
from framegate.quality.worker.commands import RENAMED, batch, worker
from framegate.quality.worker.drift_commands import drift
from framegate.telemetry.platform.deprecation import renamed_options

app.command("explain")(explain)
app.command("explain-job")(explain_job)
app.command("batch", cls=renamed_options(RENAMED))(batch)
app.command("worker", cls=renamed_options(RENAMED))(worker)
app.command("drift")(drift)

__all__ = ["app"]
