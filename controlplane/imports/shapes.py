"""Documents of the imports API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class ImportDocument(TypedDict):
    """An import and what came of it; errors are the first lines or places that could not be read."""

    id: str
    filename: str
    format: str
    format_title: str
    state: Literal["queued", "running", "done", "failed"]
    size: int
    calls: int
    duplicates: int
    routes: int
    quarantined: int
    errors: list[dict[str, Any]]
    failure: str
    connection_id: str | None
    endpoints: int
    findings: int
    created_at: datetime
    finished_at: datetime | None
