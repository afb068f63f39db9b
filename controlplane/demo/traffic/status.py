"""Counters per population and attack, and the status file a test or a person reads."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from controlplane.demo.traffic.calls import Answer, Call

RECENT = 40
NO_SUCH_RESOURCE = b"Missing Authentication Token"
"""API Gateway's 403 for a path that does not exist: nobody was blocked."""


@dataclass
class Tally:
    """What happened to one population's calls. ``recent`` holds the newest statuses, oldest first."""

    requests: int = 0
    blocked: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    addresses: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    blocked_addresses: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))
    last_at: float = 0.0

    def describe(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "requests": self.requests,
            "blocked": self.blocked,
            "statuses": self.by_class,
            "recent_statuses": list(self.recent),
            "recent_addresses": list(dict.fromkeys(self.addresses)),
            "blocked_addresses": list(dict.fromkeys(self.blocked_addresses)),
            "last_at": self.last_at,
        }


class Status:
    """All tallies of one generator. Safe for threads."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._tallies: dict[str, Tally] = {}
        self._lock = threading.Lock()
        self.phase = "starting"
        self.started_at = time.time()

    def count(self, population: str, call: Call, answer: Answer) -> None:
        """Add one answered call."""
        status = str(answer.status) if answer.status in (401, 403, 404, 429) else f"{answer.status // 100}xx"
        with self._lock:
            tally = self._tallies.setdefault(population, Tally())
            tally.requests += 1
            tally.by_class[status] = tally.by_class.get(status, 0) + 1
            tally.addresses.append(call.client.address)
            tally.recent.append(answer.status)
            if answer.status == 403 and NO_SUCH_RESOURCE not in answer.body:
                tally.blocked += 1
                tally.blocked_addresses.append(call.client.address)
            tally.last_at = time.time()

    def describe(self, attacks: set[str]) -> dict[str, Any]:
        """The whole status; populations named in ``attacks`` are listed apart."""
        with self._lock:
            shown = {name: tally.describe() for name, tally in sorted(self._tallies.items())}
        return {
            "phase": self.phase,
            "started_at": self.started_at,
            "updated_at": time.time(),
            "populations": {name: value for name, value in shown.items() if name not in attacks},
            "attacks": {name: value for name, value in shown.items() if name in attacks},
        }

    def write(self, attacks: set[str]) -> None:
        """Replace the status file in one step."""
        if self._path is None:
            return
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(orjson.dumps(self.describe(attacks)))
        temporary.replace(self._path)
