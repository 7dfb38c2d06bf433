SELECT
    TraceId AS trace_id,
    SpanId AS span_id,
    nullIf(ParentSpanId, '') AS parent_span_id,
    nullIf(TraceState, '') AS trace_state,
    ServiceName AS service,
    SpanName AS name,
    indexOf(['Internal', 'Server', 'Client', 'Producer', 'Consumer'], SpanKind) AS kind,
    indexOf(['Ok', 'Error'], StatusCode) AS status,
    nullIf(StatusMessage, '') AS status_message,
    toUnixTimestamp64Nano(Timestamp) AS start_ns,
    toInt64(Duration) AS duration_ns,
    nullIf(SpanAttributes['video.job.id'], '') AS job_id,
    toJSONString(SpanAttributes) AS attributes_json,
    toJSONString(Events.Name) AS events_json,
    toJSONString(Links.TraceId) AS links_json,
    toJSONString(ResourceAttributes) AS resource_json,
    ScopeName AS scope,
    ScopeVersion AS scope_version
FROM otel_traces
WHERE ({trace_id:Nullable(String)} IS NULL OR TraceId = {trace_id:Nullable(String)})
  AND (
      {job_id:Nullable(String)} IS NULL
      OR SpanAttributes['video.job.id'] = {job_id:Nullable(String)}
  )
  AND Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
ORDER BY Timestamp, SpanId
LIMIT {limit:Int64}
