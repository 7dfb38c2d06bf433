"""Lengths of time as whole numbers; times are nanoseconds since 1970 in UTC."""

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
HOUR_MINUTES = 60
DAY_MINUTES = 24 * HOUR_MINUTES
DAY_SECONDS = 86_400
LATEST_NS = 2**63 - 2  # the largest 64-bit integer is DuckDB's "infinity"
