"""A relay that answers from a recording."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.base.errors import VendorAnswerError
from connectors.egress.relay import RelayedRequest, RelayedResponse, Unsent
from connectors.recording.scrub import Scrubber, without_stand_ins
from connectors.recording.tape import Exchange
from connectors.recording.taping import asked_for


@dataclass(frozen=True, slots=True)
class RecordedIdentity:
    """Stands for who a connection was that signed in by federation: nothing is signed where nobody asks for proof."""

    issuer: str = ""
    subject: str = ""

    def token(self, audience: str) -> str:
        """No token; in a recording its place is a stand-in."""
        return "recorded"

    def stranger_token(self, audience: str) -> str:
        """No token either."""
        return "recorded"


class Replay:
    """Answers requests alike in the order in which they were recorded; the last answer is given again and again.

    ``missing`` names the requests that the recording does not hold: a connector of another version asks otherwise.
    """

    def __init__(self, exchanges: Iterable[Exchange], scrubber: Scrubber) -> None:
        self._scrubber, self.missing = scrubber, list[str]()
        self._answers: dict[tuple[str, str, str], deque[Exchange]] = defaultdict(deque)
        for exchange in exchanges:
            self._answers[_key(exchange)].append(exchange)

    def __call__(self, request: RelayedRequest) -> RelayedResponse:
        """The recorded answer; ``VendorAnswerError`` when there is none."""
        asked = asked_for(request, self._scrubber)
        found = self._answers.get(_key(asked))
        if not found:
            self.missing.append(f"{asked.method} {asked.url}")
            raise VendorAnswerError(f"The recording holds no answer to {self.missing[-1]}.")
        exchange = found.popleft() if len(found) > 1 else found[0]
        if not exchange.status:
            raise Unsent(exchange.failure)
        return RelayedResponse(exchange.status, tuple(exchange.headers.items()), exchange.body)


def _key(exchange: Exchange) -> tuple[str, str, str]:
    return exchange.method, without_stand_ins(exchange.url), without_stand_ins(exchange.request)
