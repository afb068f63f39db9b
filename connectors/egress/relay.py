"""Requests that somebody else sends for us: the client's limits, budget and retries stay, the socket is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from connectors.egress.deadline import left_or_nothing

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """One request to send. ``seconds`` is how long its answer may take once it is sent."""

    method: str
    url: str
    headers: Headers
    content: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class RelayedResponse:
    """The answer; ``content`` as it was sent, still encoded."""

    status: int
    headers: Headers
    content: bytes


class Unanswered(Exception):
    """No answer came in time: it is not known whether the request arrived."""


class Unsent(Exception):
    """The request did not get through; the text says why. It may be tried again."""


#: Sends one request. Raises ``Unanswered``, ``Unsent``, or a ``ConnectorError`` that ends the exchange.
Relay = Callable[[RelayedRequest], RelayedResponse]


class RelayTransport(httpx.BaseTransport):
    """httpx over a relay instead of sockets of ours."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Relay one request; what the relay says of its failure becomes httpx's error of that kind."""
        limits = request.extensions.get("timeout", {})
        wanted = float(limits.get("read") or 20.0) + float(limits.get("connect") or 5.0)
        seconds = min(wanted, left_or_nothing())
        if seconds <= 0:
            raise httpx.ConnectTimeout("no time was left", request=request)
        headers = tuple(
            (name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw
        )
        try:
            found = self._relay(
                RelayedRequest(request.method, str(request.url), headers, request.read(), seconds)
            )
        except Unanswered as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except Unsent as error:
            raise httpx.ConnectError(str(error), request=request) from error
        given = [(name.encode(), value.encode("latin-1", "replace")) for name, value in found.headers]
        return httpx.Response(found.status, headers=given, stream=httpx.ByteStream(found.content))
