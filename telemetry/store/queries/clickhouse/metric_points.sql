-- The points of the exporter's tables, one for each kind of metric, as one shape of row.
WITH
numbers AS (
    SELECT
        TimeUnix, StartTimeUnix, ServiceName, MetricName, MetricUnit, MetricDescription, Attributes,
        ResourceAttributes, ScopeName, ScopeVersion, Flags,
        'gauge' AS kind, toInt32(0) AS temporality, false AS monotonic, Value
    FROM otel_metrics_gauge
    UNION ALL
    SELECT
        TimeUnix, StartTimeUnix, ServiceName, MetricName, MetricUnit, MetricDescription, Attributes,
        ResourceAttributes, ScopeName, ScopeVersion, Flags,
        'sum' AS kind, AggregationTemporality AS temporality, IsMonotonic AS monotonic, Value
    FROM otel_metrics_sum
),
points AS (
    SELECT
        *,
        CAST(NULL AS Nullable(UInt64)) AS Count,
        CAST(NULL AS Nullable(Float64)) AS Sum,
        CAST([] AS Array(Float64)) AS ExplicitBounds,
        CAST([] AS Array(UInt64)) AS BucketCounts
    FROM numbers
    UNION ALL
    SELECT
        TimeUnix, StartTimeUnix, ServiceName, MetricName, MetricUnit, MetricDescription, Attributes,
        ResourceAttributes, ScopeName, ScopeVersion, Flags,
        'histogram' AS kind, AggregationTemporality AS temporality, true AS monotonic,
        CAST(NULL AS Nullable(Float64)) AS Value, Count, Sum, ExplicitBounds, BucketCounts
    FROM otel_metrics_histogram
    UNION ALL
    SELECT
        TimeUnix, StartTimeUnix, ServiceName, MetricName, MetricUnit, MetricDescription, Attributes,
        ResourceAttributes, ScopeName, ScopeVersion, Flags,
        'exponential_histogram' AS kind, AggregationTemporality AS temporality, true AS monotonic,
        CAST(NULL AS Nullable(Float64)) AS Value, Count, Sum,
        CAST([] AS Array(Float64)) AS ExplicitBounds, CAST([] AS Array(UInt64)) AS BucketCounts
    FROM otel_metrics_exponential_histogram
)
SELECT
    toUnixTimestamp64Nano(TimeUnix) AS time_ns,
    toUnixTimestamp64Nano(StartTimeUnix) AS start_ns,
    ServiceName AS service,
    MetricName AS name,
    MetricUnit AS unit,
    MetricDescription AS description,
    kind AS kind,
    temporality AS temporality,
    monotonic AS monotonic,
    Flags AS flags,
    Value AS value,
    Count AS count,
    Sum AS sum,
    ExplicitBounds AS bounds,
    BucketCounts AS bucket_counts,
    toJSONString(Attributes) AS attributes_json,
    toJSONString(ResourceAttributes) AS resource_json,
    ScopeName AS scope,
    ScopeVersion AS scope_version
FROM points
WHERE ({metric:Nullable(String)} IS NULL OR MetricName = {metric:Nullable(String)})
  AND TimeUnix BETWEEN fromUnixTimestamp64Nano({since_ns:Int64}) AND fromUnixTimestamp64Nano({until_ns:Int64})
ORDER BY time_ns, name
LIMIT {limit:Int64}
