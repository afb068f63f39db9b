"""Lists in pages: by number, or by an opaque cursor."""

import base64
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import ApiError, answer


def by_number(request: Request, entries: list[Any], most: int, least: int = 1) -> Response:
    """One page chosen by ``page`` and ``per_page``; sizes past the documented bounds are refused."""
    size = _number(request, "per_page", min(20, most))
    page = _number(request, "page", 1)
    if not least <= size <= most:
        raise ApiError(400, 6003, f"per_page must be between {least} and {most}")
    shown = entries[(page - 1) * size : page * size]
    info = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(entries),
        "total_pages": -(-len(entries) // size),
    }
    return answer(shown, info)


def by_cursor(
    request: Request, entries: list[Any], most: int, *, name: str = "per_page", nested: bool = True
) -> Response:
    """One page after an opaque cursor, told in ``cursors.after`` or ``cursor``."""
    size = _number(request, name, min(25, most))
    if not 1 <= size <= most:
        raise ApiError(400, 10006, f"{name} must be between 1 and {most}")
    start = _offset(request.args.get("cursor", ""))
    shown = entries[start : start + size]
    after = _cursor(start + size) if start + size < len(entries) else ""
    info: dict[str, Any] = {"count": len(shown)}
    if nested:
        info["cursors"] = {"after": after} if after else {}
    else:
        info["cursor"] = after
    return answer(shown, info)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"after:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("after:"))
    except ValueError as error:
        raise ApiError(400, 10006, "invalid cursor") from error


def _number(request: Request, name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ApiError(400, 6003, f"{name} must be a positive number")
    return int(text)
