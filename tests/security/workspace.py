"""A workspace in which secrets are planted everywhere, and the gathering of all that comes out of it."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone

from tenants.isolation.context import tenant_context
from tenants.jobs.models import JobFailure
from tenants.jobs.services import job
from tenants.jobs.worker import start
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.database import PASSWORD
from tests.isolation.routes import Route, routes
from tests.security import asking, traffic
from tests.security.conftest import Stranger
from tests.security.planting import Planter
from tests.security.searching import Haystack
from tests.tenants.accounts.people import CODES, TOTP, add_app, sign_in

Jobs = Callable[..., int]
FAILING: list[str] = []
#: Pages of single sign-on, which are driven by themselves, and the description of the API, which is the same for all.
NOT_READ = ("sso/", "session/", "api/docs", "api/v1/openapi", "api/v1/connectors")


@job(queue="planted", max_retries=1)
def fail_with(number: int) -> None:
    """Fail as libraries do: with what they were given in the message."""
    text = FAILING[number]
    raise RuntimeError(
        f"no answer of postgres://ann:{text}@db/x, password={text!r}, Authorization: Bearer {text}"
    )


class Run:
    """One workspace in which secrets are planted, and everything that came out of it."""

    def __init__(self, org: OrgInfo, planter: Planter, stranger: Stranger, run_jobs: Jobs) -> None:
        self.org, self.planter, self.stranger, self.run_jobs = org, planter, stranger, run_jobs
        self.found = Haystack()
        self.owner = sign_in(org, f"owner@{org.slug}.test")
        self.owner.raise_request_exception = False
        self.statuses: set[int] = set()

    def api(self, client: TenantClient, store: str = "answers") -> asking.Api:
        """`api("post", path, body, **headers)`: sends it and keeps the answer."""
        client.raise_request_exception = False

        def send(method: str, path: str, body: Any = None, **more: Any) -> Any:
            kind = {} if {"format", "content_type"} & set(more) or method == "get" else {"format": "json"}
            answer = getattr(client, method)(path, body, **kind, **more)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            self.found.add(store, content)
            shown = {name: value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
            self.found.add(store, f"{shown}")
            self.statuses.add(answer.status_code)
            return answer

        return send

    def drop(self, name: str, content: bytes) -> str:
        """Hand in a file to be imported; its id, or nothing when it was refused at once."""
        sent = {"file": SimpleUploadedFile(name, content), "host": "shop.example.test"}
        answer = self.api(self.owner)("post", "/api/v1/imports", sent, format="multipart")
        assert answer.status_code in (202, 422), answer.content
        return str(answer.json().get("id", ""))

    def plant(self, provider: str) -> None:
        """Everything but the failing jobs."""
        api, stranger_api = self.api(self.owner), self.api(TenantClient(self.org.slug))
        asking.settings(api, self.planter, self.stranger.url)
        asking.signing_in(stranger_api, self.planter)
        asking.headers(stranger_api, self.planter, signed_in=False)
        asking.headers(
            self.api(sign_in(self.org, f"owner@{self.org.slug}.test")), self.planter, signed_in=True
        )
        asking.in_error(api, self.planter)
        asking.single_sign_on(api, self.planter, provider)
        for token in asking.made_secrets(api, self.planter, (timezone.now() + timedelta(days=9)).isoformat()):
            scim = TenantClient(self.org.slug, HTTP_AUTHORIZATION=f"Bearer {token}")
            asking.provisioning(self.api(scim), self.planter)
        self.calls()
        self.plant_markers()
        self.files()
        self.people()

    def plant_markers(self) -> None:
        """Texts nobody takes for a secret, one for each way into the stores: the search has to find these everywhere."""
        api, mark = self.api(self.owner), self.planter.marker
        api("patch", "/api/v1/tenant", {"name": "Acme"}, HTTP_X_REQUEST_ID=mark("request id"))
        api("post", "/api/v1/account/email", {"email": f"{mark('address')}@acme.test"})
        hook = {
            "connector": "webhook",
            "name": "Marked",
            "settings": {"url": f"{self.stranger.url}/{mark('hook')}"},
        }
        made = api("post", "/api/v1/alert-destinations", hook).json()["id"]
        api("post", f"/api/v1/alert-destinations/{made}/test")
        line = traffic.nginx_line(traffic.call(agent=mark("agent"), path=f"/{mark('path')}"))
        self.drop("marked.log", line)
        service = {"name": mark("service"), "host": "h", "routes": [{"name": "r", "paths": ["/r"]}]}
        self.drop("marked.json", json.dumps({"_format_version": "3.0", "services": [service]}).encode())

    def calls(self) -> None:
        """Pushed and imported calls."""
        api = self.api(self.owner)
        body = {"connector": "kong", "name": "Pushing", "settings": {"admin_url": self.stranger.url}}
        connection = api("post", "/api/v1/connections", body).json()["id"]
        token = api("post", f"/api/v1/connections/{connection}/rotate-token").json()["ingest_token"]
        self.planter.made("push: ingest token", token, "answers")
        gateway = self.api(TenantClient(self.org.slug, HTTP_AUTHORIZATION=f"Bearer {token}"))
        records = list(traffic.kong_records(self.planter, "push"))
        raw = b",".join(
            [
                json.dumps(records)[1:-1].encode(),
                *list(traffic.unreadable(self.planter, "push"))[: self.planter.times],
            ]
        )
        address = f"/api/v1/ingest/{connection}"
        taken = gateway("post", address, b"[" + raw + b"]", content_type="application/json").json()
        assert taken["records"] >= len(records), taken
        for secret in self.planter.named("push: no records"):
            for wrong in (f"password={secret}", f'["{secret}', f'{{"key": "{secret}"}}'):
                gateway("post", address, wrong, content_type="application/json")
            broken = gzip.compress(f"password={secret}".encode() * 9)[:-9]
            gateway("post", address, broken, content_type="application/json", HTTP_CONTENT_ENCODING="gzip")
        for secret in self.planter.named("push: wrong token"):
            other = self.api(TenantClient(self.org.slug, HTTP_AUTHORIZATION=f"Bearer {secret}"))
            other("post", address, "[]", content_type="application/json")

    def files(self) -> None:
        """Imported logs and configuration, whole and broken."""
        whole = {name: self.drop(name, content) for name, content in traffic.log_files(self.planter)}
        whole["shop.json"] = self.drop("shop.json", traffic.openapi_document(self.planter))
        whole["kong.yaml"] = self.drop("kong.yaml", traffic.deck_document(self.planter))
        for name, content in traffic.broken_documents(self.planter):
            self.drop(name, content)
        self.found.database(asking.WAITING)
        self.run_jobs(ahead=60)
        for name, one in whole.items():
            row = self.owner.get(f"/api/v1/imports/{one}").json()
            assert (row["state"], row["calls"] + row["routes"] > 0) == ("done", True), (name, row)

    def people(self) -> None:
        """Passwords in use, factors, links in mails."""
        viewer = sign_in(self.org, f"viewer@{self.org.slug}.test")
        api = self.api(viewer)
        password = PASSWORD
        for secret in self.planter.named("account: new password"):
            body = {"current_password": password, "new_password": f"{secret}!Aa1"}
            assert api("post", "/api/v1/account/password", body).status_code == 204
            password = f"{secret}!Aa1"
        self.planter.made("authenticator app: seed", add_app(viewer))
        for code in api("post", CODES).json()["data"]["unused_codes"]:
            self.planter.made("recovery code", code, "answers")
        api("get", TOTP)
        api(
            "post",
            "/api/v1/account/password/reset",
            {"email": f"viewer@{self.org.slug}.test"},
            **asking.elsewhere(),
        )
        self.run_jobs(ahead=60)
        (reset,) = [m for m in mail.outbox if m.to == [f"viewer@{self.org.slug}.test"] and "#" in m.body][-1:]
        self.planter.made("mailed link", re.findall(r"#(\S+)", str(reset.body))[0], "mails")
        self.planter.made("session cookie", viewer.cookies["portcullis_session"].value)
        self.planter.made("session cookie", self.owner.cookies["portcullis_session"].value)

    def errors(self) -> None:
        """An unexpected error while a request writes: its text and values come from the database."""
        with connections["owner"].cursor() as cursor:
            table = f'"{self.org.schema_name}".connections_connection'
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID")
        for n, secret in enumerate(self.planter.named("unexpected error")):
            body = {
                "connector": "kong",
                "name": f"E{n}",
                "settings": {"admin_url": self.stranger.url, "admin_token": secret},
            }
            assert (
                self.api(self.owner)("post", f"/api/v1/connections?token={secret}", body).status_code == 500
            )
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT broken")

    def failing_jobs(self) -> None:
        """Jobs that fail with a secret in what they say, in a worker: first queued again, then noted."""
        # Jobs are given ids: a secret among them would be for ever in the queue.
        FAILING[:] = self.planter.named("job failure")
        with tenant_context(self.org.schema_name):
            for number in range(len(FAILING)):
                fail_with.enqueue(number)
        worker = start({"planted"}, threads=2, wake_ms=50)
        try:
            self.wait_for_failures(len(FAILING))
        finally:
            worker.stop(timeout=5000)
            worker.broker.close()

    def wait_for_failures(self, count: int) -> None:
        """Until all are noted; the queue is looked at all the time."""
        deadline = time.monotonic() + 60
        with tenant_context(self.org.schema_name):
            while JobFailure.objects.filter(job="security.fail_with").count() < count:
                assert time.monotonic() < deadline, "the jobs did not fail in time"
                self.found.database("queue while jobs fail")
                time.sleep(0.3)

    def gather(self, lines: Callable[[], str], ids: dict[str, str]) -> Haystack:
        """Look into everything: what can be read over HTTP, taken along, dumped, copied and was sent out."""
        self.read_everything(ids)
        owner = self.api(self.owner, "archive and exports")
        archive = owner("post", "/api/v1/archives").json()["id"]
        self.run_jobs(ahead=60)
        assert owner("get", f"/api/v1/archives/{archive}/file").status_code == 200
        for form in ("jsonl", "csv"):
            assert owner("get", f"/api/v1/audit/export?as={form}").status_code == 200
        self.found.database()
        self.found.files(Path(settings.DATA_DIR))
        self.found.add("logs", lines())
        for message in mail.outbox:
            self.found.add("mails", str(message.message()))
        for request in self.stranger.seen:
            self.found.add("requests to others", request)
        return self.found

    def read_everything(self, ids: dict[str, str]) -> None:
        """Every address that answers GET, with the id of each thing its own list shows."""
        owner = self.api(self.owner, "reading")
        for route in routes():
            if "get" in route.methods and not route.pattern.startswith(NOT_READ):
                for address in self._addresses(owner, route, ids):
                    owner("get", address)

    @staticmethod
    def _addresses(owner: asking.Api, route: Route, ids: dict[str, str]) -> list[str]:
        plain = route.address(ids)
        if not route.parameters:
            return [f"{plain}?limit=200"]
        listed = re.sub(
            r"/[^/]*$", "", route.address(dict.fromkeys(route.parameters, "\\0")).split("/\\0")[0] + "/x"
        )
        rows = owner("get", f"{listed}?limit=200")
        data = rows.json().get("data") if rows.status_code == 200 and "json" in rows["Content-Type"] else None
        found = [row["id"] for row in data if "id" in row] if isinstance(data, list) else []
        return [plain, *(route.address(dict.fromkeys(route.parameters, one)) for one in found[:40])]
