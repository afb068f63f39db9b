"""Ask for work, do it, tell what became of it; wait longer and longer while the control plane is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from connectors.base.errors import ConnectorError, RefusedError
from connectors.egress import EgressResponse
from connectors.runner.identity import VERSION, Identity, control_plane
from connectors.runner.reach import Reach, carried_out
from connectors.runner.wire import (
    CONTENT_TYPE,
    Answer,
    Envelope,
    Failure,
    FailureKind,
    Handed,
    NotGenuine,
    Poll,
    Work,
    call_headers,
    opened_work,
    packed,
    unpacked,
)

log = logging.getLogger("portcullis.runner")

_AT_ONCE: Final = 4
_LONGEST_WAIT: Final = 60.0
#: The control plane's answer to a runner it does not know; everything else may pass.
_GONE: Final = 401
#: Ids of work done are remembered so long that none can be carried out twice before it is over.
_REMEMBERED: Final = 4096
_STOPPING: Final = Failure(FailureKind.UNSENT, "the runner is being stopped and did not send the request")


class Loop:
    """One running runner. ``stop`` ends it after the work in hand."""

    def __init__(self, identity: Identity, reach: Reach) -> None:
        self._identity, self._reach = identity, reach
        self._plane, self._estate = control_plane(identity.url), reach.opened()
        self._done: dict[str, None] = {}
        self._lock, self._free = threading.Lock(), threading.Semaphore(_AT_ONCE)
        self.stop = threading.Event()

    def run(self) -> None:
        """Go on until ``stop`` is set; ``RefusedError`` when the control plane no longer knows this runner.

        Work is asked for while others of it are under way: a gateway that does not answer holds up its own alone.
        """
        wait = 0.0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while not self.stop.wait(wait):
                with self._free:  # not before a hand is free: what is handed out would age here
                    pass
                try:
                    handed = self._ask()
                except (ConnectorError, NotGenuine) as error:
                    if isinstance(error, RefusedError):
                        raise
                    wait = min(_LONGEST_WAIT, max(1.0, wait * 2))
                    log.warning("No work could be fetched; asking again in %.0f s. %s", wait, error)
                    continue
                arrived = time.monotonic()
                for envelope in handed.work:
                    self._free.acquire()
                    pool.submit(self._served, envelope, arrived)
                wait = min(max(handed.wait, 0.05), _LONGEST_WAIT)

    def _served(self, envelope: Envelope, arrived: float) -> None:
        try:
            self._serve(envelope, arrived)
        except Exception:
            log.exception("A piece of work ended in an error of ours.")
        finally:
            self._free.release()

    def _ask(self) -> Handed:
        poll = Poll(VERSION, tuple(sorted(self._reach.addresses)), self._reach.read_only)
        answer = self._call("/api/v1/runner/work", packed(poll))
        return unpacked(Handed, answer.content)

    def _serve(self, envelope: Envelope, arrived: float) -> None:
        """Carry out work that is genuine, new and in time.

        Once ``stop`` is set nothing more is begun, and who waits for it is told so.
        """
        identity, waited = self._identity, time.monotonic() - arrived
        try:
            work = opened_work(envelope, identity.work_key, identity.runner_id, time.time() - waited)
        except NotGenuine as error:
            log.error("A piece of work was refused. Nothing was sent. %s", error)
            return
        if self._known(work):
            log.error("A piece of work came twice and was refused: %r. Nothing was sent.", work.id)
            return
        if waited >= work.seconds:
            log.warning("A piece of work was not begun in time: %r. Nothing was sent.", work.id)
            return
        if self.stop.is_set():
            answer = Answer(work.id, failure=_STOPPING)
        else:
            answer = carried_out(work, self._reach, self._estate, work.seconds - waited)
        outcome = answer.failure.what if answer.failure else f"status {answer.status}"
        log.info("%r %r: %s", work.method, work.url.partition("?")[0], outcome)
        self._tell(arrived + work.seconds, answer)

    def _known(self, work: Work) -> bool:
        """Whether this work was carried out before; it is remembered as such."""
        with self._lock:
            if work.id in self._done:
                return True
            self._done[work.id] = None
            if len(self._done) > _REMEMBERED:
                self._done.pop(next(iter(self._done)))
        return False

    def _tell(self, over: float, answer: Answer) -> None:
        """Hand the answer over, again and again until the work is over anyway; at least once, also when stopping."""
        wait, body = 0.5, packed(answer)
        while True:
            try:
                self._call("/api/v1/runner/answers", body)
                return
            except (ConnectorError, NotGenuine) as error:
                if time.monotonic() + wait > over or self.stop.wait(wait):
                    log.warning("An answer could not be handed over. %s", error)
                    return
            wait = min(10.0, wait * 2)

    def _call(self, path: str, body: bytes) -> EgressResponse:
        """One signed call; ``RefusedError`` when this runner is no longer known, ``ConnectorError`` for all else."""
        identity = self._identity
        headers: Mapping[str, str] = {
            "content-type": CONTENT_TYPE,
            **call_headers(identity.runner_id, identity.key, "POST", path, body, time.time()),
        }
        answer = self._plane.request("POST", identity.url + path, headers=headers, content=body)
        if answer.status == _GONE:
            raise RefusedError(
                "The control plane no longer takes this runner: it was removed, or a clock is wrong by minutes.",
                action="Look under Settings, Runners. A removed runner has to be enrolled anew in an empty folder.",
            )
        if answer.status not in (200, 202, 204):
            raise NotGenuine(f"The control plane answered {answer.status}.")
        return answer
