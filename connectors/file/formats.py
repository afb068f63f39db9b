"""The formats that belong to no connected vendor: combined access logs, OpenAPI documents."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, ConfigFormat, FileFormat
from connectors.file import clf
from connectors.file.openapi import load, looks_like_openapi

FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(clf.SOURCE, "Access log (nginx, Apache, combined format)", clf.looks_like_clf, clf.normalise),
    ConfigFormat("file.openapi", "OpenAPI document (2.0, 3.0, 3.1)", looks_like_openapi, load),
)
