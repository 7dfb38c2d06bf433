-- The longest spans of one name, with their traces.
SELECT
    TraceId AS trace_id,
    SpanId AS span_id,
    ServiceName AS service,
    SpanName AS name,
    SpanAttributes['gen_ai.response.model'] AS model,
    nullIf(SpanAttributes['video.job.id'], '') AS job_id,
    toUnixTimestamp64Nano(Timestamp) AS start_ns,
    toInt64(Duration) AS duration_ns,
    indexOf(['Ok', 'Error'], StatusCode) AS status
FROM otel_traces
WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
  AND ({service:Nullable(String)} IS NULL OR ServiceName = {service:Nullable(String)})
  AND ({name:Nullable(String)} IS NULL OR SpanName = {name:Nullable(String)})
  AND (
      {model:Nullable(String)} IS NULL
      OR SpanAttributes['gen_ai.response.model'] = {model:Nullable(String)}
  )
ORDER BY Duration DESC
LIMIT {limit:Int64}
