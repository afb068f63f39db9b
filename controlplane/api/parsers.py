"""Parsers for bodies that are no JSON of ours."""

from __future__ import annotations

from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request


class AnyBody(BaseParser):
    """Leaves the body alone: vendors push JSON under many content types, some compressed; runners send MessagePack."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The raw bytes; size is bounded by the web server's limit and again by who takes them."""
        return bytes(stream.read())


def body_of(request: Request) -> bytes:
    """The body that ``AnyBody`` left alone; empty for a request without one."""
    data: Any = request.data
    return data if isinstance(data, bytes) else b""
