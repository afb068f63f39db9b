"""Named read functions over the current tenant's calls: typed filters in, Arrow tables out."""

from controlplane.traffic.engine.reads import calls, distinct_paths, field_counts, sample
from controlplane.traffic.engine.series import callers, series, totals

__all__ = ["callers", "calls", "distinct_paths", "field_counts", "sample", "series", "totals"]
