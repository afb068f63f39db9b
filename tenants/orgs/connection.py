"""The owner connection: the only one that may make, change and remove schemas."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from tenants.isolation.routers import OWNER


def owner() -> Any:
    """Return the owner connection."""
    return connections[OWNER]


@contextmanager
def owner_in(schema: str) -> Iterator[Any]:
    """Work as the owner in this schema for the block; afterwards in `public` again."""
    connection = owner()
    connection.set_schema(schema)
    try:
        yield connection
    finally:
        connection.set_schema_to_public()
