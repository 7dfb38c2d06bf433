SELECT
    LogAttributes['video.job.id'] AS job_id,
    TraceId AS trace_id,
    toUnixTimestamp64Nano(Timestamp) AS seen_ns,
    coalesce(nullIf(LogAttributes['video.workload'], ''), 'interactive') AS workload,
    coalesce(nullIf(LogAttributes['gen_ai.response.model'], ''), 'unknown') AS model,
    coalesce(nullIf(LogAttributes['video.client.outcome'], ''), 'unknown') AS outcome,
    LogAttributes['video.client.playable'] = 'true' AS playable,
    toFloat64OrNull(LogAttributes['video.time_to_first_playable']) AS ttfp_seconds,
    toFloat64OrNull(LogAttributes['video.client.duration']) AS duration_seconds,
    coalesce(toInt64OrNull(LogAttributes['video.client.stall.count']), 0) AS stall_count,
    coalesce(toFloat64OrNull(LogAttributes['video.client.stall.duration']), 0) AS stall_seconds,
    coalesce(toInt64OrNull(LogAttributes['video.frames']), 0) AS frames,
    coalesce(toInt64OrNull(LogAttributes['video.clip.bytes']), 0) AS size_bytes,
    nullIf(LogAttributes['error.type'], '') AS error_type
FROM otel_logs
WHERE EventName = 'video.client.outcome'
  AND Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
ORDER BY Timestamp
LIMIT {limit:Int64}
