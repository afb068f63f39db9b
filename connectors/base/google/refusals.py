"""Google's error documents as errors of our tree.

Sources: AIP-193 (status, details), "Handling API errors" of Compute Engine (``errors[].reason``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    PermissionMissing,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)

if TYPE_CHECKING:
    from connectors.egress import EgressResponse

_PERMISSION: Final = re.compile(
    r"'([a-z]+\.[A-Za-z.]+)' permission|[Pp]ermission '?([a-z]+(?:\.[A-Za-z]+)+)'?"
)
_TOO_OFTEN: Final = ("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED")
_OFF: Final = ("accessNotConfigured", "SERVICE_DISABLED")


class NotReady(TransientError):
    """Another change of the same resource is still on its way: to be asked again in a moment."""


def refusal(answer: EgressResponse, action: str, permission: str) -> ConnectorError:
    """The error that an answer other than 2xx stands for.

    ``action`` says what was asked (``read security policies``), ``permission`` what it needs.
    """
    error = _error(answer)
    message, reasons = str(error.get("message") or "it did not say why.")[:300], tuple(_reasons(error))
    status = answer.status
    if status == 401:
        return SettingsError(
            f"Google did not accept the access token to {action}.",
            action="Check that the service account's key is not disabled.",
        )
    if any(reason in _TOO_OFTEN for reason in reasons) or status == 429:
        return TransientError(f"Google limits how often one may {action}: {message}")
    if status == 403:
        return _forbidden(error, message, reasons, action, permission)
    if "resourceNotReady" in reasons:
        return NotReady(f"Google cannot {action} yet: {message}")
    if status == 404:
        return SettingsError(
            f"Google knows nothing by this name to {action}: {message}",
            action="Check the project's id, and whether the object still exists.",
        )
    if status in (409, 412) or "same priorities" in message:
        return ConflictError(
            f"Google refused to {action}: {message}", action="The state is read again before the next try."
        )
    if status >= 500:
        return TransientError(f"Google answered {status} to {action}.")
    return VendorAnswerError(f"Google refused to {action}: {message}")


def _forbidden(
    error: Mapping[str, Any], message: str, reasons: tuple[str, ...], action: str, permission: str
) -> ConnectorError:
    if "quotaExceeded" in reasons:
        return RefusedError(
            f"Google refused to {action}: {message}",
            action="Raise this quota in the project (IAM & Admin, Quotas), or end blocks that are no longer needed.",
        )
    if any(reason in _OFF for reason in reasons):
        return SettingsError(
            f"The API needed to {action} is switched off in this project: {message}",
            action="Enable it: gcloud services enable SERVICE --project PROJECT.",
        )
    missing = _missing(error, message) or permission
    return PermissionMissing(
        f"The service account may not {action}: {missing} is missing.",
        missing=missing,
        action=f"Grant {missing} to the service account, by the role of the set-up texts.",
    )


def _error(answer: EgressResponse) -> Mapping[str, Any]:
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    for name in ("errors", "details"):
        entries = error.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("reason"), str):
                yield entry["reason"]


def _missing(error: Mapping[str, Any], message: str) -> str:
    """The permission Google names: in the details, else in the message."""
    details = error.get("details")
    for entry in details if isinstance(details, list) else ():
        metadata = entry.get("metadata") if isinstance(entry, dict) else None
        if isinstance(metadata, dict) and isinstance(metadata.get("permission"), str):
            return str(metadata["permission"])
    found = _PERMISSION.search(message)
    return (found[1] or found[2]) if found else ""
