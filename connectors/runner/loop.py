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
#: The control plane's answer to a runner it no longer knows.
_GONE: Final = (401, 403)
#: Ids of work done are remembered so long that none can be carried out twice before it is over.
_REMEMBERED: Final = 4096


class Loop:
    """One running runner. ``stop`` ends it after the work in hand."""

    def __init__(self, identity: Identity, reach: Reach) -> None:
        self._identity, self._reach = identity, reach
        self._plane, self._estate = control_plane(identity.url), reach.opened()
        self._done: dict[str, None] = {}
        self.stop = threading.Event()

    def run(self) -> None:
        """Go on until ``stop`` is set; ``RefusedError`` when the control plane no longer knows this runner."""
        wait = 0.0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while not self.stop.wait(wait):
                try:
                    handed = self._ask()
                except (ConnectorError, NotGenuine) as error:
                    if isinstance(error, RefusedError):
                        raise
                    wait = min(_LONGEST_WAIT, max(1.0, wait * 2))
                    log.warning("No work could be fetched; asking again in %.0f s. %s", wait, error)
                    continue
                list(pool.map(self._serve, handed.work))
                wait = min(max(handed.wait, 0.05), _LONGEST_WAIT)

    def _ask(self) -> Handed:
        poll = Poll(VERSION, tuple(sorted(self._reach.addresses)), self._reach.read_only)
        answer = self._call("/api/v1/runner/work", packed(poll))
        return unpacked(Handed, answer.content)

    def _serve(self, envelope: Envelope) -> None:
        try:
            identity = self._identity
            work = opened_work(envelope, identity.work_key, identity.runner_id, time.time())
        except NotGenuine as error:
            log.error("A piece of work was refused. Nothing was sent. %s", error)
            return
        if self._known(work):
            return
        answer = carried_out(work, self._reach, self._estate)
        outcome = answer.failure.what if answer.failure else f"status {answer.status}"
        log.info("%s %s: %s", work.method, work.url.partition("?")[0], outcome)
        self._tell(work, answer)

    def _known(self, work: Work) -> bool:
        """Whether this work was carried out before; it is remembered as such."""
        if work.id in self._done:
            return True
        self._done[work.id] = None
        if len(self._done) > _REMEMBERED:
            self._done.pop(next(iter(self._done)), None)
        return False

    def _tell(self, work: Work, answer: Answer) -> None:
        """Hand the answer over, again and again until the work is over anyway."""
        wait, body = 0.5, packed(answer)
        while not self.stop.is_set():
            try:
                self._call("/api/v1/runner/answers", body)
                return
            except (ConnectorError, NotGenuine) as error:
                if time.time() + wait > work.expires_at:
                    log.warning("An answer could not be handed over before its work was over. %s", error)
                    return
            self.stop.wait(wait)
            wait = min(10.0, wait * 2)

    def _call(self, path: str, body: bytes) -> EgressResponse:
        """One signed call; ``RefusedError`` when this runner is no longer known, ``ConnectorError`` for all else."""
        identity = self._identity
        headers: Mapping[str, str] = {
            "content-type": CONTENT_TYPE,
            **call_headers(identity.runner_id, identity.key, "POST", path, body, time.time()),
        }
        answer = self._plane.request("POST", identity.url + path, headers=headers, content=body)
        if answer.status in _GONE:
            raise RefusedError(
                "The control plane no longer takes this runner: it was removed, or a clock is wrong by minutes.",
                action="Look under Settings, Runners. A removed runner has to be enrolled anew in an empty folder.",
            )
        if answer.status not in (200, 202, 204):
            raise NotGenuine(f"The control plane answered {answer.status}.")
        return answer
