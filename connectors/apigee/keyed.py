"""Lists of Apigee that go on by ``startKey``: each page begins with the last object of the one before again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connectors.base.errors import VendorAnswerError

_PAGE: Final = 1000
_MOST_PAGES: Final = 2000

#: The objects of the page that a query (``count``, ``startKey``) asks for.
Fetch = Callable[[Mapping[str, str]], Sequence[dict[str, Any]]]


def keyed(fetch: Fetch, key: str, action: str) -> list[dict[str, Any]]:
    """All objects, told apart by ``key``; ``action`` says what for, in words that follow "to"."""
    found: list[dict[str, Any]] = []
    last = ""
    for _ in range(_MOST_PAGES):
        page = fetch({"count": str(_PAGE)} | ({"startKey": last} if last else {}))
        names = [entry.get(key) for entry in page]
        if not all(isinstance(name, str) and name for name in names) or (last and names[:1] != [last]):
            raise VendorAnswerError(f"Apigee's pages do not go on when one wants to {action}.")
        found += page[1:] if last else page
        if len(page) < _PAGE:
            return found
        last = str(names[-1])
    raise VendorAnswerError(f"The list did not end after {_MOST_PAGES} pages when one wants to {action}.")
