-- Log records and events as they were sent.
SELECT
    toUnixTimestamp64Nano(Timestamp) AS time_ns,
    toUnixTimestamp64Nano(Timestamp) AS observed_ns,
    TraceId AS trace_id,
    nullIf(SpanId, '') AS span_id,
    ServiceName AS service,
    nullIf(EventName, '') AS name,
    SeverityNumber AS severity,
    nullIf(SeverityText, '') AS severity_text,
    nullIf(Body, '') AS body,
    toJSONString(LogAttributes) AS attributes_json,
    toJSONString(ResourceAttributes) AS resource_json,
    ScopeName AS scope,
    ScopeVersion AS scope_version
FROM otel_logs
WHERE ({trace_id:Nullable(String)} IS NULL OR TraceId = {trace_id:Nullable(String)})
  AND (
      {job_id:Nullable(String)} IS NULL
      OR LogAttributes['video.job.id'] = {job_id:Nullable(String)}
  )
  AND ({name:Nullable(String)} IS NULL OR EventName = {name:Nullable(String)})
  AND ({service:Nullable(String)} IS NULL OR ServiceName = {service:Nullable(String)})
  AND SeverityNumber >= {severity:Int64}
  AND Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
ORDER BY Timestamp, TraceId, EventName
LIMIT {limit:Int64}
