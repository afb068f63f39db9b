"""Alerts reach a real mail server and a real webhook: once, to who asked, again after failures, secrets unseen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings

from connectors.testkit.running import free_port
from controlplane.findings.types import CheckCard, Severity
from tenants.audit.models import Entry
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.factories.findings import report, result

Jobs = Callable[..., int]
FIRST_RETRY = 15
ALL_RETRIES = 4 * 86_400


class Receiver(HTTPServer):
    """A receiver of webhooks that answers what a test wants."""

    status = 200
    seen: list[tuple[dict[str, str], bytes]]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            server.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = Receiver(("127.0.0.1", 0), Handler)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Inbox:
    """Keeps every mail."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take it."""
        self.mails.append(envelope.content)
        return "250 kept"


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Inbox, int]]:
    box, port = Inbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(settings, "EGRESS_ALLOW", f"127.0.0.1:{port}")
    yield box, port
    controller.stop()


@pytest.fixture
def client(acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(acme)


@pytest.fixture
def reachable(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    monkeypatch.setattr(settings, "EGRESS_ALLOW", f"127.0.0.1:{receiver.server_address[1]}")
    return receiver


def destination(client: TenantClient, url: str, **more: Any) -> dict[str, Any]:
    draft = {"connector": "webhook", "name": "On call", "settings": {"url": url}, **more}
    answer = client.post("/api/v1/alert-destinations", draft)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def open_finding(
    org: OrgInfo, severity: Severity = Severity.CRITICAL, ref: str = "r1", read: int = 1
) -> None:
    card = CheckCard(f"check_{severity.value}", "Open route", severity, "Anyone can call it.")
    with tenant_context(org.schema_name):
        report(result(ref, card=card), cards=[card], read=read)


def deliveries(client: TenantClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get("/api/v1/alert-deliveries").json()["data"]
    return rows


@pytest.mark.asvs("8.2.3", "14.2.6")
def test_the_generated_secret_is_shown_once(client, reachable):
    made = destination(client, reachable.url)
    secret = made["generated"]["secret"]
    assert secret.startswith("whsec_")
    assert made["settings"]["secret"] == {"set": True}
    assert secret not in client.get("/api/v1/alert-destinations").content.decode()
    changed = client.patch(f"/api/v1/alert-destinations/{made['id']}", {"name": "Night shift"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Night shift")
    assert secret not in changed.content.decode()


@pytest.mark.asvs("4.1.5")
def test_a_test_message_arrives_with_a_signature_the_receiver_can_check(client, reachable):
    made = destination(client, reachable.url)
    sent = client.post(f"/api/v1/alert-destinations/{made['id']}/test").json()
    assert (sent["state"], sent["event"], sent["attempts"]) == ("delivered", "test", 1)
    ((headers, body),) = reachable.seen
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(made["generated"]["secret"].removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == sent["id"]


def test_a_finding_is_announced_once_with_a_link(client, acme, reachable, run_jobs):
    destination(client, reachable.url)
    open_finding(acme)
    open_finding(acme, read=2)
    run_jobs(ahead=FIRST_RETRY)
    ((_, body),) = reachable.seen
    told = json.loads(body)
    finding = client.get("/api/v1/findings").json()["data"][0]
    assert told["type"] == "finding.opened"
    assert told["data"]["data"]["id"] == finding["id"]
    assert told["data"]["url"].endswith(f"/findings/{finding['id']}")
    (row,) = deliveries(client)
    assert (row["state"], row["severity"], row["destination"]["name"]) == ("delivered", "critical", "On call")


def test_only_events_and_severities_asked_for_are_sent(client, acme, reachable, run_jobs):
    destination(client, reachable.url, name="All", min_severity="info")
    destination(client, reachable.url, name="Critical", min_severity="critical")
    destination(client, reachable.url, name="Blocks", min_severity="info", events=["block.changed"])
    off = destination(client, reachable.url, name="Off", min_severity="info")
    client.patch(f"/api/v1/alert-destinations/{off['id']}", {"enabled": False})
    open_finding(acme, Severity.MEDIUM, "r1")
    open_finding(acme, Severity.CRITICAL, "r2")
    run_jobs(ahead=FIRST_RETRY)
    told = sorted((row["destination"]["name"], row["severity"]) for row in deliveries(client))
    assert told == [("All", "critical"), ("All", "medium"), ("Critical", "critical")]


def test_a_mail_arrives(client, acme, inbox, run_jobs):
    box, port = inbox
    mail = {
        "host": "127.0.0.1", "port": port, "security": "none", "sender": "alerts@acme.test", "to": ["soc@acme.test"],
    }  # fmt: skip
    draft = {"connector": "email", "name": "SOC", "settings": mail}
    assert client.post("/api/v1/alert-destinations", draft).status_code == 201
    open_finding(acme)
    run_jobs(ahead=FIRST_RETRY)
    (content,) = box.mails
    assert message_from_bytes(content)["to"] == "soc@acme.test"
    assert deliveries(client)[0]["state"] == "delivered"


@pytest.mark.asvs("16.5.2")
def test_a_failing_receiver_is_tried_again_until_it_answers(client, acme, reachable, run_jobs):
    destination(client, reachable.url)
    reachable.status = 500
    open_finding(acme)
    run_jobs()
    (row,) = deliveries(client)
    assert (row["state"], row["attempts"]) == ("retrying", 1)
    assert "500" in row["last_error"]
    run_jobs()
    assert len(reachable.seen) == 1  # not yet due
    reachable.status = 200
    run_jobs(ahead=FIRST_RETRY)
    (row,) = deliveries(client)
    assert (row["state"], row["attempts"], row["last_error"]) == ("delivered", 2, "")
    assert reachable.seen[0][0]["webhook-id"] == reachable.seen[1][0]["webhook-id"]


def test_after_the_last_try_the_delivery_is_failed_and_can_be_sent_again(client, acme, reachable, run_jobs):
    destination(client, reachable.url)
    reachable.status = 503
    open_finding(acme)
    run_jobs(ahead=ALL_RETRIES)
    (row,) = deliveries(client)
    assert (row["state"], row["attempts"]) == ("failed", 10)
    reachable.status = 200
    again = client.post(f"/api/v1/alert-deliveries/{row['id']}/resend")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    run_jobs()
    assert deliveries(client)[0]["state"] == "delivered"


def test_an_answer_that_will_not_change_is_not_tried_again(client, acme, reachable, run_jobs):
    destination(client, reachable.url)
    reachable.status = 404
    open_finding(acme)
    run_jobs(ahead=ALL_RETRIES)
    (row,) = deliveries(client)
    assert (row["state"], row["attempts"], len(reachable.seen)) == ("failed", 1, 1)
    assert "404" in row["last_error"]


@pytest.mark.asvs("1.3.6")
def test_a_private_address_is_refused_unless_the_operator_allows_it(client, receiver):
    made = destination(client, receiver.url)
    sent = client.post(f"/api/v1/alert-destinations/{made['id']}/test").json()
    assert sent["state"] == "failed"
    assert sent["last_error"]
    assert receiver.seen == []


@pytest.mark.asvs("14.2.4", "16.2.5")
def test_secrets_stand_in_no_answer_no_log_and_no_audit_row(client, acme, reachable, run_jobs, caplog, capfd):
    made = destination(client, reachable.url)
    secret = made["generated"]["secret"]
    reachable.status = 400
    client.post(f"/api/v1/alert-destinations/{made['id']}/test")
    client.patch(f"/api/v1/alert-destinations/{made['id']}", {"settings": {"url": reachable.url + "2"}})
    open_finding(acme)
    run_jobs(ahead=ALL_RETRIES)
    answers = [
        client.get(f"/api/v1/{path}").content.decode() for path in ("alert-destinations", "alert-deliveries")
    ]
    written = "".join(capfd.readouterr()) + caplog.text
    with tenant_context(acme.schema_name):
        rows = list(Entry.objects.values())
    assert rows
    assert secret not in "".join([*answers, written, repr(rows)])
    reachable.seen.clear()
    reachable.status = 200
    client.post(f"/api/v1/alert-destinations/{made['id']}/test")
    assert "webhook-signature" in reachable.seen[0][0]  # the secret survived the change of the address


@pytest.mark.parametrize(
    "draft",
    [
        {"connector": "webhook", "name": "x", "settings": {"url": "ftp://x"}},
        {"connector": "kong", "name": "x", "settings": {}},
        {"connector": "nothing", "name": "x", "settings": {}},
        {
            "connector": "webhook",
            "name": "x",
            "settings": {"url": "https://x.example"},
            "min_severity": "awful",
        },
        {
            "connector": "webhook",
            "name": "x",
            "settings": {"url": "https://x.example"},
            "events": ["birthday"],
        },
    ],
)
@pytest.mark.asvs("2.2.1")
def test_a_destination_that_cannot_work_is_refused_with_the_field(client, draft):
    answer = client.post("/api/v1/alert-destinations", draft)
    assert answer.status_code in (400, 404, 422)
    assert client.get("/api/v1/alert-destinations").json()["data"] == []


@pytest.mark.asvs("8.2.1")
def test_only_who_may_write_alerts_sees_them_sent(acme, reachable, client, member_client):
    made = destination(client, reachable.url)
    viewer = member_client(acme, role="viewer")
    assert viewer.get("/api/v1/alert-destinations").status_code == 200
    assert viewer.post(f"/api/v1/alert-destinations/{made['id']}/test").status_code == 403
    assert viewer.delete(f"/api/v1/alert-destinations/{made['id']}").status_code == 403


def test_two_destinations_cannot_have_one_name(client, reachable):
    destination(client, reachable.url, name="A")
    other = destination(client, reachable.url, name="B")
    assert client.patch(f"/api/v1/alert-destinations/{other['id']}", {"name": "A"}).status_code == 409
    draft = {"connector": "webhook", "name": "A", "settings": {"url": reachable.url}}
    assert client.post("/api/v1/alert-destinations", draft).status_code == 409
