-- One row per generation that was submitted in the time asked for, folded from its events in whatever order they came.
-- The furthest state wins; between two final states, the later one.
-- A job that was submitted earlier has its first events within $longest_job_ns before that time.
WITH ranked AS (
    SELECT
        *,
        CASE state
            WHEN 'queued' THEN 0
            WHEN 'processing' THEN 1
            WHEN 'encoded' THEN 2
            WHEN 'uploaded' THEN 3
            ELSE 4
        END AS rank
    FROM events
    WHERE name IN ('video.job.state', 'video.job.first_playable')
      AND job_id IS NOT NULL
      AND state IS NOT NULL
      AND ($job_id IS NULL OR job_id = $job_id)
      AND event_time >= make_timestamp_ns(greatest($since_ns - $longest_job_ns, 0))
),
folded AS (
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
        max_by(state, {'rank': rank, 'at': event_time}) AS state,
        max_by(error_type, event_time) AS error_type,
        epoch_ns(min(event_time)) AS submitted_ns,
        epoch_ns(min(event_time) FILTER (state = 'processing')) AS started_ns,
        epoch_ns(max(event_time) FILTER (rank = 4)) AS finished_ns,
        epoch_ns(max(event_time)) AS updated_ns,
        min(ttfp_seconds) AS ttfp_seconds,
        max_by(clip_url, event_time) AS clip_url,
        max_by(reference_url, event_time) AS reference_url,
        max_by(worker, event_time) AS worker
    FROM ranked
    GROUP BY job_id
)
SELECT *
FROM folded
WHERE submitted_ns BETWEEN $since_ns AND $until_ns
  AND ($state IS NULL OR state = $state)
  AND ($model IS NULL OR model = $model)
ORDER BY submitted_ns, job_id
LIMIT $limit
