"""Refuse documents that are small as text and endless as values: YAML aliases that repeat or contain themselves."""

from __future__ import annotations

from typing import Any, Final

from connectors.base.errors import VendorAnswerError

#: The largest public API documents have about half a million values.
MAX_VALUES: Final = 3_000_000


def check_bounded(root: Any, limit: int = MAX_VALUES) -> None:
    """Count every value as often as it would be written out; ``VendorAnswerError`` past ``limit``."""
    seen = 0
    pending = [root]
    while pending:
        value = pending.pop()
        seen += 1
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        if seen + len(pending) > limit:
            raise VendorAnswerError(
                f"Written out, the document has more than {limit:,} values: its YAML aliases repeat without end.",
                unchanged="Nothing was imported.",
                action="Upload the document without aliases.",
            )
