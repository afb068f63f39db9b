"""What was recorded beside a vendor is read again without it, for every vendor's double."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import registry
from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorSettings
from connectors.base.model import Completeness, ConfigSnapshot
from connectors.egress import Egress, EgressPolicy
from connectors.recording import Exchange, Recorder, Replay, Scrubber
from connectors.testkit.doubles.offers import found
from connectors.testkit.running import Fault, RunningDouble, local_egress, running_double
from controlplane.connections.documents import counts
from controlplane.connections.services.recording import known_secrets
from tenants.redaction import redacted

OFFERS = {offer.connector: offer for offer in found()}
SUBJECTS = ["kong", *OFFERS]


@contextmanager
def connected(key: str) -> Iterator[tuple[RunningDouble, ConnectorSettings]]:
    kind = registry.offered()[key].settings
    if key == "kong":
        options, ports = ["--admin-token", "t0ken-of-kong", "--seed"], ("--admin-port", "--proxy-port")
        with running_double("connectors.testkit.doubles.kong", options, ports) as double:
            yield (
                double,
                kind.model_validate({"admin_url": double.control_url, "admin_token": "t0ken-of-kong"}),
            )
        return
    offer = OFFERS[key]
    with running_double(offer.module, list(offer.arguments), offer.ports) as double:
        yield double, kind.model_validate(offer.settings(double.control_url))


def read(key: str, settings: ConnectorSettings, relay: Any) -> ConfigSnapshot:
    egress = Egress(EgressPolicy(require_tls=False, total_timeout=30.0), account=f"test:{key}", relay=relay)
    snapshot: ConfigSnapshot = registry.implementation(key, Capability.CONFIG)(settings, egress).read_config()
    return snapshot


def recorded(
    key: str, double: RunningDouble, settings: ConnectorSettings
) -> tuple[ConfigSnapshot, list[Exchange]]:
    inner = local_egress(*double.ports, timeout=10.0)
    inner.policy = replace(inner.policy, total_timeout=30.0)
    tape: list[Exchange] = []
    seen = read(key, settings, Recorder(inner, Scrubber(redacted, known_secrets(settings)), tape.append))
    return seen, tape


@pytest.mark.parametrize("key", SUBJECTS)
def test_a_recording_gives_what_the_vendor_gave_and_holds_none_of_its_secrets(key):
    with connected(key) as (double, settings):
        seen, tape = recorded(key, double, settings)
    replay = Replay(tape, Scrubber(redacted))
    again = read(key, settings, replay)
    assert replay.missing == []
    assert counts(again) == counts(seen)
    assert seen.services
    assert [(part.name, part.completeness) for part in again.sections] == [
        (part.name, part.completeness) for part in seen.sections
    ]
    assert {(route.methods, route.path) for route in again.routes} == {
        (route.methods, route.path) for route in seen.routes
    }
    text = repr(tape)
    for secret in known_secrets(settings):
        assert secret not in text
    assert "PRIVATE KEY" not in text
    assert "eyJ" not in text


def test_a_vendor_that_fails_is_recorded_failing():
    with connected("kong") as (double, settings):
        double.order(Fault(403, "GET /routes", body={"message": "no"}))
        seen, tape = recorded("kong", double, settings)
    again = read("kong", settings, Replay(tape, Scrubber(redacted)))
    states = {part.name: part.completeness for part in again.sections}
    assert states["routes"] is Completeness.UNKNOWN
    assert [part.reason for part in again.sections] == [part.reason for part in seen.sections]


def test_what_a_recording_does_not_hold_is_named_and_not_taken_for_nothing():
    with connected("kong") as (double, settings):
        _, tape = recorded("kong", double, settings)
    replay = Replay([one for one in tape if "/plugins" not in one.url], Scrubber(redacted))
    again = read("kong", settings, replay)
    assert {part.name: part.completeness for part in again.sections}["plugins"] is Completeness.UNKNOWN
    assert all("/plugins" in request for request in replay.missing)
    assert replay.missing


def test_a_vendor_that_is_away_is_recorded_as_away():
    settings = registry.offered()["kong"].settings.model_validate({"admin_url": "http://127.0.0.1:9"})
    tape: list[Exchange] = []
    snapshot = read("kong", settings, Recorder(local_egress(9), Scrubber(redacted), tape.append))
    assert {part.completeness for part in snapshot.sections} == {Completeness.UNKNOWN}
    assert tape
    assert all(one.status == 0 and "could not be reached" in one.failure for one in tape)
