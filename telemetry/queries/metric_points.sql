SELECT
    epoch_ns(point_time) AS time_ns,
    epoch_ns(start_time) AS start_ns,
    service AS service,
    name AS name,
    unit AS unit,
    kind AS kind,
    temporality AS temporality,
    monotonic AS monotonic,
    value AS value,
    count AS count,
    sum AS sum,
    bounds AS bounds,
    bucket_counts AS bucket_counts,
    CAST(CAST(attributes AS JSON) AS VARCHAR) AS attributes_json
FROM metric_points
WHERE ($metric IS NULL OR name = $metric)
  AND point_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY point_time, name
LIMIT $limit
