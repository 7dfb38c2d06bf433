-- One row per generation, as queries/jobs.sql folds it.
WITH ranked AS (
    SELECT
        *,
        LogAttributes['video.job.id'] AS id,
        LogAttributes['video.job.state'] AS told,
        multiIf(
            told = 'queued', 0, told = 'processing', 1, told = 'encoded', 2, told = 'uploaded', 3, 4
        ) AS rank
    FROM otel_logs
    WHERE EventName IN ('video.job.state', 'video.job.first_playable')
      AND id != ''
      AND told != ''
      AND ({job_id:Nullable(String)} IS NULL OR id = {job_id:Nullable(String)})
      AND Timestamp >= fromUnixTimestamp64Nano(
          greatest({since_ns:Int64} - {longest_job_ns:Int64}, toInt64(0))
      )
),
folded AS (
    SELECT
        id AS job_id,
        min(TraceId) AS trace_id,
        min(nullIf(SpanId, '')) AS span_id,
        min(nullIf(LogAttributes['video.tenant'], '')) AS tenant,
        coalesce(min(nullIf(LogAttributes['video.workload'], '')), 'interactive') AS workload,
        coalesce(
            argMax(nullIf(LogAttributes['gen_ai.response.model'], ''), Timestamp), 'unknown'
        ) AS model,
        min(nullIf(LogAttributes['video.prompt.id'], '')) AS prompt_id,
        min(nullIf(LogAttributes['video.prompt'], '')) AS prompt,
        min(toInt64OrNull(LogAttributes['gen_ai.request.seed'])) AS seed,
        min(toInt64OrNull(LogAttributes['video.width'])) AS width,
        min(toInt64OrNull(LogAttributes['video.height'])) AS height,
        min(toFloat64OrNull(LogAttributes['video.fps'])) AS fps,
        min(toFloat64OrNull(LogAttributes['video.duration'])) AS duration_seconds,
        min(toInt64OrNull(LogAttributes['video.denoise.steps'])) AS steps,
        argMax(told, (rank, Timestamp)) AS state,
        argMax(nullIf(LogAttributes['error.type'], ''), Timestamp) AS error_type,
        toUnixTimestamp64Nano(min(Timestamp)) AS submitted_ns,
        toUnixTimestamp64Nano(minOrNullIf(Timestamp, told = 'processing')) AS started_ns,
        toUnixTimestamp64Nano(maxOrNullIf(Timestamp, rank = 4)) AS finished_ns,
        toUnixTimestamp64Nano(max(Timestamp)) AS updated_ns,
        min(toFloat64OrNull(LogAttributes['video.time_to_first_playable'])) AS ttfp_seconds,
        argMax(nullIf(LogAttributes['video.clip.url'], ''), Timestamp) AS clip_url,
        argMax(nullIf(LogAttributes['video.reference.url'], ''), Timestamp) AS reference_url,
        argMax(nullIf(LogAttributes['video.worker.id'], ''), Timestamp) AS worker
    FROM ranked
    GROUP BY id
)
SELECT *
FROM folded
WHERE submitted_ns BETWEEN {since_ns:Int64} AND {until_ns:Int64}
  AND ({state:Nullable(String)} IS NULL OR state = {state:Nullable(String)})
  AND ({model:Nullable(String)} IS NULL OR model = {model:Nullable(String)})
ORDER BY submitted_ns, job_id
LIMIT {limit:Int64}
