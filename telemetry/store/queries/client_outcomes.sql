SELECT
    coalesce(job_id, '') AS job_id,
    trace_id AS trace_id,
    epoch_ns(event_time) AS seen_ns,
    coalesce(workload, 'interactive') AS workload,
    coalesce(model, 'unknown') AS model,
    coalesce(outcome, 'unknown') AS outcome,
    coalesce(playable, false) AS playable,
    ttfp_seconds AS ttfp_seconds,
    client_seconds AS duration_seconds,
    coalesce(stall_count, 0) AS stall_count,
    coalesce(stall_seconds, 0) AS stall_seconds,
    coalesce(frames, 0) AS frames,
    coalesce(size_bytes, 0) AS size_bytes,
    error_type AS error_type
FROM events
WHERE name = 'video.client.outcome'
  AND event_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY event_time
LIMIT $limit
