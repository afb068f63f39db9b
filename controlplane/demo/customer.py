"""The sample company's engineer: uses the product through its public API, and nothing else of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3

from controlplane.demo.customer_iam import create_role
from controlplane.demo.estate import Estate


class StepFailed(RuntimeError):
    """A step of the tour did not go as it should; the text says which and how."""


@dataclass
class Customer:
    """Someone at a browser: cookies, CSRF token and the tenant's host name."""

    port: int
    slug: str
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    password: str = ""
    #: "https": speaks as a proxy that ends TLS in front of the product does.
    scheme: str = "http"
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager, repr=False)

    def call(self, method: str, path: str, document: Any = None, host: str | None = None) -> Any:
        """One request to the API; raises ``StepFailed`` with the problem's sentences on an error."""
        name = host if host is not None else f"{self.slug}.localhost:{self.port}"
        headers = {
            "host": name,
            "accept": "application/json",
            "origin": f"{self.scheme}://{name}",
            "referer": f"{self.scheme}://{name}/",
            "x-forwarded-proto": self.scheme,
        }
        if self.cookies:
            headers["cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        if method != "GET":
            headers |= {
                "content-type": "application/json",
                "x-csrftoken": self.csrf,
                "idempotency-key": uuid.uuid4().hex,
            }
        body = None if document is None else json.dumps(document).encode()
        answer = self.pool.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            headers=headers,
            body=body,
            redirect=False,
            timeout=60,
            retries=False,
        )
        for cookie in answer.headers.getlist("set-cookie"):
            key, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[key] = value
        if answer.status == 403 and b"step-up-needed" in answer.data and self.password:
            # It took longer than ten minutes; a person is asked for the password then.
            self.call("POST", "/api/v1/session/step-up", {"password": self.password})
            return self.call(method, path, document, host)
        if answer.status >= 400:
            raise StepFailed(
                f"{method} {path} answered {answer.status}: {answer.data.decode(errors='replace')[:600]}"
            )
        return (
            json.loads(answer.data)
            if answer.data and "json" in answer.headers.get("content-type", "")
            else None
        )

    def sign_up(self, organisation: str, email: str, password: str) -> str:
        """Make the workspace and sign in; returns its address."""
        made = self.call(
            "POST",
            "/api/v1/signup",
            {"organisation": organisation, "slug": self.slug, "email": email, "password": password},
            host=f"localhost:{self.port}",
        )
        self.password = password
        token = unquote(urlsplit(made["handoff_url"]).fragment)
        self.call("POST", "/api/v1/session/handoff", {"token": token})
        self.csrf = self.call("GET", "/api/v1/session")["csrf_token"]
        return str(made["url"])

    def sign_in(self, email: str, password: str) -> None:
        """Sign in to an existing workspace."""
        self.call("POST", "/api/v1/session", {"email": email, "password": password})
        self.password = password
        self.csrf = self.call("GET", "/api/v1/session")["csrf_token"]

    def connect_aws(self, estate: Estate) -> str:
        """Draft, create both roles from the texts shown, complete the settings; returns the connection's
        id.
        """
        draft = self.call("POST", "/api/v1/connections", {"connector": "aws", "name": "AWS production"})
        shown = self.call("GET", f"/api/v1/connections/{draft['id']}/setup")
        external_id = shown["generated"]["external_id"]
        aws = estate.aws
        settings = {
            "account_id": aws["account_id"],
            "regions": [aws["region"]],
            "endpoint_url": aws["endpoint_url"],
            "access_log_groups": ["*"],
            "settle_seconds": 2,
            "waf_file_delay_seconds": 10,
        }
        self.call("PATCH", f"/api/v1/connections/{draft['id']}", {"settings": settings})
        shown = self.call("GET", f"/api/v1/connections/{draft['id']}/setup")
        roles = {}
        for access, name in (("read", "portcullis-read"), ("write", "portcullis-blocking")):
            policy = _json_text(shown["texts"], access)
            roles[access] = create_role(aws, name, aws["platform_principal_arn"], external_id, policy)
        granted = {**settings, "role_arn": roles["read"], "blocking_role_arn": roles["write"]}
        self.call("PATCH", f"/api/v1/connections/{draft['id']}", {"settings": granted})
        return str(draft["id"])

    def connect(self, connector: str, name: str, settings: Mapping[str, Any]) -> str:
        """Fill in the form of a connector whose vendor needs nothing else; returns the connection's id."""
        made = self.call(
            "POST",
            "/api/v1/connections",
            {"connector": connector, "name": name, "settings": dict(settings)},
        )
        return str(made["id"])

    def connect_kong(self, estate: Estate) -> str:
        """Give the Admin API's address, then install the http-log plugin with the token shown; returns the
        id.
        """
        settings = {"admin_url": estate.kong["admin_url"]}
        made = self.call(
            "POST",
            "/api/v1/connections",
            {"connector": "kong", "name": "Kong production", "settings": settings},
        )
        shown = self.call("GET", f"/api/v1/connections/{made['id']}/setup")["generated"]
        plugin = {
            "name": "http-log",
            "tags": ["portcullis-logs"],
            "config": {
                "http_endpoint": shown["ingest_url"],
                "headers": {"Authorization": f"Bearer {shown['ingest_token']}"},
                "queue": {
                    "max_batch_size": 200,
                    "max_coalescing_delay": 2,
                    "max_entries": 20000,
                    "max_retry_time": 600,
                },
            },
        }
        answer = self.pool.request("POST", f"{estate.kong['admin_url']}/plugins", json=plugin, retries=False)
        if answer.status >= 300:
            raise StepFailed(f"Kong refused the http-log plugin: {answer.data.decode()[:300]}")
        return str(made["id"])

    def wait_for(self, what: str, ask: Callable[[], Any], seconds: float) -> Any:
        """Ask again and again until the answer is truthy; raises ``StepFailed`` when time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = ask()
            if answer:
                return answer
            time.sleep(1.0)
        raise StepFailed(f"{what} did not happen within {seconds:.0f} s")


def _json_text(texts: list[Mapping[str, Any]], access: str) -> str:
    """The policy document among the texts shown for one access."""
    for text in texts:
        if text["access"] == access and text["language"] == "json":
            return str(text["body"])
    raise StepFailed(f"the set-up page shows no policy document for {access} access")
