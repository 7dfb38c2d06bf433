-- Log records and events as they were sent.
SELECT
    epoch_ns(events.event_time) AS time_ns,
    epoch_ns(events.observed_time) AS observed_ns,
    events.trace_id AS trace_id,
    events.span_id AS span_id,
    events.service AS service,
    events.name AS name,
    events.severity AS severity,
    events.severity_text AS severity_text,
    events.body AS body,
    CAST(CAST(events.attributes AS JSON) AS VARCHAR) AS attributes_json,
    CAST(CAST(origins.resource AS JSON) AS VARCHAR) AS resource_json,
    origins.scope AS scope,
    origins.scope_version AS scope_version
FROM events
LEFT JOIN origins USING (origin_id)
WHERE ($trace_id IS NULL OR events.trace_id = $trace_id)
  AND ($job_id IS NULL OR events.job_id = $job_id)
  AND ($name IS NULL OR events.name = $name)
  AND ($service IS NULL OR events.service = $service)
  AND events.severity >= $severity
  AND events.event_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY events.event_time, events.trace_id, events.name
LIMIT $limit
