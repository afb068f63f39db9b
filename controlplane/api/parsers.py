"""Parsers for bodies that are no JSON of ours."""

from __future__ import annotations

from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tenants.errors import TooLarge


class AnyBody(BaseParser):
    """Leaves the body alone: vendors push JSON under many content types, some compressed; runners send MessagePack."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The raw bytes, at most what the view takes (``most_bytes``); ``TooLarge`` before more is read."""
        most: int | None = getattr((parser_context or {}).get("view"), "most_bytes", None)
        if most is None:
            return bytes(stream.read())
        body = bytes(stream.read(most + 1))
        if len(body) > most:
            raise TooLarge("body-too-large", f"The body is larger than {most} bytes. Nothing was kept.")
        return body


def body_of(request: Request) -> bytes:
    """The body that ``AnyBody`` left alone; empty for a request without one."""
    data: Any = request.data
    return data if isinstance(data, bytes) else b""
