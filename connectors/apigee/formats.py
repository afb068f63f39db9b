"""Files Apigee users have: the lines their message logging policies write."""

from __future__ import annotations

from typing import Final

from connectors.apigee.messages import SOURCE, looks_like_apigee, normalise
from connectors.base.formats import CallFormat, FileFormat

FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "Apigee message log (JSON lines)", looks_like_apigee, normalise),
)
