-- One row per generation that was submitted in the time asked for, folded from its events in whatever order they came.
-- A job that was submitted earlier has its first events within $longest_job_ns before that time.
-- {job_columns}: telemetry/store/job_columns.py.
WITH folded AS (
    SELECT
        {job_columns}
    FROM events
    WHERE name IN ('video.job.state', 'video.job.first_playable')
      AND job_id IS NOT NULL
      AND state IS NOT NULL
      AND ($job_id IS NULL OR job_id = $job_id)
      AND event_time >= make_timestamp_ns(greatest($since_ns - $longest_job_ns, 0))
    GROUP BY job_id
)
SELECT *
FROM folded
WHERE submitted_ns BETWEEN $since_ns AND $until_ns
  AND ($state IS NULL OR state = $state)
  AND ($model IS NULL OR model = $model)
ORDER BY submitted_ns, job_id
LIMIT $limit
