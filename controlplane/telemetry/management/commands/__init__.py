"""Commands of the telemetry app."""
