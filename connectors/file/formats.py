"""The formats that belong to no connected vendor: combined access logs, Apigee logs, OpenAPI documents."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, ConfigFormat, FileFormat
from connectors.file import apigee, clf
from connectors.file.openapi import load, looks_like_openapi

FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(clf.SOURCE, "Access log (nginx, Apache, combined format)", clf.looks_like_clf, clf.normalise),
    CallFormat(apigee.SOURCE, "Apigee message log (JSON lines)", apigee.looks_like_apigee, apigee.normalise),
    ConfigFormat("file.openapi", "OpenAPI document (2.0, 3.0, 3.1)", looks_like_openapi, load),
)
