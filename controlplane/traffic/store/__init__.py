"""The event store: immutable Parquet segments, visible exactly when their catalogue row is committed."""
