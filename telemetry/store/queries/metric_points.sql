SELECT
    epoch_ns(points.point_time) AS time_ns,
    epoch_ns(points.start_time) AS start_ns,
    points.service AS service,
    points.name AS name,
    points.unit AS unit,
    points.description AS description,
    points.kind AS kind,
    points.temporality AS temporality,
    points.monotonic AS monotonic,
    points.flags AS flags,
    points.value AS value,
    points.integer_value AS integer_value,
    points.count AS count,
    points.sum AS sum,
    points.minimum AS minimum,
    points.maximum AS maximum,
    points.bounds AS bounds,
    points.bucket_counts AS bucket_counts,
    points.quantiles AS quantiles,
    points.quantile_values AS quantile_values,
    points.scale AS scale,
    points.zero_count AS zero_count,
    points.zero_threshold AS zero_threshold,
    points.positive_offset AS positive_offset,
    points.positive_counts AS positive_counts,
    points.negative_offset AS negative_offset,
    points.negative_counts AS negative_counts,
    CAST(CAST(points.attributes AS JSON) AS VARCHAR) AS attributes_json,
    points.exemplars AS exemplars_json,
    CAST(CAST(origins.resource AS JSON) AS VARCHAR) AS resource_json,
    origins.scope AS scope,
    origins.scope_version AS scope_version
FROM metric_points AS points
LEFT JOIN origins USING (origin_id)
WHERE ($metric IS NULL OR points.name = $metric)
  AND points.point_time BETWEEN make_timestamp_ns($since_ns) AND make_timestamp_ns($until_ns)
ORDER BY points.point_time, points.name
LIMIT $limit
