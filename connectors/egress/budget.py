"""Rate budgets: a token bucket per vendor account, shared by the threads of a process."""

from __future__ import annotations

import threading
import time

from connectors.base.errors import TransientError
from connectors.egress.deadline import left_or_nothing


class Budget:
    """At most ``rate`` takes per second on average and ``burst`` at once; ``take`` waits for its turn."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._updated = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one token, sleeping until there is one; ``TransientError`` when the exchange would end before."""
        while True:
            with self._lock:
                now = time.monotonic()
                self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
                self._updated = now
                if self._tokens >= 1:
                    self._tokens -= 1
                    return
                wait = (1 - self._tokens) / self._rate
            if wait >= left_or_nothing():
                raise TransientError(
                    "The rate budget of this account is used up for the moment.",
                    unchanged="Nothing was sent.",
                )
            time.sleep(wait)


_budgets: dict[str, Budget] = {}
_budgets_lock = threading.Lock()


def budget_for(key: str, rate: float, burst: int) -> Budget:
    """The process-wide budget named ``key`` (a vendor account), made at its first use."""
    with _budgets_lock:
        if key not in _budgets:
            _budgets[key] = Budget(rate, burst)
        return _budgets[key]
