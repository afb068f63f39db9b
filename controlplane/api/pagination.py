"""Cursor pages: opaque signed cursors, `next` in the body and a Link header (RFC 8288)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core import signing
from django.db.models import QuerySet
from rest_framework import exceptions, pagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tenants.isolation.context import current_tenant

MAX_LIMIT = 200


def _cursor_of(link: str | None) -> str | None:
    """The cursor in a page's address; the body carries it alone, the Link header the whole address."""
    if link is None:
        return None
    return parse_qs(urlsplit(link).query)[CursorPagination.cursor_query_param][0]


class InvalidCursor(exceptions.APIException):
    """The cursor was changed, or is another tenant's or list's."""

    status_code = 400
    default_code = "invalid-cursor"
    default_detail = "This cursor is not valid here; start again without it."


class CursorPagination(pagination.CursorPagination):
    """`?cursor=` and `?limit=` (1–200, default 50). Lists and querysets alike."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = MAX_LIMIT
    ordering = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Return one page of a queryset (by `view.ordering`) or of a sequence (by position)."""
        self._salt = f"cursor:{getattr(current_tenant(), 'schema_name', '')}:{request.path}"
        if isinstance(queryset, QuerySet):
            return super().paginate_queryset(queryset, request, view)
        return self._page_of_sequence(queryset, request)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """Return the view's `ordering`, else newest first."""
        ordering = getattr(view, "ordering", None) or self.ordering
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)

    def decode_cursor(self, request: Request) -> Any:
        """Read a signed cursor; a changed one is refused with 400."""
        sealed = request.query_params.get(self.cursor_query_param)
        if sealed is None:
            return None
        try:
            offset, reverse, position = signing.loads(sealed, salt=self._salt)
        except (signing.BadSignature, ValueError) as error:
            raise InvalidCursor from error
        return pagination.Cursor(offset=offset, reverse=reverse, position=position)

    def encode_cursor(self, cursor: Any) -> str:
        """Return the address of the page at this cursor."""
        sealed = signing.dumps([cursor.offset, cursor.reverse, cursor.position], salt=self._salt)
        return replace_query_param(str(self.base_url), self.cursor_query_param, sealed)

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with its neighbours."""
        following, previous = self.get_next_link(), self.get_previous_link()
        links = [f'<{url}>; rel="{rel}"' for url, rel in ((following, "next"), (previous, "prev")) if url]
        headers = {"Link": ", ".join(links)} if links else {}
        return Response(
            {"data": data, "next": _cursor_of(following), "previous": _cursor_of(previous)}, headers=headers
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page in OpenAPI."""
        cursor = {"type": ["string", "null"], "description": "Value for ?cursor=; null at the end."}
        return {
            "type": "object",
            "required": ["data", "next", "previous"],
            "properties": {"data": schema, "next": cursor, "previous": cursor},
        }

    def _page_of_sequence(self, items: Sequence[Any], request: Request) -> list[Any]:
        """Page through values already computed; the cursor holds the position."""
        self.base_url = request.build_absolute_uri()
        size = self.get_page_size(request) or self.page_size
        cursor = self.decode_cursor(request)
        start = cursor.offset if cursor else 0
        page = list(items[start : start + size])
        more, before = start + size < len(items), start > 0
        self._links = (start + size if more else None, max(0, start - size) if before else None)
        self.get_next_link = lambda: self._position_link(self._links[0])  # type: ignore[method-assign]
        self.get_previous_link = lambda: self._position_link(self._links[1])  # type: ignore[method-assign]
        return page

    def _position_link(self, offset: int | None) -> str | None:
        if offset is None:
            return None
        return self.encode_cursor(pagination.Cursor(offset=offset, reverse=False, position=None))
