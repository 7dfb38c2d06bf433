-- The longest spans of one name, with their traces.
SELECT
    trace_id AS trace_id,
    span_id AS span_id,
    service AS service,
    name AS name,
    coalesce(model, '') AS model,
    job_id AS job_id,
    epoch_ns(start_time) AS start_ns,
    duration_ns AS duration_ns,
    status AS status
FROM spans
WHERE start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
  AND ($name IS NULL OR name = $name)
  AND ($service IS NULL OR service = $service)
  AND ($model IS NULL OR model = $model)
ORDER BY duration_ns DESC
LIMIT $limit
