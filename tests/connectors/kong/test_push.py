"""Calls travel from Kong's http-log plugin, set up with our own text, into the neutral shape."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.kong.calls import Calls
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce
from connectors.kong.setup import texts


class Door(HTTPServer):
    """Stands in for our ingest address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pushes: list[tuple[str, bytes]] = []
        self.arrived = threading.Condition()

    def calls(self, kong, wanted: int) -> list[dict]:
        """The calls pushed so far, once ``wanted`` of them are here."""
        reader = Calls(kong.settings, kong.egress)

        def rows() -> list[dict]:
            batches = [reader.normalise(reader.parse(body, {})) for _, body in self.pushes]
            return [row for batch in batches for row in batch.table.to_pylist()]

        with self.arrived:
            self.arrived.wait_for(lambda: len(rows()) >= wanted, timeout=10)
        return rows()


class Handler(BaseHTTPRequestHandler):
    """Keeps each push."""

    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        with self.server.arrived:
            self.server.pushes.append((self.headers["authorization"], body))
            self.server.arrived.notify_all()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def door() -> Iterator[Door]:
    server = Door()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_requests_and_blocks_arrive_as_calls(kong, door):
    url = f"http://127.0.0.1:{door.server_address[1]}/api/v1/ingest/con_1"
    context = {"ingest_url": url, "ingest_token": "tok-1"}
    (text,) = [entry for entry in texts(kong.settings, context) if entry.title == "Send calls: Admin API"]
    kong.admin("POST", "/plugins", json.loads(text.body[text.body.index("-d '") + 4 : text.body.rindex("'")]))
    enforce = Enforce(kong.settings, kong.egress)
    (target,) = enforce.targets(Config(kong.settings, kong.egress).read_config())
    block = BlockIntent(
        "blk_9",
        Match(path_templates=("/catalog/search",)),
        BlockAction.BLOCK,
        datetime(2026, 12, 1, tzinfo=UTC),
        "test",
    )
    state = enforce.read_state(target)
    enforce.apply(enforce.diff(enforce.compile([block], target, state), state), lambda change: None)

    kong.call("GET", "/catalog/products?page=2", X_Real_IP="198.51.100.7", User_Agent="curl/8")
    kong.call("GET", "/catalog/search", X_Real_IP="198.51.100.8")

    found = {row["path"]: row for row in door.calls(kong, 2)}
    assert door.pushes[0][0] == "Bearer tok-1"
    plain, blocked = found["/catalog/products"], found["/catalog/search"]
    assert (plain["query"], plain["client_ip"], plain["user_agent"]) == ("page=2", "198.51.100.7", "curl/8")
    assert plain["host"] == "shop.acme.example"
    assert plain["waf_action"] is None
    assert (blocked["status"], blocked["waf_action"]) == (403, "BLOCK")
    assert blocked["waf_rules"] == ["portcullis-blk_9"]
