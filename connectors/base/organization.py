"""An account of an organisation, as the vendor lists it: one connection can lead to many."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganizationAccount:
    """``ref`` is the vendor's id, ``name`` what people call it. ``inactive`` says why it cannot be read; "" is active."""

    ref: str
    name: str
    inactive: str = ""
