"""Decodings and simplifications a value goes through before rules see it. All are linear in the value's length."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable

MAX_ROUNDS = 4
"""Nested encodings undone at most this many times; deeper nesting is itself a rule's business."""

_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_UNICODE_PERCENT = re.compile(r"%u([0-9a-fA-F]{4})")
_OVERLONG = re.compile(
    r"%(?:25)*(c[01]|e0%(?:25)*80|f0%(?:25)*80%(?:25)*80)%(?:25)*([0-9a-f]{2})", re.IGNORECASE
)
_ESCAPE = re.compile(
    r"\\(?:x\{?([0-9a-fA-F]{2})\}?|u\{?([0-9a-fA-F]{4,6})\}?|u00([0-9a-fA-F]{2})|([0-3][0-7]{2}))"
)
_ENTITY = re.compile(r"&(?:#x?0*[0-9a-fA-F]{1,7}|[a-zA-Z]{2,20});?")
_LOOKALIKES = str.maketrans("\u2044\u2215\u2018\u2019\u2032\u02bc\u201c\u201d", "//''''\"\"")
_NEEDS_DECODE = re.compile(r"[%\\&\x00]|[^\x00-\x7f]")
_DECODE_BROWSER_ENTITIES = {"&newline": "\n", "&tab": "\t", "&colon": ":", "&lpar": "(", "&rpar": ")"}

_SQL_VERSION_COMMENT = re.compile(r"/\*!\d{0,6}")
_SQL_COMMENT = re.compile(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|\*/")
_SPACES = re.compile(r"\s+")
_SHELL_NOISE = re.compile(r"\$(?:@|\*|\(\)|\{\}|[0-9](?![0-9.,]))|``|[\\^\"']")
_SHELL_IFS = re.compile(r"\$(?:\{ifs[^}]*\}|ifs(?:\$\d)?)", re.IGNORECASE)
_SHELL_BRACES = re.compile(r"\{([\w./-]+(?:,[\w./:=-]+)+)\}")
_PATH_SLASH = re.compile(r"[/\\\u2215\u2044]+")
_PATH_DOT = re.compile(r"/(?:\./)+")
_BASE64_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_JS_GAP = re.compile(r"[\x00-\x20\u00a0\u200b\u2028\u2029]+")
_LETTER_GAP = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u200b-\u200f\ufeff]")


def _percent_run(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match.group().replace("%", ""))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _overlong(match: re.Match[str]) -> str:
    lead, low = match.group(1).lower(), int(match.group(2), 16)
    base = 0x40 if lead == "c1" else 0
    return chr((base + (low & 0x3F)) if low >= 0x80 else low)


def _escape(match: re.Match[str]) -> str:
    hexadecimal = match.group(1) or match.group(2) or match.group(3)
    point = int(hexadecimal, 16) if hexadecimal else int(match.group(4), 8)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else " "


def _entity(match: re.Match[str]) -> str:
    text = match.group()
    named = _DECODE_BROWSER_ENTITIES.get(text.lower().rstrip(";"))
    if named is not None:
        return named
    return html.unescape(text if text.endswith(";") or not text.startswith("&#") else text + ";")


def _decode_round(value: str) -> str:
    if "%" in value:
        value = _OVERLONG.sub(_overlong, value)
        value = _UNICODE_PERCENT.sub(lambda found: _escape_point(found.group(1)), value)
        value = _PERCENT.sub(_percent_run, value)
    if "&" in value:
        value = _ENTITY.sub(_entity, value)
    if "\\" in value:
        value = _ESCAPE.sub(_escape, value)
    return value


def _escape_point(hexadecimal: str) -> str:
    point = int(hexadecimal, 16)
    return " " if 0xD800 <= point < 0xE000 else chr(point)


def decode(value: str) -> str:
    """Undo percent (also overlong UTF-8 and %u), HTML entity and backslash encodings until nothing changes,
    at most `MAX_ROUNDS` times, then fold compatibility letters (NFKC), typographic quotes and slashes."""
    if not _NEEDS_DECODE.search(value):
        return value
    for _ in range(MAX_ROUNDS):
        decoded = _decode_round(value)
        if decoded == value:
            break
        value = decoded
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value).translate(_LOOKALIKES)
    return _LETTER_GAP.sub("", value)


def once(value: str) -> str:
    """Undo one round of percent encoding only, for rules about what the decoder of a server would meet."""
    return _PERCENT.sub(_percent_run, value) if "%" in value else value


def lower(value: str) -> str:
    """Lower case."""
    return value.lower()


def space(value: str) -> str:
    """Every run of white space becomes one blank."""
    return _SPACES.sub(" ", value)


def uncomment(value: str) -> str:
    """SQL comments become blanks; the content of MySQL's conditional comments is kept."""
    if "/*" not in value and "*/" not in value:
        return value
    return _SQL_COMMENT.sub(" ", _SQL_VERSION_COMMENT.sub(" ", value))


def unshell(value: str) -> str:
    """Remove quoting and empty expansions that shells ignore inside a command word."""
    if "$" in value:
        value = _SHELL_IFS.sub(" ", value)
    if "{" in value:
        value = _SHELL_BRACES.sub(lambda found: found.group(1).replace(",", " "), value)
    return _SHELL_NOISE.sub("", value)


def slashes(value: str) -> str:
    """Every run of slashes and backslashes becomes one slash; `/./` becomes `/`."""
    if "//" in value or "\\" in value or not value.isascii():
        value = _PATH_SLASH.sub("/", value)
    return _PATH_DOT.sub("/", value) if "/./" in value else value


def gapless(value: str) -> str:
    """Remove white space and control characters, which browsers ignore inside URL schemes."""
    return _JS_GAP.sub("", value)


def unbase64(value: str) -> str:
    """Decoded text of the base64 tokens in a value that decode to printable text, else an empty string."""
    found = []
    for match in _BASE64_TOKEN.finditer(value):
        token = match.group().replace("-", "+").replace("_", "/").rstrip("=")
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
            text = raw.decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        if text.isprintable() or text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
            found.append(text)
    return " ".join(found)


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "decode": decode,
    "once": once,
    "lower": lower,
    "space": space,
    "uncomment": uncomment,
    "unshell": unshell,
    "slashes": slashes,
    "gapless": gapless,
    "unbase64": unbase64,
}
"""Transforms a rule may name, in the order it names them."""


def apply(value: str, names: tuple[str, ...], memo: dict[tuple[str, ...], str]) -> str:
    """`value` after the named transforms; `memo` (one per value) keeps prefixes that rule groups share."""
    if not names:
        return value
    known = memo.get(names)
    if known is None:
        known = memo[names] = TRANSFORMS[names[-1]](apply(value, names[:-1], memo))
    return known
