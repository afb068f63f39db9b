"""One HTTP call of an actor, its answer, and what an actor is: a generator of steps."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import orjson

AWS, KONG = "aws", "kong"


@dataclass(frozen=True)
class Client:
    """Where a call comes from: address, country, AS number, JA4 and user agent."""

    address: str
    country: str
    asn: int
    ja4: str
    user_agent: str


@dataclass(frozen=True)
class Call:
    """A request to one host of a gateway (``target`` aws or kong); ``path`` is already encoded."""

    target: str
    host: str
    method: str
    path: str
    client: Client
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None


@dataclass(frozen=True)
class Answer:
    """Status and body of a call; status 0 means that the gateway could not be reached or the call was left
    out.
    """

    status: int
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class Step:
    """Do ``call`` (None: nothing) and then pause ``pause_s`` seconds before the next step."""

    call: Call | None
    pause_s: float


Actor = Generator[Step, Answer, None]
"""Yields steps and is sent the answer of each."""
