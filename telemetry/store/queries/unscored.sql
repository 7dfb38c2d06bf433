-- Complete jobs with a clip that nobody has evaluated yet, oldest first.
-- {job_columns}: telemetry/store/job_columns.py, here over the events of completion only.
-- $samples: which share of them, as telemetry/store/sampling.py has it.
WITH rules AS (
    SELECT from_json($samples, '[{"workload":"VARCHAR","model":"VARCHAR","share":"DOUBLE"}]') AS r
),
complete AS (
    SELECT
        {job_columns}
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
SELECT complete.* REPLACE (
    'complete' AS state, NULL::VARCHAR AS error_type, NULL::BIGINT AS started_ns
)
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
