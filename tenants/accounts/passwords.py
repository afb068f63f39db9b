"""What a password must not be. No rule about kinds of characters: length, and hard to guess.

Lists of leaked passwords hold few of twelve characters and more (of the 40,101 in Django's and zxcvbn's only 348), so a
list alone would let `password1234!` pass. `Guessable` therefore estimates how many guesses an attacker with lists, names,
dates, keyboards and the usual replacements needs (zxcvbn), and an operator may add the full list of leaked passwords as a
file (`Leaked`).
"""

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from tenants.isolation.context import current_tenant

SHORTEST: Final = 12
LONGEST: Final = 200
#: Beyond what can be tried against our limits, and past what people make of a common password by adding to it.
FEWEST_GUESSES: Final = 10**9
#: The estimator looks at so much; the rest only makes a password longer.
LOOKED_AT: Final = 72
PRODUCT: Final = "portcullis"
WORD: Final = re.compile(r"[^\W_]{4,}")


class Longest:
    """At most `LONGEST` characters, so that nobody keeps the hash busy with megabytes."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when it is longer."""
        if len(password) > LONGEST:
            raise ValidationError(f"This password is longer than {LONGEST} characters.", code="too-long")

    def get_help_text(self) -> str:
        """Say the rule."""
        return f"At most {LONGEST} characters."


class Guessable:
    """Hard enough to guess for somebody who knows leaked passwords and this workspace."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when few guesses are enough."""
        words = context_words(user)
        if zxcvbn(password[:LOOKED_AT], user_inputs=words)["guesses"] < FEWEST_GUESSES:
            raise ValidationError(
                "This password is too easy to guess: it is a common or leaked one, or close to one. "
                "Four or more unrelated words are easy to remember and hard to guess.",
                code="too-easy",
            )

    def get_help_text(self) -> str:
        """Say the rule."""
        return "Not a common or leaked password, nor close to one."


class ContextWords:
    """Not made of the names everybody connects with this account."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when little is left without the names of product, workspace and person."""
        rest = password.casefold()
        for word in sorted(context_words(user), key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != password.casefold() and len(re.sub(r"[\W_\d]", "", rest)) < SHORTEST // 2:
            raise ValidationError(
                "This password is mostly made of the name of the product, the workspace or your e-mail address.",
                code="context-word",
            )

    def get_help_text(self) -> str:
        """Say the rule."""
        return "Not made of the name of the product, the workspace or your e-mail address."


class Leaked:
    """Not in the operator's file of leaked passwords (`PORTCULLIS_LEAKED_PASSWORDS`), when there is one.

    The file is the "ordered by hash" download of Pwned Passwords: lines `SHA1:count`, sorted. It is searched where it
    lies, about 30 reads for the whole of it; no password leaves the machine.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when the file holds the password."""
        path = settings.LEAKED_PASSWORDS
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        if path and holds(Path(path), digest):
            raise ValidationError("This password was leaked by another service.", code="leaked")

    def get_help_text(self) -> str:
        """Say the rule."""
        return "Not leaked by another service."


def context_words(user: Any = None) -> list[str]:
    """Names connected with the account, in lower case: product, workspace, the parts of address and name."""
    tenant = current_tenant()
    texts = [PRODUCT, settings.BASE_DOMAIN]
    texts += [tenant.slug, tenant.name] if tenant is not None else []
    texts += [user.email, user.name] if user is not None else []
    return sorted({word for text in texts for word in WORD.findall(text.casefold())})


def holds(path: Path, digest: str) -> bool:
    """Whether a sorted file of `digest:count` lines has this digest (upper-case hex)."""
    wanted = digest.encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline()
            line = file.readline()
            if line and line[: len(wanted)].upper() < wanted:
                low = middle + 1
            else:
                high = middle
        file.seek(low)
        if low:
            file.readline()
        return file.readline()[: len(wanted)].upper() == wanted
