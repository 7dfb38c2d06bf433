-- The store's tables. No keys and no indexes on telemetry: duplicates are refused by the ledger,
-- and time-ordered appends let DuckDB skip blocks by their minima and maxima.

CREATE TABLE schema_version (version INTEGER NOT NULL);

CREATE TABLE spans (
    start_time TIMESTAMP_NS NOT NULL,
    duration_ns BIGINT NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    parent_span_id VARCHAR,
    service VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind UTINYINT NOT NULL,
    status UTINYINT NOT NULL,
    status_message VARCHAR,
    job_id VARCHAR,
    workload VARCHAR,
    model VARCHAR,
    stage VARCHAR,
    error_type VARCHAR,
    attributes VARIANT,
    events VARCHAR, -- JSON
    links VARCHAR, -- JSON
    trace_state VARCHAR,
    flags UINTEGER,
    origin_id UBIGINT
);

CREATE TABLE events (
    event_time TIMESTAMP_NS NOT NULL,
    observed_time TIMESTAMP_NS NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR,
    service VARCHAR NOT NULL,
    name VARCHAR,
    severity UTINYINT NOT NULL,
    body VARCHAR,
    job_id VARCHAR,
    state VARCHAR,
    workload VARCHAR,
    tenant VARCHAR,
    model VARCHAR,
    prompt_id VARCHAR,
    prompt VARCHAR,
    seed BIGINT,
    width BIGINT,
    height BIGINT,
    fps DOUBLE,
    duration_seconds DOUBLE,
    steps BIGINT,
    frames BIGINT,
    ttfp_seconds DOUBLE,
    clip_url VARCHAR,
    reference_url VARCHAR,
    size_bytes BIGINT,
    error_type VARCHAR,
    metric VARCHAR,
    value DOUBLE,
    minimum DOUBLE,
    maximum DOUBLE,
    evaluated_frames BIGINT,
    explanation VARCHAR,
    outcome VARCHAR,
    playable BOOLEAN,
    stall_count BIGINT,
    stall_seconds DOUBLE,
    client_seconds DOUBLE,
    attributes VARIANT,
    flags UINTEGER,
    severity_text VARCHAR,
    origin_id UBIGINT,
    worker VARCHAR
);

CREATE TABLE metric_points (
    point_time TIMESTAMP_NS NOT NULL,
    start_time TIMESTAMP_NS,
    service VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    temporality UTINYINT NOT NULL,
    monotonic BOOLEAN NOT NULL,
    value DOUBLE,
    count UBIGINT,
    sum DOUBLE,
    minimum DOUBLE,
    maximum DOUBLE,
    bounds DOUBLE[],
    bucket_counts UBIGINT[],
    scale INTEGER,
    zero_count UBIGINT,
    positive_offset INTEGER,
    positive_counts UBIGINT[],
    negative_offset INTEGER,
    negative_counts UBIGINT[],
    attributes VARIANT,
    exemplars VARCHAR, -- JSON
    description VARCHAR,
    flags UINTEGER,
    integer_value BIGINT,
    quantiles DOUBLE[],
    quantile_values DOUBLE[],
    zero_threshold DOUBLE,
    origin_id UBIGINT
);

-- The OTLP resource and scope of rows, each kept once.
CREATE TABLE origins (
    origin_id UBIGINT NOT NULL,
    service VARCHAR NOT NULL,
    resource VARIANT,
    scope VARCHAR,
    scope_version VARCHAR,
    scope_attributes VARIANT,
    schema_url VARCHAR
);

-- The Parquet files that hold what retention moved out of the tables above.
CREATE TABLE archive (
    signal VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    first_time TIMESTAMP_NS NOT NULL,
    last_time TIMESTAMP_NS NOT NULL,
    row_count BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL
);

-- The latest acknowledged request bodies, numbered in their order: a client that retries a body it
-- has already delivered is acknowledged again and stores nothing.
CREATE TABLE ledger (
    body_sha256 VARCHAR NOT NULL,
    committed_time TIMESTAMP_NS NOT NULL,
    row_count BIGINT NOT NULL,
    number BIGINT
);
