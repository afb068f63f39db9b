"""Named read functions over the current tenant's calls: typed filters in, Arrow tables out."""

from controlplane.traffic.engine.analytics import (
    endpoint_latency,
    failed_sign_ins,
    principals,
    sequences,
    shapes,
)
from controlplane.traffic.engine.reads import calls, distinct_paths, field_counts, sample
from controlplane.traffic.engine.series import callers, series, totals
from controlplane.traffic.engine.sessions import sessions

__all__ = [
    "callers",
    "calls",
    "distinct_paths",
    "endpoint_latency",
    "failed_sign_ins",
    "field_counts",
    "principals",
    "sample",
    "sequences",
    "series",
    "sessions",
    "shapes",
    "totals",
]
