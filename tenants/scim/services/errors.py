"""Every error as a SCIM error (RFC 7644 §3.12): a status, a keyword where there is one, a sentence, nothing inside."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import DataError, IntegrityError
from pydantic import ValidationError
from scim2_models import (
    Error,
    ForbiddenException,
    InvalidValueException,
    PayloadTooLargeException,
    SCIMException,
    UnauthorizedException,
)

from tenants.errors import DomainError, Invalid
from tenants.orgs.queries import UPGRADING, of_another_version
from tenants.scim.resources import LARGEST

_AGAIN: Final = "Something failed; it was logged and nothing was changed. Try again later."
_NO_VALUE: Final = "A value does not fit its attribute; nothing was changed."


class Refusal(SCIMException):
    """A status RFC 7644 has no class for."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail=detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Explained:
    """An error as it is answered. `known` is false for what nobody foresaw, to be logged."""

    status: int
    detail: str
    scim_type: str = ""
    retry_after: int | None = None
    known: bool = True

    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        error = Error(status=self.status, scim_type=self.scim_type or None, detail=self.detail)
        return error.model_dump()


def explained(error: Exception) -> Explained:
    """Say what an exception means to the provider."""
    if of_another_version(error):
        error = UPGRADING
    if isinstance(error, DomainError):
        parts = [error.detail, *(text for texts in error.fields.values() for text in texts), error.action]
        status = 400 if isinstance(error, Invalid) else error.status
        keyword = "invalidValue" if isinstance(error, Invalid) else ""
        return Explained(status, " ".join(part for part in parts if part), keyword, error.retry_after)
    if isinstance(error, SCIMException):
        if isinstance(error.__cause__, ValidationError):
            return explained(error.__cause__)
        detail = error.detail if "\n" not in error.detail else _NO_VALUE
        return Explained(error.status, detail, error.scim_type)
    if isinstance(error, ValidationError):
        first = Error.from_validation_errors(error)[0]
        detail = (first.detail or _NO_VALUE).partition("\n")[0][:300]
        return Explained(first.status or 400, detail, first.scim_type or "invalidValue")
    if isinstance(error, IntegrityError):
        return Explained(
            409, "Somebody else changed the same thing just now; nothing was changed. Try again."
        )
    if isinstance(error, DataError):
        return Explained(400, _NO_VALUE, "invalidValue")
    return Explained(500, _AGAIN, known=False)


def unauthorized() -> SCIMException:
    """No valid token came with the request."""
    return UnauthorizedException(detail="The SCIM token is missing, wrong, expired or revoked.")


def forbidden() -> SCIMException:
    """What RFC 7644 §4 forbids where the service describes itself."""
    return ForbiddenException(detail="Filters are not taken here.")


def too_large() -> SCIMException:
    """The body is longer than is taken."""
    return PayloadTooLargeException(detail=f"The body is larger than {LARGEST} bytes; nothing was changed.")


def unsupported() -> Refusal:
    """The body is of another type."""
    return Refusal(415, "Send application/scim+json; nothing was changed.")


def checked_text(*texts: str) -> None:
    """Raise for characters nothing can hold, in an address or its parameters."""
    if any("\0" in text for text in texts):
        raise InvalidValueException(detail="The address holds the character U+0000.")
