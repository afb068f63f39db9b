"""OpenTelemetry: HTTP server spans as calls."""
