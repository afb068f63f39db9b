"""Embedded PostgreSQL: `python -m tenants.isolation.postgres {start,stop,status,run}`."""
