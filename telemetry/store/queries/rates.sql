-- Rate, errors and durations of spans, bucket by bucket: the first thing an on-call engineer asks.
WITH grouped AS (
    SELECT
        epoch_ns(start_time) // ($step_seconds * 1000000000::BIGINT)
            * ($step_seconds * 1000000000::BIGINT) AS time_ns,
        service AS service,
        name AS name,
        count(*) AS spans,
        count(*) FILTER (status = 2) AS errors,
        quantile_cont(duration_ns, [0.5, 0.95, 0.99]) AS quantiles
    FROM spans
    WHERE start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
      AND ($service IS NULL OR service = $service)
      AND ($name IS NULL OR name = $name)
      AND ($model IS NULL OR model = $model)
    GROUP BY ALL
)
SELECT
    time_ns AS time_ns,
    service AS service,
    name AS name,
    spans AS spans,
    errors AS errors,
    quantiles[1] / 1e9 AS p50_seconds,
    quantiles[2] / 1e9 AS p95_seconds,
    quantiles[3] / 1e9 AS p99_seconds
FROM grouped
ORDER BY time_ns, service, name
LIMIT $limit
