"""The REST edge: routing, authentication, problems, cursors, idempotency, OpenAPI."""
