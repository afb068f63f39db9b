"""Take secrets and e-mail addresses out of requests and answers, so that what is left can still be read as they were.

Equal secrets become equal stand-ins within one recording (a page's token still leads to its page), by a key that is
thrown away with the scrubber: a stand-in tells nothing about the secret. What cannot be looked into is left out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
import secrets
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

import orjson

from connectors.recording.markup import is_markup, rewritten

#: Blanks what looks like a secret in a text or a document (``tenants.redaction.redacted``).
Redact = Callable[[Any], Any]

_BLANK: Final = "[redacted]"
_STAND_IN: Final = re.compile(
    r"(?:\[|%5B)redacted(?: |\+|%20)[0-9a-f]{12}(?:\]|%5D)|person-[0-9a-f]{12}(?:@|%40)example\.invalid"
)
_PERSON: Final = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@(?!example\.invalid)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
#: Texts longer than this are looked at line by line; a single line that is longer is left out.
_LONGEST: Final = 60_000
_SHORTEST_SECRET: Final = 4
#: Values of headers a vendor adds or asks for on the way to an origin: passwords between the two, whatever their name.
_SECRET_VALUES: Final = frozenset({"HeaderValue", "HttpHeaderConfig"})
#: Where documents keep a name beside its value instead of over it.
_NAMES: Final = ("name", "key", "Name", "Key")
_VALUES: Final = frozenset({"value", "values", "Value", "Values"})
_ARCHIVE: Final = b"PK\x03\x04"
_LARGEST_ARCHIVE: Final = 64 * 1024 * 1024


def is_archive(content: bytes) -> bool:
    """Whether a body is an archive, which is looked into member by member."""
    return content.startswith(_ARCHIVE)


def without_stand_ins(text: str) -> str:
    """A text by which two recordings of one exchange are alike."""
    return _STAND_IN.sub("*", text)


class Scrubber:
    """``redact`` knows secrets by name and form; ``known`` are those of this connection, by value."""

    def __init__(self, redact: Redact, known: Iterable[str] = ()) -> None:
        self._redact, self._key = redact, secrets.token_bytes(32)
        forms = {form for value in known if len(value) >= _SHORTEST_SECRET for form in _forms(value)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def body(self, content: bytes, kind: str) -> bytes:
        """A body of the content type ``kind``: JSON, form, XML, archive, lines of text; empty where it is none of these."""
        if is_archive(content):
            return self._archive(content)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return b""
        if "form-urlencoded" in kind:
            return self._form(text).encode()
        try:
            return orjson.dumps(self.value(orjson.loads(content)))
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return self.text(text).encode()

    def url(self, url: str) -> str:
        """An address: path, and query by its names."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(path=self.text(parts.path), query=self._form(parts.query)))

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON document at any depth; ``name`` is what the value stands under."""
        if isinstance(value, dict):
            beside = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
            return {
                self.text(key): self.value(
                    inner, name if name in _SECRET_VALUES else self._label(key, beside)
                )
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self.value(inner, name) for inner in value]
        return self._named(name, value) if isinstance(value, str) else value

    def _label(self, key: str, beside: str) -> str:
        """What a member is called: its key, or for a value the name that stands beside it where that one is telling."""
        return beside if key in _VALUES and self._telling(beside) else key

    def text(self, text: str) -> str:
        """A text without known secrets, without what looks like one, without e-mail addresses."""
        if is_markup(text):
            return rewritten(text, self._named, self._plain, _SECRET_VALUES)
        return self._plain(text)

    def _plain(self, text: str) -> str:
        if len(text) > _LONGEST:
            lines = text.splitlines(keepends=True)
            return "".join(self._plain(line) if len(line) <= _LONGEST else "[left out]\n" for line in lines)
        if self._known is not None:
            text = self._known.sub(lambda found: self._stand_in(found[0]), text)
        shown = str(self._redact(text)).replace(_BLANK, self._stand_in(text))
        return _PERSON.sub(lambda found: f"person-{self._digest(found[0])}@example.invalid", shown)

    def _named(self, name: str, text: str) -> str:
        if text and self._telling(name):
            return self._stand_in(text)
        return self.text(text)

    def _telling(self, name: str) -> bool:
        return name in _SECRET_VALUES or (bool(name) and self._redact({name: "any"})[name] == _BLANK)

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return (
            urlencode([(name, self._named(name, value)) for name, value in pairs])
            if pairs
            else self.text(text)
        )

    def _archive(self, content: bytes) -> bytes:
        made = io.BytesIO()
        try:
            with (
                zipfile.ZipFile(io.BytesIO(content)) as given,
                zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as kept,
            ):
                if sum(member.file_size for member in given.infolist()) > _LARGEST_ARCHIVE:
                    return b""
                for member in given.infolist():
                    kept.writestr(self.text(member.filename), self.body(given.read(member), ""))
        except (zipfile.BadZipFile, RuntimeError, ValueError):
            return b""
        return made.getvalue()

    def _stand_in(self, secret: str) -> str:
        return f"[redacted {self._digest(secret)}]"

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:12]


def _forms(value: str) -> set[str]:
    """A secret as it may stand in a request: plain, escaped for an address, for JSON, and in base64."""
    plain = value.encode()
    return {
        value, quote(value, safe=""), quote_plus(value), orjson.dumps(value).decode()[1:-1],
        base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode().rstrip("="),
    }  # fmt: skip
