"""A door that stores as the product's does, blobs to fill a container with, and lines to fill them with."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3

from connectors.base.calls import Quarantined
from connectors.bucket.calls import Calls
from connectors.bucket.manifest import BucketSettings
from connectors.egress import Egress
from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.doubles.azureblob.service import CLOCK, KNOB
from connectors.testkit.running import RunningDouble

ACCOUNT, KEY, CONTAINER = "acmelogs", "a2V5IG9mIHRoZSBkb3VibGU=", "logs"
#: A Friday, 12:00 UTC.
NOON = 1_790_942_400


def waf_line(number: int) -> bytes:
    """A WAF record with an id of its own."""
    request = {
        "clientIp": "203.0.113.7", "uri": f"/orders/{number}", "args": "", "httpMethod": "GET", "requestId": f"id-{number}",
        "headers": [{"name": "Host", "value": "api.acme.example"}],
    }  # fmt: skip
    record = {
        "timestamp": (NOON - 3600) * 1000 + number, "webaclId": "arn:aws:wafv2:eu-west-1:1:regional/webacl/a/b",
        "action": "ALLOW", "terminatingRuleId": "Default_Action", "httpSourceName": "ALB", "httpRequest": request,
    }  # fmt: skip
    return json.dumps(record).encode()


def waf_file(start: int, count: int) -> bytes:
    """Lines of WAF records."""
    return b"".join(waf_line(number) + b"\n" for number in range(start, start + count))


def clf_line(number: int) -> bytes:
    """A combined line, which has no id."""
    return (
        f'203.0.113.7 - - [02/Oct/2026:11:00:00 +0000] "GET /orders/{number} HTTP/1.1" 200 12 "-" "curl/8"'
    ).encode()


def azure_line(number: int) -> bytes:
    """A record of an application gateway, as a diagnostic setting writes it."""
    properties = {
        "clientIP": "203.0.113.7", "httpMethod": "GET", "requestUri": f"/orders/{number}", "requestQuery": "",
        "userAgent": "curl/8", "httpStatus": 200, "httpVersion": "HTTP/1.1", "host": "api.acme.example",
        "transactionId": f"tx-{number}", "timeTaken": 0.004,
    }  # fmt: skip
    record = {
        "timeStamp": "2026-10-02T11:00:00Z", "resourceId": "/SUBSCRIPTIONS/0/GW",
        "operationName": "ApplicationGatewayAccess", "category": "ApplicationGatewayAccessLog", "properties": properties,
    }  # fmt: skip
    return json.dumps(record).encode()


@dataclass
class Container:
    """The container of the running double."""

    double: RunningDouble

    def put(self, name: str, content: bytes, modified: float | None = None, **more: Any) -> None:
        self.put_all([self.entry(name, content, modified, **more)])

    @staticmethod
    def entry(name: str, content: bytes, modified: float | None = None, **more: Any) -> dict[str, Any]:
        return {"name": name, "content": base64.b64encode(content).decode(), "modified": modified, **more}

    def put_all(self, entries: list[dict[str, Any]]) -> None:
        self._order(KNOB, entries)

    def append(self, name: str, content: bytes, modified: float) -> None:
        self.put(name, content, modified, kind="AppendBlob", append=True)

    def delete(self, name: str) -> None:
        self.put_all([{"name": name, "delete": True}])

    def it_is(self, now: float) -> None:
        """Set the account's clock."""
        self._order(CLOCK, {"now": now})

    @property
    def reads(self) -> int:
        """How many blobs or parts of them were read until now."""
        answer = urllib3.request("GET", self.double.control_url + KNOB, retries=False)
        return int(answer.json()["reads"])

    def settings(self, **changes: Any) -> BucketSettings:
        values: dict[str, Any] = {
            "provider": "azure",
            "bucket": CONTAINER,
            "endpoint": self.double.control_url,
            "sas_token": make_token(KEY, ACCOUNT, CONTAINER),
            "poll_seconds": 0,
        }
        return BucketSettings(**{**values, **changes})

    def _order(self, path: str, body: object) -> None:
        answer = urllib3.request(
            "POST", self.double.control_url + path, body=json.dumps(body).encode(), retries=False
        )
        assert answer.status == 200, answer.data


@dataclass
class Door:
    """Stores calls once per id and the cursor with them, as the product does, through JSON."""

    paths: dict[str, str] = field(default_factory=dict)  # call id to path
    quarantined: list[Quarantined] = field(default_factory=list)
    duplicates: int = 0
    cursor: dict[str, Any] = field(default_factory=dict)
    batches: int = 0

    def pull(
        self, settings: BucketSettings, egress: Egress, now: float, stop_after: int | None = None
    ) -> None:
        """One pull; ``stop_after`` batches the process dies, and the rest of what it held is lost."""
        calls = Calls(settings, egress, clock=lambda: now)
        for count, (batch, cursor) in enumerate(calls.read_calls(self.cursor, None), 1):
            found = calls.normalise(batch)
            for call_id, path in self._rows(found.table):
                self.duplicates += call_id in self.paths
                self.paths[call_id] = path
            self.quarantined += found.quarantined
            self.cursor = json.loads(json.dumps(cursor))
            self.batches += 1
            if count == stop_after:
                return

    def orders(self) -> list[int]:
        """The numbers of the orders that were asked for, sorted."""
        return sorted(int(path.rpartition("/")[2]) for path in self.paths.values())

    @staticmethod
    def _rows(table: Any) -> Iterator[tuple[str, str]]:
        yield from zip(table.column("call_id").to_pylist(), table.column("path").to_pylist(), strict=True)
