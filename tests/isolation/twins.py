"""Two tenants that do the same at the same time, with the same names and ids, and all that comes out of each.

What is one tenant's is marked by its short name, so that a foreign mark is a leak whatever it stands in.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.utils import timezone

from connectors.testkit.running import free_port
from controlplane.connections.models import Connection
from tenants.accounts.models import User
from tenants.isolation.context import tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.jobs.scheduler import keep
from tenants.orgs.types import OrgInfo
from tenants.vault.services import keyed_hash, seal, unseal
from tests.clients import TenantClient, anonymous
from tests.isolation import jobs
from tests.isolation.contents import unpacked
from tests.isolation.routes import routes
from tests.samples import START_MS, Call, calls, kong
from tests.tenants.accounts.people import add_app, code_of, sign_in, sign_in_with_code, try_sign_in

CONNECTION = "con_00000000000000000000000001"
PLACE = {"table": "api_idempotentrequest", "field": "answer", "row": "1"}


@dataclass
class Outside:
    """A mail server and a receiver of webhooks that both tenants use."""

    mail_port: int
    hook_port: int
    mails: list[tuple[list[str], str]] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep recipients and all of a mail."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain", "html"))
        text = f"{message.items()}\n{body.get_content() if body else ''}"
        self.mails.append((list(envelope.rcpt_tos), text))
        return "250 kept"


@contextmanager
def outside() -> Iterator[Outside]:
    """Serve both."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            found.hooks.append((self.path, f"{self.headers}\n{body}"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Hook)
    found = Outside(free_port(), server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    controller = Controller(found, hostname="127.0.0.1", port=found.mail_port)
    thread.start()
    controller.start()
    try:
        yield found
    finally:
        controller.stop()
        server.shutdown()
        thread.join()
        server.server_close()


class Twin:
    """One of the two: what it does, and what it was answered."""

    def __init__(self, org: OrgInfo, outside: Outside, extra: int) -> None:
        self.org, self.outside, self.extra = org, outside, extra
        self.owner = sign_in(org, f"owner@{org.slug}.test")
        self.answers: dict[str, bytes] = {}
        self.said: dict[str, Any] = {}
        self.token = self.archive = ""

    def inside(self) -> Any:
        """Enter the tenant."""
        return tenant_context(self.org.schema_name)

    def post(self, path: str, body: Any) -> Any:
        """Send as the owner; give what was answered."""
        answer = self.owner.post(f"/api/v1/{path}", body)
        assert answer.status_code in (201, 202), answer.content
        return answer.json()

    # The life, step by step; both take each step before the next. ----------------------------------------------

    def keep_secrets(self) -> None:
        """Caches and keys, with the same names."""
        with self.inside():
            cache.set("same", self.org.slug)
            self.said["sealed"] = seal(self.org.slug, **PLACE)
            self.said["hash"] = keyed_hash("principal", "kim")

    def look_at_secrets(self) -> None:
        """Read them after the other has written its own."""
        with self.inside():
            self.said["cached"] = cache.get("same")
            self.said["unsealed"] = unseal(self.said["sealed"], **PLACE)

    def guess(self) -> None:
        """Wrong passwords for the same name from the same address, to just below the limit."""
        tries = [try_sign_in(self.org, "kim@example.test", "wrong")[1].status_code for _ in range(5)]
        self.said["guesses"] = tries

    def use_a_code(self) -> None:
        """Set up an authenticator app and sign in with it: each code is good once."""
        email = f"viewer@{self.org.slug}.test"
        sign_in_with_code(self.org, email, code_of(add_app(sign_in(self.org, email))))

    def connect(self) -> None:
        """A gateway of the same name and id, and places for alerts of the same name."""
        made = self.post(
            "connections", {"connector": "kong", "name": "Gateway", "settings": {"admin_url": "https://127.0.0.1:1"}}
        )  # fmt: skip
        with self.inside():
            Connection.objects.filter(id=made["id"]).update(id=CONNECTION)
        self.token = self.post_for(f"connections/{CONNECTION}/rotate-token")["ingest_token"]
        hook = {"url": f"http://127.0.0.1:{self.outside.hook_port}/{self.org.slug}"}
        mail = {
            "host": "127.0.0.1", "port": self.outside.mail_port, "security": "none",
            "sender": "alerts@example.test", "to": [f"soc@{self.org.slug}.test"],
        }  # fmt: skip
        for connector, settings in (("webhook", hook), ("email", mail)):
            draft = {"connector": connector, "name": f"On call, {connector}", "settings": settings}
            self.post("alert-destinations", draft | {"min_severity": "info"})

    def post_for(self, path: str) -> Any:
        """Send without a body."""
        return self.owner.post(f"/api/v1/{path}").json()

    def push(self) -> None:
        """The same calls with the same ids by the same callers, and as many of its own as were asked for."""
        now = int(time.time() * 1000)
        shared = [replace(call, at=call.at - START_MS + now - 600_000) for call in calls()]
        own = [
            replace(
                shared[0], id=f"{9000 + n:032x}", path=f"/only-{self.org.slug}", agent=f"{self.org.slug}/1"
            )
            for n in range(self.extra)
        ]
        gateway = TenantClient(self.org.slug, HTTP_AUTHORIZATION=f"Bearer {self.token}")
        body = json.dumps([self._record(call) for call in [*shared, *own]])
        answer = gateway.generic(
            "POST", f"/api/v1/ingest/{CONNECTION}", body, content_type="application/json"
        )
        self.said["pushed"] = answer.json()

    @staticmethod
    def _record(call: Call) -> dict[str, Any]:
        return kong(call) | {"consumer": {"id": "kim", "username": "kim"}}

    def ask(self) -> None:
        """A new password, an invitation, an archive."""
        with self.inside():
            User.objects.update(email_verified_at=timezone.now())
        anonymous(self.org).post("/api/v1/account/password/reset", {"email": f"analyst@{self.org.slug}.test"})
        self.post("invitations", {"email": f"new@{self.org.slug}.test", "role": "viewer"})

    def ask_for_an_archive(self) -> None:
        """Everything, when all is done."""
        self.archive = self.post("archives", {})["id"]

    def upload(self) -> None:
        """A file of the same name."""
        with self.inside():
            (tenant_folder("imports") / "access.log").write_text(self.org.slug)

    def read(self) -> None:
        """Every list, the exports, the archive."""
        for route in routes():
            if "get" in route.methods and not route.parameters:
                self._read(f"/{route.pattern}", route.address({}))
        self._read("traffic", f"/api/v1/connections/{CONNECTION}/traffic")
        for form in ("jsonl", "csv"):
            self._read(f"export {form}", f"/api/v1/audit/export?as={form}")
        self._read("heads", "/api/v1/audit/heads")
        self._read("archive", f"/api/v1/archives/{self.archive}/file")

    def _read(self, name: str, address: str) -> None:
        answer: Any = self.owner.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.answers |= {f"{name}{part}": inner for part, inner in unpacked(content).items()}


@dataclass
class Life:
    """Both twins and what was written and sent."""

    twins: tuple[Twin, Twin]
    outside: Outside
    lines: list[dict[str, Any]]

    def pairs(self) -> Iterator[tuple[Twin, list[str]]]:
        """Each twin with the marks of the other."""
        for one, other in (self.twins, self.twins[::-1]):
            yield one, [other.org.slug, other.org.schema_name]


def live(orgs: tuple[OrgInfo, OrgInfo], outside: Outside, run_jobs: Callable[..., int], lines: Any) -> Life:
    """Let both live; each step is taken by one and then by the other, in the same thread."""
    twins = Twin(orgs[0], outside, 1), Twin(orgs[1], outside, 2)
    steps: list[Callable[[Twin], None]] = [
        Twin.keep_secrets, Twin.look_at_secrets, Twin.guess, Twin.use_a_code, Twin.connect, Twin.push, Twin.ask,
        Twin.upload, Twin.ask_for_an_archive,
    ]  # fmt: skip
    for step in steps:
        if step is Twin.ask_for_an_archive:
            run_jobs(ahead=60)
            for act in jobs.kept().values():
                keep(act)
        for twin in twins:
            step(twin)
    run_jobs(ahead=60)
    for twin in twins:
        twin.read()
    return Life(twins, outside, lines())


def foreign(name: str, content: str | bytes, marks: list[str]) -> list[str]:
    """Say which marks stand in something."""
    text = content if isinstance(content, bytes) else content.encode()
    return [f"{name} holds {mark!r}" for mark in marks if mark.encode() in text]
