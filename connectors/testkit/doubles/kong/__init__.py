"""The Kong double: a stateful Admin API (3.9, traditional, database mode) and a proxy that obeys it."""
