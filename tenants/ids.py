"""Prefixed, time-ordered identifiers: `fnd_01k…`.

48 bits of milliseconds and 80 random bits in Crockford base 32 (the layout of a ULID), lower case, after
the prefix. The same text is the primary key and the id in the API; ordering by id is ordering by creation.
"""

import secrets
import time
from typing import TYPE_CHECKING, Any

from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
MAX_LENGTH = 32


def new_id(prefix: str) -> str:
    """Return a new identifier with this prefix."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    digits = []
    for _ in range(LENGTH):
        digits.append(ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(digits))}"


if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class PrefixedIdField(_CharField):
    """Primary key filled with `new_id(prefix)`."""

    def __init__(self, *args: Any, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs |= {"primary_key": True, "max_length": MAX_LENGTH, "editable": False, "default": self._new}
        super().__init__(*args, **kwargs)

    def _new(self) -> str:
        return new_id(self.prefix)

    def deconstruct(self) -> Any:
        """Describe the field for migrations: the prefix is all there is to know."""
        name, path, args, kwargs = super().deconstruct()
        for key in ("primary_key", "max_length", "editable", "default"):
            kwargs.pop(key, None)
        return name, path, args, kwargs | {"prefix": self.prefix}
