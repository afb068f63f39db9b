"""Service shared access signatures of a container: made for tests, and verified as the vendor does.

Source: "Create a service SAS" (Azure Storage REST API), the string to sign of version 2020-12-06 and later.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

_FIELDS = (
    "sp",
    "st",
    "se",
    "",
    "si",
    "sip",
    "spr",
    "sv",
    "sr",
    "",
    "ses",
    "rscc",
    "rscd",
    "rsce",
    "rscl",
    "rsct",
)


def _signature(account_key: str, account: str, container: str, fields: Mapping[str, str]) -> str:
    resource = f"/blob/{account}/{container}"
    values = [fields.get(name, "") if name else "" for name in _FIELDS]
    values[3] = resource
    digest = hmac.new(base64.b64decode(account_key), "\n".join(values).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def make_token(
    account_key: str,
    account: str,
    container: str,
    permissions: str = "rl",
    expiry: str = "2099-01-01T00:00:00Z",
) -> str:
    """A token as ``az storage container generate-sas`` makes one."""
    fields = {"sp": permissions, "se": expiry, "sv": "2021-12-02", "sr": "c"}
    return urlencode({**fields, "sig": _signature(account_key, account, container, fields)})


def refusal(
    account_key: str, account: str, container: str, fields: Mapping[str, str], needed: str, now: float
) -> tuple[int, str] | None:
    """Status and code of the refusal; None when the signature is right, valid and gives ``needed``."""
    if "sig" not in fields:
        return 401, "NoAuthenticationInformation"
    right = _signature(account_key, account, container, fields)
    if not hmac.compare_digest(right, fields["sig"]) or fields.get("sr") != "c":
        return 403, "AuthenticationFailed"
    for name in ("st", "se"):
        if name not in fields and name == "st":
            continue
        try:
            at = datetime.fromisoformat(fields[name]).astimezone(UTC).timestamp()
        except (KeyError, ValueError):
            return 403, "AuthenticationFailed"
        if (at > now) if name == "st" else (at <= now):
            return 403, "AuthenticationFailed"
    return None if needed in fields.get("sp", "") else (403, "AuthorizationPermissionMismatch")
