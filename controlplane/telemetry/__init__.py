"""Structured logs and health."""
