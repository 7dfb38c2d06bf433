-- One row per clip and metric; a clip that was scored again counts with its latest score.
WITH latest AS (
    SELECT
        LogAttributes['video.job.id'] AS job_id,
        min(TraceId) AS trace_id,
        toUnixTimestamp64Nano(max(Timestamp)) AS scored_ns,
        coalesce(
            argMax(nullIf(LogAttributes['video.workload'], ''), Timestamp), 'interactive'
        ) AS workload,
        coalesce(
            argMax(nullIf(LogAttributes['gen_ai.response.model'], ''), Timestamp), 'unknown'
        ) AS model,
        argMax(nullIf(LogAttributes['video.prompt.id'], ''), Timestamp) AS prompt_id,
        argMax(toInt64OrNull(LogAttributes['gen_ai.request.seed']), Timestamp) AS seed,
        LogAttributes['gen_ai.evaluation.name'] AS metric,
        argMax(
            (
                toFloat64OrNull(LogAttributes['gen_ai.evaluation.score.value']),
                toFloat64OrNull(LogAttributes['video.evaluation.min']),
                toFloat64OrNull(LogAttributes['video.evaluation.max']),
                toInt64OrNull(LogAttributes['video.evaluation.frames']),
                nullIf(LogAttributes['gen_ai.evaluation.explanation'], '')
            ),
            Timestamp
        ) AS newest
    FROM otel_logs
    WHERE EventName = 'gen_ai.evaluation.result'
      AND LogAttributes['video.job.id'] != ''
      AND LogAttributes['gen_ai.evaluation.name'] != ''
      AND (
          {job_id:Nullable(String)} IS NULL
          OR LogAttributes['video.job.id'] = {job_id:Nullable(String)}
      )
      AND Timestamp >= fromUnixTimestamp64Nano({since_ns:Int64})
      AND (
          {metric:Nullable(String)} IS NULL
          OR LogAttributes['gen_ai.evaluation.name'] = {metric:Nullable(String)}
      )
    GROUP BY job_id, metric
)
SELECT
    job_id AS job_id,
    trace_id AS trace_id,
    scored_ns AS scored_ns,
    workload AS workload,
    model AS model,
    prompt_id AS prompt_id,
    seed AS seed,
    metric AS metric,
    newest.1 AS value,
    newest.2 AS minimum,
    newest.3 AS maximum,
    newest.4 AS frames,
    newest.5 AS reason
FROM latest
WHERE scored_ns BETWEEN {since_ns:Int64} AND {until_ns:Int64}
  AND ({model:Nullable(String)} IS NULL OR model = {model:Nullable(String)})
ORDER BY scored_ns, job_id, metric
LIMIT {limit:Int64}
