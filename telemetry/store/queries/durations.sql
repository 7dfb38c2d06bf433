-- Where the time goes: durations of each span name over the whole time asked for.
WITH grouped AS (
    SELECT
        service AS service,
        name AS name,
        coalesce(model, '') AS model,
        count(*) AS spans,
        count(*) FILTER (status = 2) AS errors,
        quantile_cont(duration_ns, [0.5, 0.95, 0.99]) AS quantiles,
        max(duration_ns) / 1e9 AS max_seconds
    FROM spans
    WHERE start_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
      AND ($service IS NULL OR service = $service)
      AND ($name IS NULL OR name = $name)
      AND ($model IS NULL OR model = $model)
    GROUP BY ALL
)
SELECT
    service AS service,
    name AS name,
    model AS model,
    spans AS spans,
    errors AS errors,
    quantiles[1] / 1e9 AS p50_seconds,
    quantiles[2] / 1e9 AS p95_seconds,
    quantiles[3] / 1e9 AS p99_seconds,
    max_seconds AS max_seconds
FROM grouped
ORDER BY service, name, model
LIMIT $limit
