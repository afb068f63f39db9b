"""Declared places for sealed values of the tests."""

from datetime import UTC, datetime

PLACE = {"table": "connections_connection", "field": "secrets", "row": "con_1"}
PLACES = [
    (table, field, row)
    for table, field in (
        ("connections_connection", "secrets"),
        ("connections_connection", "ingest_token"),
        ("alerts_destination", "sealed"),
        ("sso_provider", "client_secret"),
        ("sso_flow", "verifier"),
        ("api_idempotentrequest", "answer"),
    )
    for row in ("row_1", "row_2")
]
#: When everything replaced now may be destroyed.
LATER = datetime(2100, 1, 1, tzinfo=UTC)
