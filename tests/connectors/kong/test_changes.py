"""Kong Enterprise's audit log told as changes; a Kong without one says so."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator

import pytest

from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.errors import SettingsError
from connectors.kong.changes import Changes
from connectors.kong.form import KongSettings
from connectors.testkit.running import Fault, RunningDouble, local_egress, running_double
from tests.connectors.kong.conftest import Kong


@pytest.fixture(scope="module")
def audited() -> Iterator[RunningDouble]:
    options = ["--admin-token", "t0ken", "--portcullis-token", "ours", "--audit-log"]
    with running_double(
        "connectors.testkit.doubles.kong", options, ("--admin-port", "--proxy-port")
    ) as double:
        yield double


def send(double: RunningDouble, method: str, path: str, body: object = None, **headers: str) -> dict:
    request = urllib.request.Request(
        double.control_url + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Kong-Admin-Token": "t0ken", "content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        content = answer.read()
    return json.loads(content) if content else {}


def read(double: RunningDouble, cursor: dict | None = None) -> tuple[list[ConfigChange], dict]:
    settings = KongSettings(admin_url=double.control_url, admin_token="ours")
    pages = list(Changes(settings, local_egress(*double.ports)).read_changes(cursor or {}))
    return [change for page, _ in pages for change in page], dict(pages[-1][1])


def test_a_kong_without_an_audit_trail_says_that_changes_are_unknown(kong: Kong) -> None:
    with pytest.raises(SettingsError, match="keeps no audit trail") as caught:
        list(Changes(kong.settings, kong.egress).read_changes({}))
    assert "audit_log" in caught.value.action


def test_changes_name_the_object_the_author_and_the_way(audited: RunningDouble) -> None:
    service = send(audited, "POST", "/services", {"name": "shop", "host": "backend.test"})["id"]
    send(audited, "PATCH", f"/services/{service}", {"retries": 3}, Origin="https://manager.example")
    send(audited, "POST", f"/services/{service}/routes", {"name": "orders", "paths": ["/orders"]})
    ours = {"Kong-Admin-Token": "ours"}
    send(audited, "PUT", "/plugins/7f1c0000-0000-4000-8000-000000000001", {"name": "cors"}, **ours)
    send(audited, "DELETE", f"/routes/{send(audited, 'GET', '/routes')['data'][0]['id']}")
    told, _ = read(audited)
    made, changed, route, plugin, gone = told[-5:]
    assert (made.action, made.object_name, made.author) == ("POST /services", "shop", "acme")
    assert (made.author_kind, made.channel) == (AuthorKind.UNKNOWN, Channel.API)
    assert (changed.action, changed.object_ref) == ("PATCH /services", service)
    assert (changed.author_kind, changed.channel) == (AuthorKind.PERSON, Channel.CONSOLE)
    assert (route.object_kind, route.object_name) == ("route", "orders")
    assert plugin.author_kind is AuthorKind.PORTCULLIS
    assert gone.action == "DELETE /routes"


def test_values_and_credentials_are_left_out(audited: RunningDouble) -> None:
    send(audited, "PUT", "/consumers/bob", {"username": "bob"})
    send(audited, "POST", "/consumers/bob/key-auth", {"key": "s3cr3t-key"})
    send(audited, "DELETE", "/consumers/bob/key-auth/s3cr3t-key")
    told = [change for change in read(audited)[0] if change.object_ref == "bob"]
    assert [change.action for change in told] == ["PUT /consumers", "POST /consumers", "DELETE /consumers"]
    assert "s3cr3t" not in repr(told)
    assert told[1].evidence["given"] == ["key"]


def test_a_refused_change_is_told_as_refused_and_other_requests_are_not_told(audited: RunningDouble) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        send(audited, "POST", "/services", {"name": "bad name", "host": "backend.test", "port": -1})
    caught.value.close()
    told, _ = read(audited)
    assert not told[-1].succeeded
    assert {change.action.split()[0] for change in told} <= {"POST", "PUT", "PATCH", "DELETE"}


def test_more_than_a_page_is_read(audited: RunningDouble) -> None:
    before, cursor = read(audited)
    for number in range(60):
        send(audited, "PUT", f"/consumers/many-{number}", {"username": f"many-{number}"})
        for _ in range(17):  # reads stand in the log, too: together more than a page of 1000
            send(audited, "GET", "/status")
    told = {change.object_ref for change in read(audited, cursor)[0]}
    assert {f"many-{number}" for number in range(60)} <= told
    assert {change.ref for change in before} <= {change.ref for change in read(audited)[0]}


def test_a_list_in_another_order_is_read_to_its_end(audited: RunningDouble) -> None:
    now = int(time.time())
    entries = [
        {
            "request_id": f"r{number}",
            "request_timestamp": now if number % 2 else now - 86_400 - number,
            "method": "PUT",
            "path": f"/services/s{number}",
            "status": 200,
        }
        for number in range(400)
    ]
    audited.order(Fault(200, "GET /audit", body={"data": entries, "next": None}))
    told, _ = read(audited, {"until": now - 60})
    audited.behave()
    assert {change.object_ref for change in told} == {f"s{number}" for number in range(1, 400, 2)}


def test_an_ordered_list_is_read_no_further_than_needed(audited: RunningDouble) -> None:
    now = int(time.time())
    entries = [
        {"request_timestamp": now - number * 60, "request_id": f"r{number}", "method": "GET", "path": "/"}
        for number in range(400)
    ]
    audited.order(Fault(200, "GET /audit", body={"data": entries, "offset": "more"}, times=1))
    audited.order(Fault(500, "GET /audit"))
    assert read(audited, {"until": now})[0] == []
    audited.behave()
