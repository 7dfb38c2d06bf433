"""What a job is: one row folded from its events, in whatever order they came.

The named queries ``jobs`` and ``unscored`` and the SLO engine's relation ``jobs`` all use these
columns. ClickHouse has its own queries, which tests hold against these.
"""

from collections.abc import Mapping

# The furthest state wins; between two final states, the later one.
STATE_RANK_SQL = """CASE state
    WHEN 'queued' THEN 0 WHEN 'processing' THEN 1 WHEN 'encoded' THEN 2 WHEN 'uploaded' THEN 3
    ELSE 4
END"""
PROGRESS_SQL = f"({STATE_RANK_SQL})::HUGEINT * 9223372036854775808 + epoch_ns(event_time)"


def job_column_sql(condition: str = "TRUE") -> Mapping[str, str]:
    """Each column as an aggregate over the events of one job that meet a condition.

    Texts and numbers are the same in all events of a job, so the least one is as good as any.
    """
    only = "" if condition == "TRUE" else f" FILTER ({condition})"
    started = f" FILTER ({condition} AND state = 'processing')"
    finished = f" FILTER ({condition} AND {STATE_RANK_SQL} = 4)"
    return {
        "trace_id": f"min(trace_id){only}",
        "span_id": f"min(span_id){only}",
        "tenant": f"min(tenant){only}",
        "workload": f"coalesce(min(workload){only}, 'interactive')",
        "model": f"coalesce(arg_max(model, event_time){only}, 'unknown')",
        "prompt_id": f"min(prompt_id){only}",
        "prompt": f"min(prompt){only}",
        "seed": f"min(seed){only}",
        "width": f"min(width){only}",
        "height": f"min(height){only}",
        "fps": f"min(fps){only}",
        "duration_seconds": f"min(duration_seconds){only}",
        "steps": f"min(steps){only}",
        "state": f"arg_max(state, {PROGRESS_SQL}){only}",
        "error_type": f"arg_max(error_type, event_time){only}",
        "submitted_ns": f"epoch_ns(min(event_time){only})",
        "started_ns": f"epoch_ns(min(event_time){started})",
        "finished_ns": f"epoch_ns(max(event_time){finished})",
        "updated_ns": f"epoch_ns(max(event_time){only})",
        "ttfp_seconds": f"min(ttfp_seconds){only}",
        "clip_url": f"arg_max(clip_url, event_time){only}",
        "reference_url": f"arg_max(reference_url, event_time){only}",
        "worker": f"arg_max(worker, event_time){only}",
    }


def job_columns_sql() -> str:
    """All columns, for a query over a job's own events only."""
    listed = ",\n        ".join(f"{sql} AS {name}" for name, sql in job_column_sql().items())
    return f"job_id AS job_id,\n        {listed}"
