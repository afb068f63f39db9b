"""Path segments: which text is a value by its very form, and how likely other text is a literal.

A path is split into segments and every segment becomes a *key*. Values recognisable by form (UUID,
number, hash, token …) collapse into one key per kind at once, which keeps the trie small; all other
text keeps its spelling and is judged later with statistics, starting from `literal_score`.
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from .lexicon import EVERYDAY, FIRST_NAMES, FREQUENT, KNOWN, RARE

MARK: Final = "\x00"
"""First character of a key that stands for a value, followed by its kind (then any fixed suffix)."""

_KIND = re.compile(
    r"(?P<redacted>~(?P<redacted_kind>[a-z_-]+)\.[0-9a-f]{16})"
    r"|(?P<uuid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"
    r"|(?P<int>-?\d+)"
    r"|(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7})"
    r"|(?P<datetime>\d{4}-\d\d-\d\d[T_ ]\d\d[:\-]?\d\d.*)"
    r"|(?P<hash>(?:sha\d+[:-])?(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}|(?=[0-9]*[a-f])(?=[a-f]*\d)[0-9a-f]{8,15})"
    r"|(?P<ulid>[0-7][0-9A-HJKMNP-TV-Z]{25})"
    r"|(?P<locale>[a-z]{2,3}[-_][A-Z]{2})"
    r"|(?P<email>[^@\s]+@[^@\s]+\.[^@\s.]+)"
    r"|(?P<phone>\+\d{6,})"
    r"|(?P<prefixed>[A-Za-z]{1,8}[_-](?=[A-Za-z_]*\d)(?=[a-z0-9_]*[A-Z]|[a-zA-Z_]*\d[a-zA-Z_]*\d|\d)[A-Za-z0-9]{6,})"
    r"|(?P<code>[A-Z]{1,10}[-_]?\d[A-Z0-9-]*|\d+[A-Z][A-Z0-9]{2,}|[A-Z]+\d[A-Z0-9]+)"
    r"|(?P<number>[0-9][0-9.,:_-]{5,}[0-9])"
    r"|(?P<urn>(?:arn|urn|gid|did):.+)"
    r"|(?P<list>[^,]+(?:,[^,]+)+)"
)
_VERSION = re.compile(
    r"v\d+(?:[._]\d+)*(?:[-_.]?(?:alpha|beta|rc|preview|pre|p)\d*(?:[._]\d+)*)?"
    r"|\d{4}-\d\d(?:-\d\d)?(?:[.-](?:alpha|beta|preview|rc\d*))?"
    r"|v?\d+\.\d+(?:\.\d+)?(?:[-+.]?(?:alpha|beta|rc|preview)[\w.]*)?",
)
_MAJOR = re.compile(r"[vV]\d{1,4}(?:(?:alpha|beta|rc|p)\d*(?:p\d+)?(?:beta\d*|alpha\d*)?)?")
_FORMAT = re.compile(
    r"(.+?)(\.(?:json|xml|csv|pdf|html?|txt|ya?ml|rss|atom|ics|xlsx?|zip|png|jpe?g|svg|gif))"
)
_FILE = re.compile(r"[^/]+\.(?:[a-z]{1,4}\d?|webmanifest)", re.IGNORECASE)
_VERB = re.compile(r"([^:]+)(:[A-Za-z][A-Za-z_]*)")
_CALL = re.compile(r"([A-Za-z_.]+)\(([^()]*)\)")
_TOKENS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SERVICE_FILES = frozenset(("favicon.ico", "robots.txt", "sitemap.xml", "security.txt", ".well-known"))
_TECH_DIGITS = frozenset(
    {
        "oauth2",
        "s3",
        "ec2",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "base64",
        "http2",
        "k8s",
        "2fa",
        "h264",
        "utf8",
        "ipv4",
        "ipv6",
        "p2p",
        "b2b",
        "b2c",
        "web3",
        "route53",
        "x509",
        "3ds",
        "3ds2",
        "e164",
        "iso8601",
        "oauth1",
        "log4j",
    }
)


def is_version(segment: str) -> bool:
    """Whether the text reads as an API version: `v1`, `v1beta1`, `2024-01-01`, `1.0`."""
    return _VERSION.fullmatch(segment) is not None or _MAJOR.fullmatch(segment) is not None


def is_major_version(segment: str) -> bool:
    """Whether the text is a version of the `v1` form, which nobody uses as an identifier by chance."""
    return _MAJOR.fullmatch(segment) is not None


def split(path: str) -> list[str]:
    """Segments of a path without empty ones, query, fragment and matrix parameters."""
    if "?" in path or "#" in path:
        path = path.partition("?")[0].partition("#")[0]
    parts = [part for part in path.split("/") if part]
    if ";" in path:
        parts = [part.partition(";")[0] or part for part in parts]
    return parts


@lru_cache(maxsize=65_536)
def key_of(segment: str) -> str:
    """Key of a segment: `MARK + kind` (+ fixed suffix) when its form says value, else the text itself."""
    if segment.isalpha() and segment.isascii() and (segment.islower() or segment.istitle()):
        return segment
    kind = value_kind(segment)
    if kind:
        return MARK + kind
    for pattern in (_FORMAT, _VERB):
        match = pattern.fullmatch(segment)
        if match and (kind := value_kind(match[1])):
            return f"{MARK}{kind}{match[2]}"
    call = _CALL.fullmatch(segment)
    if call and call[2]:
        return f"{MARK}call{call[1]}("
    return segment


def value_kind(segment: str) -> str | None:
    """Kind of a segment whose form alone says value; None for words, versions and slugs."""
    if is_version(segment):
        return None
    if "%" in segment:
        decoded = unquote(segment)
        if "/" in decoded or " " in decoded or not decoded.isascii():
            return "text"
        segment = decoded
    match = _KIND.fullmatch(segment)
    if match:
        kind = match.lastgroup or ""
        return match["redacted_kind"].replace("_", "-") if match["redacted"] else kind
    if not segment.isascii() or " " in segment:
        return "text"
    if len(segment) >= 5 and segment.isupper() and segment.isalpha() and not _known_ratio(segment):
        return "code"
    return "token" if _is_token(segment) else None


def _is_token(segment: str) -> bool:
    """Random-looking text: mixed classes, many changes of class, pieces that are no words."""
    if len(segment) < 8 or ("." in segment and segment.count(".") != 2):
        return False
    if segment.count(".") == 2 and len(segment) >= 40 and segment.startswith("ey"):
        return True
    body = segment.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_+~-]+", body):
        return False
    pieces = _TOKENS.findall(body)
    digits = sum(ch.isdigit() for ch in body)
    words = sum(len(p) for p in pieces if len(p) > 2 and _tier(p.lower()) > 0)
    mixed = not body.islower() and not body.isupper()
    if words * 2 >= len(body) - digits:
        return False
    average = len(body) / max(1, len(pieces))
    if mixed:
        return average < (4.2 if words == 0 else 3) if digits == 0 else len(pieces) >= 4 and average < 4
    return (digits >= 3 and len(pieces) >= 5 and average < 4) or (
        digits >= 4 and len(body) >= 16 and average < 5
    )


def _tier(word: str) -> float:
    """Weight in [0, 2.4] of a lower-case word as part of an API literal."""
    if word in FREQUENT:
        return 2.4
    if word in EVERYDAY:
        return 2.2
    if word in KNOWN:
        return 1.7
    if word in RARE:
        return 1.1
    if len(word) > 4:
        for stem in (word[:-1], word[:-2], word[:-3] + "y", word[:-3], word[:-2] + "e", word + "s"):
            if len(stem) > 3 and (stem in FREQUENT or stem in EVERYDAY or stem in KNOWN):
                return 1.6
    return 0.0


def _known_ratio(segment: str) -> float:
    pieces = [p.lower() for p in _TOKENS.findall(segment)]
    return sum(_tier(p) > 0 for p in pieces) / len(pieces) if pieces else 0.0


@lru_cache(maxsize=16_384)
def _breaks(word: str) -> bool:
    """Whether a run-together word (`customresourcedefinitions`) is a chain of known words."""
    size = len(word)
    reach = [True] + [False] * size
    for end in range(4, size + 1):
        for start in range(end - 3):
            if reach[start] and _tier(word[start:end]) >= 1.6:
                reach[end] = True
                break
    return reach[size]


@lru_cache(maxsize=65_536)
def literal_score(segment: str) -> float:
    """Log-odds that a segment is a literal by spelling alone: known words up, digits and names down."""
    if segment.startswith(MARK):
        return -6.0
    if is_version(segment) or segment in _SERVICE_FILES:
        return 3.0
    if segment.lower() in _TECH_DIGITS:
        return 2.0
    pieces = [p.lower() for p in _TOKENS.findall(segment)]
    alpha = [p for p in pieces if p.isalpha()]
    if not alpha:
        return -3.0
    score = 0.0
    if len(pieces) > len(alpha) and not segment[0].isdigit():
        score -= 2.5 if re.search(r"[a-z]\d{2,}$", segment) else 1.5
    if any(p in FIRST_NAMES for p in alpha):
        score -= 2.5
    weights = [_tier(p) if len(p) > 2 else 1.0 for p in alpha]
    if len(alpha) == 1:
        word = alpha[0]
        if weights[0]:
            return score + weights[0]
        if len(word) >= 9 and _breaks(word):
            return score + 2.0
        return score + (0.2 if word.endswith("s") and not word.endswith("ss") else -0.6)
    known = sum(1 for w in weights if w > 0)
    camel = re.fullmatch(r"[A-Za-z]+", segment) is not None
    if known == len(alpha):
        score += 1.0 + min(weights) / 2
    else:
        score += (known / len(alpha)) * 2.4 - 2.2
    if weights[-1] > 0 and alpha[-1].endswith("s") and not alpha[-1].endswith("ss"):
        score += 1.2
    if camel:
        score += 2.2 if known * 2 >= len(alpha) else 1.0
    elif "." in segment and known == len(alpha):
        score += 0.8
    elif "_" in segment:
        score += 0.9
    return score


def core_and_suffix(segment: str) -> tuple[str, str]:
    """Split a fixed ending from a segment: `report.csv` gives (`report`, `.csv`), `x:publish` (`x`, `:publish`)."""
    match = _VERB.fullmatch(segment) or _FORMAT.fullmatch(segment)
    return (match[1], match[2]) if match else (segment, "")


def word_kind(segment: str) -> str:
    """Kind of a value that has no telling form: name, domain, file, version, slug or word."""
    if is_version(segment):
        return "version" if not re.match(r"\d{4}-", segment) else "date"
    pieces = [p.lower() for p in _TOKENS.findall(segment)]
    if any(p in FIRST_NAMES for p in pieces):
        return "name"
    if _FILE.fullmatch(segment):
        return "domain" if segment.count(".") > 1 else "file"
    return "slug" if len(pieces) > 1 else "word"
