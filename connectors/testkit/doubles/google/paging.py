"""Pages with opaque tokens that hold for one question only."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from connectors.testkit.doubles.google.errors import invalid


def page(items: Sequence[Any], size: int, token: str, question: Any) -> tuple[Sequence[Any], str]:
    """The items of one page and the token of the next, or ""; a token of another ``question`` is refused."""
    mark = hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    start = _start(token, mark) if token else 0
    end = start + size
    following = base64.urlsafe_b64encode(f"{mark}:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], following


def _start(token: str, mark: str) -> int:
    try:
        made_for, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if made_for == mark:
            return int(start)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise invalid("Invalid value for field 'pageToken': it belongs to another request or is damaged.")
