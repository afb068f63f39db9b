"""Alerts by webhook: signed, never redirected, and errors that say whether to try again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from connectors.base.capabilities import Message
from connectors.base.errors import RefusedError, SettingsError, TransientError
from connectors.egress import Egress, EgressPolicy
from connectors.testkit.running import free_port, local_egress
from connectors.webhook.manifest import WebhookSettings
from connectors.webhook.notify import Notify
from connectors.webhook.setup import texts
from connectors.webhook.signing import new_secret, signed_headers

ALERT = Message(
    "dlv_1", "Attack on orders", "Somebody\n", "https://acme.example/t/1", "high", {"event": "threat.raised"}
)


class Receiver(HTTPServer):
    """A receiver that answers what a test wants and keeps what it got."""

    status = 200
    redirect = ""
    seen: list[tuple[dict[str, str], bytes]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            server.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(server.status)
            if server.redirect:
                self.send_header("Location", server.redirect)
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


def notify(server: Receiver, secret: str = "whsec_c2VjcmV0") -> Notify:
    port = server.server_address[1]
    settings = WebhookSettings(url=f"http://127.0.0.1:{port}/hook", secret=secret)
    return Notify(settings, local_egress(port), clock=lambda: 1790553612.9)


@pytest.mark.asvs("4.1.5")
def test_the_signature_can_be_checked_by_the_receiver(receiver):
    secret = new_secret()
    assert notify(receiver, secret).send(ALERT).accepted
    ((headers, body),) = receiver.seen
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()
    assert headers["webhook-timestamp"] == "1790553612"


def test_the_signature_is_the_specifications_own_example():
    # Standard Webhooks, published test vector.
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_body_names_type_time_and_the_alert(receiver):
    notify(receiver).send(ALERT)
    document = json.loads(receiver.seen[0][1])
    assert document["type"] == "threat.raised"
    assert document["timestamp"].startswith("2026-")
    assert document["data"]["subject"] == "Attack on orders"


def test_the_setup_text_verifies_what_is_sent(receiver):
    secret = new_secret()
    notify(receiver, secret).send(ALERT)
    ((headers, body),) = receiver.seen
    (text,) = texts({}, {"secret": secret})
    names: dict = {}
    exec(text.body, names)
    names["time"] = SimpleNamespace(time=lambda: 1790553612)
    assert names["is_genuine"](headers, body)
    assert not names["is_genuine"](headers, body + b" ")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 501, 503, 507])
def test_these_answers_are_worth_another_try(receiver, status):
    receiver.status = status
    with pytest.raises(TransientError):
        notify(receiver).send(ALERT)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_these_answers_are_final(receiver, status):
    receiver.status = status
    with pytest.raises(SettingsError) as caught:
        notify(receiver).send(ALERT)
    assert caught.value.action


@pytest.mark.asvs("15.3.2")
def test_redirects_are_not_followed(receiver):
    receiver.status, receiver.redirect = 302, "http://169.254.169.254/"
    with pytest.raises(SettingsError, match="redirect"):
        notify(receiver).send(ALERT)
    assert len(receiver.seen) == 1


@pytest.mark.asvs("1.3.6")
def test_private_addresses_are_refused():
    egress = Egress(EgressPolicy(requests_per_second=1000, burst=1000), account="webhook-private")
    settings = WebhookSettings(url="http://127.0.0.1:80/hook", secret="whsec_c2VjcmV0")
    with pytest.raises(RefusedError):
        Notify(settings, egress).send(ALERT)


def test_an_address_nobody_listens_on_is_transient():
    port = free_port()
    settings = WebhookSettings(url=f"http://127.0.0.1:{port}/", secret="whsec_c2VjcmV0")
    with pytest.raises(TransientError):
        Notify(settings, local_egress(port)).send(ALERT)


@pytest.mark.parametrize("url", ["ftp://x.example", "https://user:pw@x.example", "example.com", "https://"])
@pytest.mark.asvs("1.2.2", "1.3.3")
def test_addresses_that_cannot_work_are_refused_in_the_form(url):
    with pytest.raises(ValidationError):
        WebhookSettings(url=url)
