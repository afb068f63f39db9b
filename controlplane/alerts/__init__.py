"""Alerts: which events go where, delivered once, retried, and shown."""
