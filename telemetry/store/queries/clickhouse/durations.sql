-- Durations of each span name over the whole time asked for.
WITH grouped AS (
    SELECT
        ServiceName AS service_name,
        SpanName AS span_name,
        SpanAttributes['gen_ai.response.model'] AS model_name,
        count() AS spans,
        countIf(StatusCode = 'Error') AS errors,
        quantilesExactInclusive(0.5, 0.95, 0.99)(Duration) AS quantiles,
        max(Duration) / 1e9 AS max_seconds
    FROM otel_traces
    WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
      AND ({service:Nullable(String)} IS NULL OR ServiceName = {service:Nullable(String)})
      AND ({name:Nullable(String)} IS NULL OR SpanName = {name:Nullable(String)})
      AND (
          {model:Nullable(String)} IS NULL
          OR SpanAttributes['gen_ai.response.model'] = {model:Nullable(String)}
      )
    GROUP BY service_name, span_name, model_name
)
SELECT
    service_name AS service,
    span_name AS name,
    model_name AS model,
    spans AS spans,
    errors AS errors,
    quantiles[1] / 1e9 AS p50_seconds,
    quantiles[2] / 1e9 AS p95_seconds,
    quantiles[3] / 1e9 AS p99_seconds,
    max_seconds AS max_seconds
FROM grouped
ORDER BY service, name, model
LIMIT {limit:Int64}
