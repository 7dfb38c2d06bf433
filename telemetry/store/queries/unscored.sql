-- Complete jobs with a clip that nobody has evaluated yet, oldest first.
-- $samples: which share of them, as telemetry/store/sampling.py has it.
WITH rules AS (
    SELECT from_json($samples, '[{"workload":"VARCHAR","model":"VARCHAR","share":"DOUBLE"}]') AS r
),
complete AS (
    SELECT
        job_id AS job_id,
        min(trace_id) AS trace_id,
        min(span_id) AS span_id,
        min(tenant) AS tenant,
        coalesce(min(workload), 'interactive') AS workload,
        coalesce(max_by(model, event_time), 'unknown') AS model,
        min(prompt_id) AS prompt_id,
        min(prompt) AS prompt,
        min(seed) AS seed,
        min(width) AS width,
        min(height) AS height,
        min(fps) AS fps,
        min(duration_seconds) AS duration_seconds,
        min(steps) AS steps,
        'complete' AS state,
        NULL::VARCHAR AS error_type,
        epoch_ns(min(event_time)) AS submitted_ns,
        NULL::BIGINT AS started_ns,
        epoch_ns(max(event_time)) AS finished_ns,
        epoch_ns(max(event_time)) AS updated_ns,
        min(ttfp_seconds) AS ttfp_seconds,
        max_by(clip_url, event_time) AS clip_url,
        max_by(reference_url, event_time) AS reference_url,
        max_by(worker, event_time) AS worker
    FROM events
    WHERE name = 'video.job.state' AND state = 'complete' AND job_id IS NOT NULL
      AND event_time >= make_timestamp_ns($since_ns)
    GROUP BY job_id
),
evaluated AS (
    SELECT DISTINCT job_id AS job_id
    FROM events
    -- An hour more: a worker's clock may be behind its generator's.
    WHERE name = 'gen_ai.evaluation.result' AND job_id IS NOT NULL
      AND event_time >= make_timestamp_ns(greatest(0, $since_ns - 3600000000000))
)
SELECT complete.*
FROM complete
ANTI JOIN evaluated USING (job_id)
CROSS JOIN rules
WHERE complete.clip_url IS NOT NULL AND complete.finished_ns >= $since_ns
  AND ('0x' || md5(coalesce(prompt_id, job_id))[1:8])::UBIGINT / 4294967296.0 < coalesce(
      list_filter(
          r,
          lambda rule: rule.workload IN ('*', workload) AND rule.model IN ('*', model)
      )[1].share,
      1
  )
ORDER BY complete.finished_ns, complete.job_id
LIMIT $limit
