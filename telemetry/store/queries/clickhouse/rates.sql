-- Rate, errors and durations of spans, bucket by bucket.
WITH grouped AS (
    SELECT
        intDiv(toUnixTimestamp64Nano(Timestamp), {step_seconds:Int64} * 1000000000)
            * ({step_seconds:Int64} * 1000000000) AS time_ns,
        ServiceName AS service_name,
        SpanName AS span_name,
        count() AS spans,
        countIf(StatusCode = 'Error') AS errors,
        quantilesExactInclusive(0.5, 0.95, 0.99)(Duration) AS quantiles
    FROM otel_traces
    WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
      AND ({service:Nullable(String)} IS NULL OR ServiceName = {service:Nullable(String)})
      AND ({name:Nullable(String)} IS NULL OR SpanName = {name:Nullable(String)})
      AND (
          {model:Nullable(String)} IS NULL
          OR SpanAttributes['gen_ai.response.model'] = {model:Nullable(String)}
      )
    GROUP BY time_ns, service_name, span_name
)
SELECT
    time_ns AS time_ns,
    service_name AS service,
    span_name AS name,
    spans AS spans,
    errors AS errors,
    quantiles[1] / 1e9 AS p50_seconds,
    quantiles[2] / 1e9 AS p95_seconds,
    quantiles[3] / 1e9 AS p99_seconds
FROM grouped
ORDER BY time_ns, service, name
LIMIT {limit:Int64}
