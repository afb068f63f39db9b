"""Secrets in the forms their issuers write, each with a random core that is nowhere else."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle

ALNUM = string.ascii_letters + string.digits
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Secret:
    """`text` is what is planted; `core` its part that no other text shares; `shown` where it has to be shown once."""

    text: str
    core: str
    form: str
    channel: str
    shown: frozenset[str] = frozenset()


def _mixed(rnd: random.Random, length: int, letters: str = ALNUM) -> str:
    """Small and capital letters and digits, as random keys have them."""
    ends = "".join(rnd.choice(kind) for kind in (string.ascii_lowercase, string.ascii_uppercase, "23456789"))
    return (
        "".join(rnd.choices(letters, k=length - 3)) + ends if letters == ALNUM else _of(rnd, length, letters)
    )


def _of(rnd: random.Random, length: int, letters: str) -> str:
    return "".join(rnd.choices(letters, k=length))


def _card(rnd: random.Random) -> str:
    """A payment card's number."""
    body = "4" + _of(rnd, 14, string.digits)
    doubled = [int(d) * (2 - n % 2) for n, d in enumerate(body)]
    return body + str(-sum(sum(divmod(d, 10)) for d in doubled) % 10)


def _jwt(rnd: random.Random) -> tuple[str, str]:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": _mixed(rnd, 24)}).encode()).rstrip(b"=").decode()
    signature = _mixed(rnd, 43)
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}", signature


def _pem(rnd: random.Random) -> tuple[str, str]:
    core = _mixed(rnd, 64)
    return f"-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----", core


def _behind(front: str, length: int, letters: str = ALNUM) -> Callable[[random.Random], tuple[str, str]]:
    def make(rnd: random.Random) -> tuple[str, str]:
        core = _mixed(rnd, length, letters)
        return front + core, core

    return make


def _itself(make: Callable[[random.Random], str]) -> Callable[[random.Random], tuple[str, str]]:
    def both(rnd: random.Random) -> tuple[str, str]:
        made = make(rnd)
        return made, made

    return both


Form = Callable[[random.Random], tuple[str, str]]
#: Known by their form wherever they stand.
ISSUED: dict[str, Form] = {
    "github": _behind("ghp_", 36),
    "slack": _behind("xoxb-24680135790-", 24),
    "stripe": _behind("sk_live_", 24),
    "aws-access": _behind("AKIA", 16, BASE32),
    "google": _behind("AIza", 35),
    "google-oauth": _behind("GOCSPX-", 28),
    "jwt": _jwt,
    "card": _itself(_card),
    "gitlab": _behind("glpat-", 20),
    "npm": _behind("npm_", 36),
    "pypi": _behind("pypi-", 60),
    "vault": _behind("hvs.", 30),
    "openai": _behind("sk-proj-", 40),
    "sendgrid": lambda rnd: (f"SG.{(a := _mixed(rnd, 22))}.{_mixed(rnd, 43)}", a),
    "twilio": _behind("SK", 32, HEX),
    "shopify": _behind("shpat_", 32, HEX),
    "digitalocean": _behind("dop_v1_", 64, HEX),
    "webhook": _behind("whsec_", 32),
    "bcrypt": _behind("$2b$12$", 53),
}
#: Random values that only their place tells.
PLAIN: dict[str, Form] = {
    "password": _behind("", 16),
    "session": _behind("", 32, HEX),
    "key": _behind("", 40),
    "pin": lambda rnd: ((made := _of(rnd, 12, string.digits)), made),
}
#: Recognised in documents and in texts, impossible in addresses.
LONG: dict[str, Form] = {"pem": _pem}


@dataclass
class Planter:
    """Makes secrets, `times` per channel, and remembers all of them."""

    times: int
    seed: int = 20261127
    planted: list[Secret] = field(default_factory=list)
    markers: list[Secret] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._issued = cycle(ISSUED.items())
        self._any = cycle((LONG | ISSUED | PLAIN).items())
        self._short = cycle((PLAIN | ISSUED).items())

    def issued(self, channel: str, *shown: str) -> Iterator[str]:
        """Secrets whose form tells them, for places whose name says nothing."""
        return self._make(channel, self._issued, shown)

    def named(self, channel: str) -> Iterator[str]:
        """Secrets of one line in any form, for places made for secrets."""
        return self._make(channel, self._short)

    def document(self, channel: str) -> Iterator[str]:
        """Secrets of any form and length."""
        return self._make(channel, self._any)

    def made(self, channel: str, text: str, *shown: str) -> str:
        """Remember a secret that the product made and shows once, in these stores."""
        self.planted.append(Secret(text, text, "made", channel, frozenset(shown)))
        return text

    def marker(self, channel: str) -> str:
        """A text that is no secret: small letters of no meaning, a word as far as anybody can tell."""
        text = _of(self._random, 20, string.ascii_lowercase)
        self.markers.append(Secret(text, text, "marker", channel))
        return text

    def _make(
        self, channel: str, forms: Iterator[tuple[str, Form]], shown: tuple[str, ...] = ()
    ) -> Iterator[str]:
        for _ in range(self.times):
            name, form = next(forms)
            text, core = form(self._random)
            self.planted.append(Secret(text, core, name, channel, frozenset(shown)))
            yield text
