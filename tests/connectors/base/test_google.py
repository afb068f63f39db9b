"""Google's answers as errors of our tree, and pages to their end."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectors.base.errors import (
    ConflictError,
    PermissionMissing,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.google.refusals import NotReady, refusal
from connectors.egress import EgressResponse


def answered(status: int, message: str = "no", reason: str = "", **more: Any) -> EgressResponse:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}], **more}
    return EgressResponse(status, {}, orjson.dumps({"error": error}))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered(401, reason="authError"), SettingsError),
        (answered(403, reason="forbidden"), PermissionMissing),
        (answered(403, reason="rateLimitExceeded"), TransientError),
        (answered(403, reason="quotaExceeded"), RefusedError),
        (answered(403, reason="accessNotConfigured"), SettingsError),
        (answered(403, details=[{"reason": "SERVICE_DISABLED"}]), SettingsError),
        (answered(400, reason="resourceNotReady"), NotReady),
        (answered(400, "Cannot have rules with the same priorities.", "invalid"), ConflictError),
        (answered(400, reason="invalid"), VendorAnswerError),
        (answered(404, reason="notFound"), SettingsError),
        (answered(409, reason="alreadyExists"), ConflictError),
        (answered(412, reason="conditionNotMet"), ConflictError),
        (answered(429), TransientError),
        (answered(503), TransientError),
        (EgressResponse(403, {}, b"<html>"), PermissionMissing),
        (EgressResponse(400, {}, b'{"error": "no"}'), VendorAnswerError),
        (EgressResponse(302, {}, b""), VendorAnswerError),
    ],
)
def test_an_answer_becomes_the_fitting_error(answer, error):
    found = refusal(answer, "read policies", "compute.securityPolicies.list")
    assert type(found) is error
    assert "read policies" in found.what


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (
            answered(403, "Required 'compute.urlMaps.list' permission for 'projects/p'"),
            "compute.urlMaps.list",
        ),
        (answered(403, "Permission 'apigee.proxies.list' denied on resource"), "apigee.proxies.list"),
        (
            answered(403, details=[{"metadata": {"permission": "logging.logEntries.list"}}]),
            "logging.logEntries.list",
        ),
        (answered(403, "The caller does not have permission"), "compute.securityPolicies.list"),
    ],
)
def test_the_missing_permission_is_the_one_google_names_else_the_one_asked_for(answer, missing):
    found = refusal(answer, "read policies", "compute.securityPolicies.list")
    assert isinstance(found, PermissionMissing)
    assert found.missing == missing
    assert missing in found.action
