"""The clockwork: many actors, each due at some moment, merged into one stream of calls.

The same actors serve live traffic (a moment is waited for) and past traffic (a moment is only written into
the request). Live traffic never exceeds ``MAX_PER_SECOND``.
"""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from controlplane.demo.traffic import sessions
from controlplane.demo.traffic.attacks import ATTACKS, Waves
from controlplane.demo.traffic.calls import Actor, Answer, Step
from controlplane.demo.traffic.sender import Sender
from controlplane.demo.traffic.status import Status
from controlplane.demo.traffic.world import PARTNER_ADDRESSES

MAX_PER_SECOND = 40.0
WORKERS = 6
CALLS_PER_SESSION = 9.0
BACKGROUND_RATE = 0.9
"""Calls per second of partners, monitors, crawlers and noise together."""


@dataclass(order=True)
class Due:
    """An actor's next step at a moment (epoch seconds)."""

    at: float
    order: int
    population: str = field(compare=False)
    actor: Actor = field(compare=False)
    step: Step = field(compare=False)


class Simulation:
    """Actors from ``start`` (epoch s) on. ``pace`` stretches the gaps of ``attacks`` (past
    traffic has fewer waves).
    """

    def __init__(
        self,
        sender: Sender,
        status: Status,
        rate: float,
        seed: int,
        start: float,
        pace: float = 1.0,
        attacks: Collection[str] = frozenset(ATTACKS),
    ) -> None:
        self._sender = sender
        self._status = status
        self._chance = random.Random(seed)  # noqa: S311
        self._queue: list[Due] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._session_gap_s = CALLS_PER_SESSION / max(rate - BACKGROUND_RATE, 0.2)
        self._next_session = start
        self._background(start)
        for name in sorted(attacks):
            attack, waves, after_s = ATTACKS[name]
            stretched = Waves(waves.calls, waves.per_second, waves.gap_s * pace)
            self.add(name, attack(self._branch(), stretched), start + after_s * pace)

    def _branch(self) -> random.Random:
        return random.Random(self._chance.getrandbits(64))  # noqa: S311

    def _background(self, start: float) -> None:
        for name in PARTNER_ADDRESSES:
            self.add(name, sessions.partner(name, self._branch()), start + self._chance.uniform(0, 5))
        single: dict[str, Callable[[random.Random], Actor]] = {
            "monitor": sessions.monitor,
            "crawler": sessions.crawler,
            "noise": sessions.noise,
        }
        for name, actor in single.items():
            self.add(name, actor(self._branch()), start + self._chance.uniform(0, 3))
        hosts = self._sender.get_json("aws", "/_double/hosts")
        if host := hosts.get("orders"):
            self.add("legacy", sessions.legacy(str(host), self._branch()), start + 2)

    def add(self, population: str, actor: Actor, at: float) -> None:
        """Let an actor begin at a moment."""
        step = next(actor, None)
        if step is not None:
            with self._lock:
                heapq.heappush(self._queue, Due(at, next(self._order), population, actor, step))

    def _arrivals(self, now: float) -> None:
        while self._next_session <= now:
            mobile = self._chance.random() < 0.4
            actor = sessions.mobile_session if mobile else sessions.web_session
            self.add("mobile" if mobile else "web", actor(self._branch()), self._next_session)
            self._next_session += self._chance.expovariate(1 / self._session_gap_s)

    def _take(self, now: float) -> Due | None:
        self._arrivals(now)
        with self._lock:
            return heapq.heappop(self._queue) if self._queue and self._queue[0].at <= now else None

    def _perform(self, due: Due, past_ms: int | None) -> None:
        answer = Answer(0)
        if due.step.call is not None:
            answer = self._sender.send(due.step.call, past_ms)
            if answer.status or past_ms is None:
                self._status.count(due.population, due.step.call, answer)
        after = (due.at if past_ms is not None else time.time()) + due.step.pause_s
        try:
            step = due.actor.send(answer)
        except StopIteration:
            return
        with self._lock:
            heapq.heappush(self._queue, Due(after, next(self._order), due.population, due.actor, step))

    def live(self, stopped: threading.Event) -> None:
        """Run in real time until ``stopped``."""
        with ThreadPoolExecutor(WORKERS) as pool:
            while not stopped.wait(1 / MAX_PER_SECOND):
                if due := self._take(time.time()):
                    pool.submit(self._perform, due, None)

    def past(self, until: float, stopped: threading.Event) -> None:
        """Run as fast as the doubles answer until the simulated clock reaches ``until`` (epoch s)."""
        with ThreadPoolExecutor(4) as pool:
            while not stopped.is_set():
                batch: list[Due] = []
                with self._lock:
                    horizon = min(self._queue[0].at if self._queue else until, until)
                while len(batch) < 16 and (due := self._take(horizon + 0.5)):
                    batch.append(due)
                if not batch:
                    return
                waiting: list[Future[None]] = [
                    pool.submit(self._perform, due, int(due.at * 1000)) for due in batch if due.at < until
                ]
                for future in waiting:
                    future.result()
