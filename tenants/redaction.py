"""The second lock in front of logs, failures and the audit trail: blanks what looks like a secret.

The first lock is that nobody hands secrets there. This one knows secrets by the name they stand under, by the forms
issuers give them, and cards by their checksum. Patterns run in linear time: these texts are written by strangers.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import re2  # type: ignore[import-untyped, unused-ignore]

BLANK: Final = "[redacted]"
#: Characters of one text that are kept at most; what is longer was not meant to be read.
LONGEST: Final = 65_536
_NAME: Final = (
    r"(?:[A-Za-z0-9]+[_.\-])*(?:pass(?:word|wd|phrase|code)?s?|pwd|secrets?|(?:access|refresh|id)?tokens?|authori[sz]ation|cookies?|jwt|otp|pin"
    r"|(?:api|access|private|signing|secret|client|account|shared)[_-]?(?:access[_-]?)?(?:keys?|secrets?)|credentials?"
    r"|session[_-]?(?:id|key)|sid|csrf[_-]?token|code[_-]?verifier|assertion|saml[_-]?response|x-amz-signature|sig)"
)
_KEY: Final = re2.compile(rf"(?i){_NAME}")
_OUR_ID: Final = re2.compile(r"[a-z]{2,5}_[0-9a-z]{26}")
_FORMS: Final = (
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z ]*-----|\z)",
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
    r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
    r"\b(?:AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_.-]{16,}|GOCSPX-[0-9A-Za-z_-]{16,})",
    r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-|npm_|pypi-|dckr_pat_|glsa_|lin_api_|ntn_|figd_)"
    r"[A-Za-z0-9_-]{16,}",
    r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}|hooks\.slack\.com/services/[\w/]+",
    r"\b(?:[sr]k_(?:live|test)|whsec|pcl|pclin|hf|dop_v1|rubygems)_[0-9A-Za-z_+/=-]{16,}",
    r"\b(?:SK|AC|key-|dapi|shp(?:at|ss|ca|pa)_)[0-9a-f]{32}\b",
    r"\b(?:SG\.[\w-]{16,}\.[\w-]{16,}|sk-[A-Za-z0-9_-]{20,}|hvs\.[A-Za-z0-9_-]{20,}|NRAK-[A-Z0-9]{20,})",
    r"\$(?:2[abxy]?|argon2(?:id|i|d)|scrypt|pbkdf2-sha\d+|[156y])\$[A-Za-z0-9./+=,$-]{20,}",
)
#: What is kept stands in the first group; the second is blanked.
_KEPT_FRONT: Final = (
    r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@\"']{0,80}:)([^/\s@\"']+)@",
    r"(?i)(\b(?:set-)?cookie[\"']?\s{0,3}[:=]\s{0,3})([^\n]+)",
    r"(?i)(\b(?:bearer|apikey)\s{1,3})([A-Za-z0-9+/._~=-]{8,})",
    r"(?i)(\bbasic\s{1,3})([A-Za-z0-9+/=]{12,})",
    rf"(?i)(\b{_NAME}\\?[\"']?\s{{0,3}}[:=]\s{{0,3}}(?:(?:bearer|basic)\s{{1,3}})?)"
    r"(\\?\"(?:[^\"\\]|\\.)+\"?|'[^']+'?|[^\s,;&\"'<>(){}\[\]\\]+)",
)
_forms: Final = re2.compile("|".join(_FORMS))
_fronts: Final = tuple(re2.compile(pattern) for pattern in _KEPT_FRONT)
_DIGITS: Final = r"\b[2-6](?:[ -]?[0-9]){12,18}\b"
_RUNS: Final = r"[A-Za-z0-9_/+-]{32,}={0,2}"
_digits: Final = re2.compile(_DIGITS)
_runs: Final = re2.compile(_RUNS)
#: Most texts hold none of these: one look tells.
_any: Final = re2.compile("|".join(f"(?:{pattern})" for pattern in (*_FORMS, *_KEPT_FRONT, _DIGITS, _RUNS)))


def redacted(value: Any) -> Any:
    """Return the value (text, or any depth of dictionaries and lists) with what looks like a secret blanked."""
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, Mapping):
        return {key: _under(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redacted(inner) for inner in value]
    return value


def redacted_text(text: str) -> str:
    """Return a text with what looks like a secret blanked, cut to `LONGEST` characters."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… [cut]"
    if len(text) < 6:
        return text
    text = text if text.isascii() else text.encode("utf-8", "replace").decode()
    if not _any.search(text):
        return text
    text = _forms.sub(BLANK, text)
    for pattern in _fronts:
        text = pattern.sub(_front_kept, text)
    text = _digits.sub(_unless(_is_card), text)
    return str(_runs.sub(_unless(_is_random), text))


def _under(name: str, value: Any) -> Any:
    """Blank a text under a telling name; numbers, flags and our own ids stay."""
    if _KEY.fullmatch(name) and not isinstance(value, Mapping):
        if isinstance(value, str):
            return value if not value or _OUR_ID.fullmatch(value) else BLANK
        if isinstance(value, (list, tuple)):
            return [_under(name, inner) for inner in value]
        return BLANK if isinstance(value, bytes) else value
    return redacted(value)


def _front_kept(found: Any) -> str:
    kept, secret = str(found.group(1)), str(found.group(2))
    is_word = secret.islower() and secret.isalpha() and kept.rstrip()[-5:].lower() == "basic"
    if secret.startswith(BLANK[:9]) or is_word or _OUR_ID.fullmatch(secret.strip("\"'")):
        return str(found.group(0))
    return f"{kept}{BLANK}{'@' if str(found.group(0)).endswith('@') else ''}"


def _unless(is_secret: Callable[[str], bool]) -> Callable[[Any], str]:
    def replace(found: Any) -> str:
        text = str(found.group(0))
        return BLANK if is_secret(text) else text

    return replace


def _is_card(text: str) -> bool:
    """Luhn's checksum over a number of a card's length."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[::-2]) + doubled) % 10 == 0


def _is_random(text: str) -> bool:
    """A long run of small and capital letters and several digits: no word, no path, no hexadecimal number."""
    body = text.rstrip("=")
    digits = sum(letter.isdigit() for letter in body)
    enough = 1 if len(body) == 40 else 3  # AWS writes its secrets in forty characters
    if digits < enough or body.islower() or body.isupper() or body.count("/") > 3 or body.count("-") > 3:
        return False
    return any(letter.islower() for letter in body) and any(letter.isupper() for letter in body)
