"""How a vendor's push looks on the wire: where it carries our token and which answer its sender understands.

``Receiver`` is the common form, a bearer token and a JSON answer. A connector whose vendor speaks otherwise inherits
from it in its ``Calls`` class and overrides what differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What the sender is told: an HTTP status, a body in its own form, and further headers."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Receiver:
    """A sender that puts ``Authorization: Bearer <ingest token>`` on each push and wants any 2xx."""

    #: Whether records of several pushes may be normalised as one batch: calls have ids that do not count within a push.
    joins: ClassVar[bool] = False
    #: Whether ``verified`` can tell a genuine push that has no ingest token.
    verifies: ClassVar[bool] = False

    @classmethod
    def presented_token(cls, headers: Mapping[str, str]) -> str:
        """The ingest token a push carries, or empty. Header names are lower case."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def verified(self, headers: Mapping[str, str], address: str, now: float) -> bool:
        """Whether a push that presents no ingest token is genuine all the same, such as one its vendor signed.

        Asked only when ``verifies``, of a connection that takes pushes. ``address`` is its ingest URL, which a
        signature must have been made for; ``now`` is Unix time in seconds. Never raises; in doubt it is not.
        """
        return False

    @classmethod
    def acknowledged(cls, headers: Mapping[str, str], push_id: str, records: int, now: float) -> PushAnswer:
        """The answer once the records are stored durably; ``now`` is Unix time in seconds."""
        return PushAnswer(202, json.dumps({"push": push_id, "records": records}).encode())

    @classmethod
    def refused(cls, headers: Mapping[str, str], status: int, detail: str, now: float) -> PushAnswer | None:
        """The answer to a push that is refused, in the sender's form; None for the API's own problem document."""
        return None
