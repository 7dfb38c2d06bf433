SELECT
    trace_id AS trace_id,
    span_id AS span_id,
    parent_span_id AS parent_span_id,
    service AS service,
    name AS name,
    kind AS kind,
    status AS status,
    epoch_ns(start_time) AS start_ns,
    duration_ns AS duration_ns,
    job_id AS job_id,
    CAST(CAST(attributes AS JSON) AS VARCHAR) AS attributes_json
FROM spans
WHERE ($trace_id IS NULL OR trace_id = $trace_id)
  AND ($job_id IS NULL OR job_id = $job_id)
  AND start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY start_time, span_id
LIMIT $limit
