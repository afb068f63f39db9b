"""Errors that services raise; the REST edge turns each into a problem document.

DomainError
├── NotFound 404      ├── Conflict 409      ├── TooMany 429
├── Refused 403       ├── Invalid 422       ├── Unavailable 503
├── Stale 412
└── Unauthenticated 401                     └── TooLarge 413
"""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """What happened, what was not changed and what to do, in one or two sentences for a person."""

    status = 500
    title = "Something failed"

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        retry_after: int | None = None,
        action: str = "",
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}
        self.retry_after = retry_after
        self.action = action


class NotFound(DomainError):
    """No such thing in this tenant."""

    status, title = 404, "Not found"


class Refused(DomainError):
    """The person or token may not do this."""

    status, title = 403, "Not allowed"


class Conflict(DomainError):
    """The thing is not in the state this needs."""

    status, title = 409, "Conflict with the current state"


class Stale(DomainError):
    """What the request was based on is too old or was used up."""

    status, title = 412, "Out of date"


class Invalid(DomainError):
    """The values given cannot be used."""

    status, title = 422, "Invalid values"


class Unauthenticated(DomainError):
    """The caller did not prove who they are."""

    status, title = 401, "Not signed in"


class TooLarge(DomainError):
    """The body is larger than what is taken."""

    status, title = 413, "Too large"


class TooMany(DomainError):
    """A limit was reached; `retry_after` in seconds."""

    status, title = 429, "Too many requests"


class Unavailable(DomainError):
    """Something we depend on does not answer; nothing was changed."""

    status, title = 503, "Temporarily unavailable"
