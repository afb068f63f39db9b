"""The error tree every connector raises, so that callers never look at a vendor's own exceptions.

ConnectorError
├── SettingsError      the settings cannot work as they are: wrong credentials, unknown account, bad URL
│   └── PermissionMissing   the vendor refused one named action
├── TransientError     worth trying again: time-out, 429, 5xx; may carry ``retry_after``
├── VendorAnswerError  the vendor answered something its documentation does not allow
├── ConflictError      somebody else changed the object since we read it
└── RefusedError       we refuse: the object is not ours, a limit would be passed, the guard said no
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Something went wrong at or on the way to a vendor.

    ``what`` says what happened, ``unchanged`` what was not changed, ``action`` what the reader can do.
    All three are plain sentences that may be shown to a user; none may hold a secret.
    """

    code = "connector_error"

    def __init__(self, what: str, *, unchanged: str = "Nothing was changed.", action: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.unchanged = unchanged
        self.action = action

    def sentence(self) -> str:
        """What happened, what was not changed and what to do, as one paragraph."""
        return " ".join(part for part in (self.what, self.unchanged, self.action) if part)


class SettingsError(ConnectorError):
    """The connection's settings cannot work as they are."""

    code = "settings_error"


class PermissionMissing(SettingsError):
    """The vendor refused one action; ``missing`` is the vendor's name of it (``wafv2:GetWebACL``)."""

    code = "permission_missing"

    def __init__(
        self, what: str, *, missing: str, unchanged: str = "Nothing was changed.", action: str = ""
    ) -> None:
        super().__init__(what, unchanged=unchanged, action=action)
        self.missing = missing


class TransientError(ConnectorError):
    """Worth trying again; ``retry_after`` in seconds when the vendor gave one."""

    code = "transient_error"

    def __init__(
        self,
        what: str,
        *,
        retry_after: float | None = None,
        unchanged: str = "Nothing was changed.",
        action: str = "",
    ) -> None:
        super().__init__(what, unchanged=unchanged, action=action or "It will be tried again by itself.")
        self.retry_after = retry_after


class VendorAnswerError(ConnectorError):
    """The vendor answered something its documentation does not allow (not JSON, a missing field …)."""

    code = "vendor_answer_error"


class ConflictError(ConnectorError):
    """The object changed since it was read (stale lock token, fingerprint or ``updated_at``)."""

    code = "conflict"


class RefusedError(ConnectorError):
    """We refuse to act: foreign object, limit passed, or an address the egress guard does not allow."""

    code = "refused"
