SELECT
    spans.trace_id AS trace_id,
    spans.span_id AS span_id,
    spans.parent_span_id AS parent_span_id,
    spans.trace_state AS trace_state,
    spans.service AS service,
    spans.name AS name,
    spans.kind AS kind,
    spans.status AS status,
    spans.status_message AS status_message,
    epoch_ns(spans.start_time) AS start_ns,
    spans.duration_ns AS duration_ns,
    spans.job_id AS job_id,
    CAST(CAST(spans.attributes AS JSON) AS VARCHAR) AS attributes_json,
    spans.events AS events_json,
    spans.links AS links_json,
    CAST(CAST(origins.resource AS JSON) AS VARCHAR) AS resource_json,
    origins.scope AS scope,
    origins.scope_version AS scope_version
FROM spans
LEFT JOIN origins USING (origin_id)
WHERE ($trace_id IS NULL OR spans.trace_id = $trace_id)
  AND ($job_id IS NULL OR spans.job_id = $job_id)
  AND spans.start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY spans.start_time, spans.span_id
LIMIT $limit
