"""What is signed between control plane and runner, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.runner import wire

NOW = 1_790_000_000.0
KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
WORK = wire.Work(
    "rly_1", "rnr_1", NOW + 30, "GET", "https://kong.internal:8444/routes", (("a", "b"),), b"\x00body"
)
SIGNED = dataclasses.replace(WORK, handed_at=NOW)
PATH = "/api/v1/runner/work"


def test_work_arrives_as_it_was_signed():
    assert wire.opened_work(wire.sealed_work(WORK, KEY, NOW), KEY.public_key(), "rnr_1", NOW + 90) == SIGNED


@pytest.mark.parametrize(
    ("envelope", "runner", "now", "why"),
    [
        (wire.sealed_work(WORK, OTHER, NOW), "rnr_1", NOW, "not signed by the control plane"),
        (wire.sealed_work(WORK, KEY, NOW), "rnr_2", NOW, "another runner"),
        (wire.sealed_work(WORK, KEY, NOW), "rnr_1", NOW + wire.CLOCK_SKEW + 1, "over"),
        (
            dataclasses.replace(
                wire.sealed_work(WORK, KEY, NOW),
                document=wire.packed(dataclasses.replace(WORK, url="https://bank.internal/")),
            ),
            "rnr_1",
            NOW,
            "not signed by the control plane",
        ),
    ],
    ids=["forged", "foreign", "old", "changed"],
)
def test_work_that_is_not_genuine_is_refused(envelope, runner, now, why):
    with pytest.raises(wire.NotGenuine, match=why):
        wire.opened_work(envelope, KEY.public_key(), runner, now)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"{}", wire.packed([1, 2]), b"\x91" * 5000])
def test_a_message_that_is_none_is_told_as_such(body):
    with pytest.raises(wire.NotGenuine, match="no Poll"):
        wire.unpacked(wire.Poll, body)


def test_a_call_is_known_by_its_signature_alone():
    headers = wire.call_headers("rnr_1", KEY, "POST", PATH, b"body", NOW)
    wire.verify_call(headers, KEY.public_key(), "POST", PATH, b"body", NOW + 60)


@pytest.mark.parametrize(
    ("change", "path", "body", "now"),
    [
        ({}, PATH, b"another body", NOW),
        ({}, "/api/v1/runner/answers", b"body", NOW),
        ({}, PATH, b"body", NOW + wire.CLOCK_SKEW + 2),
        ({}, PATH, b"body", NOW - wire.CLOCK_SKEW - 2),
        ({wire.RUNNER_HEADER: "rnr_2"}, PATH, b"body", NOW),
        ({wire.TIME_HEADER: str(int(NOW) + 5)}, PATH, b"body", NOW),
        ({wire.TIME_HEADER: "soon"}, PATH, b"body", NOW),
        ({wire.TIME_HEADER: "²"}, PATH, b"body", NOW),
        ({wire.TIME_HEADER: "9" * 5000}, PATH, b"body", NOW),
        ({wire.SIGNATURE_HEADER: "ü"}, PATH, b"body", NOW),
        ({wire.SIGNATURE_HEADER: "????"}, PATH, b"body", NOW),
        ({wire.SIGNATURE_HEADER: ""}, PATH, b"body", NOW),
    ],
)
def test_a_call_that_was_changed_or_kept_is_refused(change, path, body, now):
    headers = wire.call_headers("rnr_1", KEY, "POST", PATH, b"body", NOW) | change
    with pytest.raises(wire.NotGenuine):
        wire.verify_call(headers, KEY.public_key(), "POST", path, body, now)
