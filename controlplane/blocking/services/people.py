"""Who asks: the person behind a session or an API token. Two people are two persons, not two names."""

from __future__ import annotations

from typing import Any

from controlplane.blocking.types import Person
from tenants.tokens import queries as tokens
from tenants.tokens.types import TokenAuth


def person(user: Any, auth: Any) -> Person:
    """The person of a request's ``user`` and ``auth``; a token counts as the member who made it."""
    if not isinstance(auth, TokenAuth):
        return Person(str(user), str(user.pk or ""))
    owner = tokens.tokens().filter(pk=auth.id).values_list("created_by_id", flat=True).first()
    return Person(auth.name, str(owner or ""))
