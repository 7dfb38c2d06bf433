-- What fails, where, with one trace of each kind to look at: the newest.
SELECT
    service AS service,
    name AS name,
    coalesce(model, '') AS model,
    coalesce(error_type, '') AS error_type,
    count(*) AS errors,
    epoch_ns(min(start_time)) AS first_ns,
    epoch_ns(max(start_time)) AS last_ns,
    max_by(trace_id, start_time) AS trace_id
FROM spans
WHERE status = 2
  AND start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
  AND ($service IS NULL OR service = $service)
  AND ($model IS NULL OR model = $model)
GROUP BY ALL
ORDER BY errors DESC, service, name, model, error_type
LIMIT $limit
