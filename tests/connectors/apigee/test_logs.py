"""Calls and changes are read from Cloud Logging: each once, from where the last reading stopped, or an error is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.apigee.calls import Calls
from connectors.apigee.changes import Changes
from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.apigee.manifest import ApigeeSettings
from connectors.apigee.setup import texts
from connectors.base.changes import AuthorKind, Channel
from connectors.base.errors import PermissionMissing
from connectors.base.intent import BlockAction, BlockIntent, Match

LOG = "apigee-portcullis"


def pulled(gateway, cursor, minutes=10, **settings):
    """The calls of one pull whose clock is ahead, so that what happened now has settled; and where it stands."""
    reader = Calls(
        gateway.settings(**({"message_log": LOG} | settings)),
        gateway.egress,
        clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes),
    )
    found = []
    for batch, reached in reader.read_calls(cursor, None):
        made = reader.normalise(batch)
        assert made.quarantined == ()
        found += made.table.to_pylist()
        cursor = reached
    return found, cursor


def recent():
    """A cursor a minute ago."""
    return {"until": round((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1_000_000)}


def test_a_request_at_a_proxy_is_a_call_with_its_app(gateway):
    gateway.ask(
        "/payments/one?x=1", "POST", address="198.51.100.77", User_Agent="c/1", X_Double_App="web-shop"
    )
    found, _ = pulled(gateway, recent())
    call = next(call for call in found if call["path"] == "/payments/one")
    assert (call["method"], call["query"], call["host"]) == ("POST", "x=1", "shop.acme.example")
    assert (call["client_ip"], call["user_agent"], call["consumer"]) == ("198.51.100.77", "c/1", "web-shop")
    assert (call["gateway"], call["stage"], call["status"], call["upstream_status"]) == (
        "payments",
        "prod",
        502,
        502,
    )


def test_what_is_read_again_has_the_same_id(gateway):
    gateway.ask("/payments/twice")
    start = recent()
    first, again = (pulled(gateway, start)[0] for _ in range(2))
    ids = [
        {call["call_id"] for call in found if call["path"] == "/payments/twice"} for found in (first, again)
    ]
    assert len(ids[0]) == 1
    assert ids[0] == ids[1]


def test_without_a_named_log_nothing_is_asked(gateway):
    assert pulled(gateway, {}, message_log="", permissions=[]) == ([], {})


def test_a_log_that_may_not_be_read_is_an_error_and_not_empty(gateway):
    with pytest.raises(PermissionMissing) as caught:
        pulled(gateway, {}, permissions=["apigee.organizations.get"])
    assert caught.value.missing == "logging.logEntries.list"


def told(gateway):
    return [
        change for page, _ in Changes(gateway.settings(), gateway.egress).read_changes({}) for change in page
    ]


def test_a_customers_change_is_told_with_its_author_and_object(gateway):
    known = {change.ref for change in told(gateway)}
    gateway.act("office-hours")
    (change,) = [change for change in told(gateway) if change.ref not in known]
    assert change.object_ref == "organizations/acme-apis/environments/prod/securityActions/office-hours"
    assert (change.object_kind, change.object_name) == ("securityActions", "office-hours")
    assert change.author.startswith("customer@")
    assert (change.author_kind, change.channel) == (AuthorKind.SERVICE, Channel.API)


def test_what_we_change_ourselves_is_told_as_ours(gateway):
    known = {change.ref for change in told(gateway)}
    enforce = Enforce(gateway.settings(), gateway.egress)
    target = enforce.targets(Config(gateway.settings(), gateway.egress).read_config())[0]
    state = enforce.read_state(target)
    ends = datetime(2996, 1, 1, tzinfo=UTC)
    intent = BlockIntent("blk_1", Match(methods=("TRACE",)), BlockAction.BLOCK, ends, "test")
    enforce.apply(enforce.diff(enforce.compile([intent], target, state), state), lambda change: None)
    (change,) = [change for change in told(gateway) if change.ref not in known]
    assert change.author_kind is AuthorKind.PORTCULLIS


def test_the_policy_of_the_set_up_texts_writes_what_we_read():
    text = next(text for text in texts({"message_log": "mine"}, {}) if text.title == "Log every call")
    assert "logs/mine<" in text.body
    for name in ("request.verb", "request.uri", "response.status.code", "client.received.start.timestamp"):
        assert f'"{name}": "{{escapeJSON({name})}}"' in text.body


def test_a_log_name_that_could_change_the_query_is_not_taken():
    with pytest.raises(ValueError, match="message_log"):
        ApigeeSettings(organization="o1", service_account_key="{}", message_log='x" OR "y')
