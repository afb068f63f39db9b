"""Files Google Cloud users have: load balancer entries as Cloud Logging exports them to a bucket."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.cloudarmor.requests import SOURCE, looks_like_requests, read

FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "Google Cloud load balancer and Cloud Armor log", looks_like_requests, read),
)
