-- Complete jobs with a clip that nobody has evaluated yet, oldest first.
-- samples: which share of them, as telemetry/store/sampling.py has it.
WITH complete AS (
    SELECT
        LogAttributes['video.job.id'] AS job_id,
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
        'complete' AS state,
        CAST(NULL AS Nullable(String)) AS error_type,
        toUnixTimestamp64Nano(min(Timestamp)) AS submitted_ns,
        CAST(NULL AS Nullable(Int64)) AS started_ns,
        toUnixTimestamp64Nano(max(Timestamp)) AS finished_ns,
        toUnixTimestamp64Nano(max(Timestamp)) AS updated_ns,
        min(toFloat64OrNull(LogAttributes['video.time_to_first_playable'])) AS ttfp_seconds,
        argMax(nullIf(LogAttributes['video.clip.url'], ''), Timestamp) AS clip_url,
        argMax(nullIf(LogAttributes['video.reference.url'], ''), Timestamp) AS reference_url,
        argMax(nullIf(LogAttributes['video.worker.id'], ''), Timestamp) AS worker
    FROM otel_logs
    WHERE EventName = 'video.job.state'
      AND LogAttributes['video.job.state'] = 'complete'
      AND LogAttributes['video.job.id'] != ''
      AND Timestamp >= fromUnixTimestamp64Nano({since_ns:Int64})
    GROUP BY job_id
)
SELECT *
FROM complete
WHERE clip_url IS NOT NULL
  AND finished_ns >= {since_ns:Int64}
  AND reinterpretAsUInt32(reverse(substring(MD5(coalesce(prompt_id, job_id)), 1, 4))) / 4294967296
      < arrayElement(
          arrayPushBack(
              arrayMap(
                  rule -> rule.3,
                  arrayFilter(
                      rule -> rule.1 IN ('*', workload) AND rule.2 IN ('*', model),
                      JSONExtract(
                          {samples:String},
                          'Array(Tuple(workload String, model String, share Float64))'
                      )
                  )
              ),
              1.
          ),
          1
      )
  AND job_id NOT IN (
      SELECT LogAttributes['video.job.id']
      FROM otel_logs
      WHERE EventName = 'gen_ai.evaluation.result'
        -- An hour more: a worker's clock may be behind its generator's.
        AND Timestamp >= fromUnixTimestamp64Nano(
            greatest(0, {since_ns:Int64} - 3600000000000)
        )
  )
ORDER BY finished_ns, job_id
LIMIT {limit:Int64}
