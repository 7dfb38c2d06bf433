-- What fails, where, with the newest trace of each kind.
SELECT
    ServiceName AS service,
    SpanName AS name,
    SpanAttributes['gen_ai.response.model'] AS model,
    SpanAttributes['error.type'] AS error_type,
    count() AS errors,
    toUnixTimestamp64Nano(min(Timestamp)) AS first_ns,
    toUnixTimestamp64Nano(max(Timestamp)) AS last_ns,
    argMax(TraceId, Timestamp) AS trace_id
FROM otel_traces
WHERE StatusCode = 'Error'
  AND Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
  AND ({service:Nullable(String)} IS NULL OR ServiceName = {service:Nullable(String)})
  AND (
      {model:Nullable(String)} IS NULL
      OR SpanAttributes['gen_ai.response.model'] = {model:Nullable(String)}
  )
GROUP BY service, name, model, error_type
ORDER BY errors DESC, service, name, model, error_type
LIMIT {limit:Int64}
