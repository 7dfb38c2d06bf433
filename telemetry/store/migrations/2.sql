-- Resources and scopes are kept once, in origins; data points and spans keep all that OTLP sends.
-- Lists that nobody filters by become JSON text: a VARIANT column slows every commit.

CREATE TABLE origins (
    origin_id UBIGINT NOT NULL,
    service VARCHAR NOT NULL,
    resource VARIANT,
    scope VARCHAR,
    scope_version VARCHAR,
    scope_attributes VARIANT,
    schema_url VARCHAR
);

CREATE TABLE archive (
    signal VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    first_time TIMESTAMP_NS NOT NULL,
    last_time TIMESTAMP_NS NOT NULL,
    row_count BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL
);

INSERT INTO origins (origin_id, service, resource)
SELECT DISTINCT
    hash(resource_json) AS origin_id,
    service AS service,
    resource_json::JSON::VARIANT AS resource
FROM (
    SELECT service, CAST(CAST(resource AS JSON) AS VARCHAR) AS resource_json FROM spans
    UNION
    SELECT service, CAST(CAST(resource AS JSON) AS VARCHAR) AS resource_json FROM events
    UNION
    SELECT service, CAST(CAST(resource AS JSON) AS VARCHAR) AS resource_json FROM metric_points
);

ALTER TABLE spans ADD COLUMN trace_state VARCHAR;
ALTER TABLE spans ADD COLUMN flags UINTEGER;
ALTER TABLE spans ADD COLUMN origin_id UBIGINT;
UPDATE spans SET origin_id = hash(CAST(CAST(resource AS JSON) AS VARCHAR));
ALTER TABLE spans DROP COLUMN resource;
ALTER TABLE spans ALTER events SET DATA TYPE VARCHAR USING CAST(CAST(events AS JSON) AS VARCHAR);
ALTER TABLE spans ALTER links SET DATA TYPE VARCHAR USING CAST(CAST(links AS JSON) AS VARCHAR);

ALTER TABLE events ADD COLUMN flags UINTEGER;
ALTER TABLE events ADD COLUMN severity_text VARCHAR;
ALTER TABLE events ADD COLUMN origin_id UBIGINT;
UPDATE events SET origin_id = hash(CAST(CAST(resource AS JSON) AS VARCHAR));
ALTER TABLE events DROP COLUMN resource;

ALTER TABLE metric_points ADD COLUMN description VARCHAR;
ALTER TABLE metric_points ADD COLUMN flags UINTEGER;
ALTER TABLE metric_points ADD COLUMN integer_value BIGINT;
ALTER TABLE metric_points ADD COLUMN quantiles DOUBLE[];
ALTER TABLE metric_points ADD COLUMN quantile_values DOUBLE[];
ALTER TABLE metric_points ADD COLUMN zero_threshold DOUBLE;
ALTER TABLE metric_points ADD COLUMN origin_id UBIGINT;
UPDATE metric_points SET origin_id = hash(CAST(CAST(resource AS JSON) AS VARCHAR));
ALTER TABLE metric_points DROP COLUMN resource;
ALTER TABLE metric_points
ALTER exemplars SET DATA TYPE VARCHAR USING CAST(CAST(exemplars AS JSON) AS VARCHAR);

ALTER TABLE ledger ADD COLUMN number BIGINT;
UPDATE ledger SET number = rowid;
