"""Requests of a connector sent by a runner: each is put down, and its answer waited for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connections
from django.utils import timezone

from connectors.base.errors import RefusedError, SettingsError, TransientError, VendorAnswerError
from connectors.egress.relay import Relay, RelayedRequest, RelayedResponse, Unanswered, Unsent
from connectors.runner import wire
from controlplane.runners.queries import runner
from controlplane.runners.services.work import collect, drop, put
from controlplane.runners.types import RunnerState, state_of
from tenants.ids import new_id
from tenants.isolation.context import TenantRef, require_tenant, tenant_context

#: What the way to the runner and back may take on top of the request's own time, in seconds.
_WAY: Final = 15.0
_LOOK_EVERY: Final = 0.05


def relay_through(runner_id: str) -> Relay:
    """Send requests through one runner of the entered tenant.

    Raises ``TransientError`` while the runner is away, ``RefusedError`` and ``SettingsError`` as the runner says.
    """

    def relay(request: RelayedRequest) -> RelayedResponse:
        work = wire.Work(
            id=new_id("rly"),
            runner_id=runner_id,
            expires_at=time.time() + request.seconds + _WAY,
            method=request.method,
            url=request.url,
            headers=request.headers,
            content=request.content,
            timeout=request.seconds,
        )
        # A thread has a database connection of its own: what is put down must be seen by the web servers now, also
        # when the caller is inside a transaction.
        with ThreadPoolExecutor(1, thread_name_prefix="relay") as pool:
            answer = pool.submit(_relayed, require_tenant(), work).result()
        if answer.failure is not None:
            raise _failed(answer.failure)
        if not 100 <= answer.status <= 599:
            raise VendorAnswerError(f"The runner brought an answer with the status {answer.status}.")
        return RelayedResponse(answer.status, answer.headers, answer.content)

    return relay


def _relayed(tenant: TenantRef, work: wire.Work) -> wire.Answer:
    try:
        with tenant_context(tenant):
            _ready(work.runner_id)
            put(work, datetime.fromtimestamp(work.expires_at, UTC) + timedelta(seconds=1))
            unseen = False
            try:
                while time.time() < work.expires_at:
                    found = collect(work.id)
                    if found is not None:
                        return found
                    time.sleep(_LOOK_EVERY)
            finally:
                unseen = drop(work.id)
        if unseen:
            raise Unsent("the runner did not fetch the request in time")
        raise Unanswered("the runner gave no answer in time")
    finally:
        connections.close_all()


def _ready(runner_id: str) -> None:
    found = runner(runner_id)
    state = state_of(found.public_key, found.last_seen_at, timezone.now())
    if state is RunnerState.INVITED:
        raise TransientError(
            f"The runner {found.name} has not been enrolled yet.",
            unchanged="Nothing was sent.",
            action="Enrol and start it: Settings, Runners.",
        )
    if state is RunnerState.AWAY:
        seen = found.last_seen_at.strftime("%Y-%m-%d %H:%M UTC") if found.last_seen_at else "never"
        raise TransientError(
            f"The runner {found.name} is away; it was last heard of: {seen}.",
            unchanged="Nothing was sent.",
            action="Look whether it runs and reaches us. It will be tried again by itself.",
        )


def _failed(failure: wire.Failure) -> Exception:
    what, action = failure.what[:500], failure.action[:500]
    if failure.kind is wire.FailureKind.REFUSED:
        return RefusedError(what, unchanged="Nothing was sent.", action=action)
    if failure.kind is wire.FailureKind.SETTINGS:
        return SettingsError(what, unchanged="Nothing was sent.", action=action)
    if failure.kind is wire.FailureKind.VENDOR:
        return VendorAnswerError(what, unchanged="It is not known what the request changed.", action=action)
    kind = Unanswered if failure.kind is wire.FailureKind.UNANSWERED else Unsent
    return kind(what.rstrip("."))
