"""The log as a collector reads it: one JSON object a line, in UTC, with who and where, whatever strangers send."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.stdlib import ProcessorFormatter

from tenants.orgs.types import OrgInfo
from tests.clients import anonymous, machine, member

EVIL = '\r\n{"event": "request", "status": 200, "user": "admin"}\x1b[2K\0"'


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged since the last look, written as the product's handler writes it; each line is a JSON object."""
    root, written = logging.getLogger(), io.StringIO()
    (shipped,) = [
        handler.formatter for handler in root.handlers if isinstance(handler.formatter, ProcessorFormatter)
    ]
    handler = logging.StreamHandler(written)
    handler.setFormatter(shipped)

    def read() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        written.seek(0)
        written.truncate()
        assert all(isinstance(line, dict) for line in found)
        return found

    root.addHandler(handler)
    yield read
    root.removeHandler(handler)


@pytest.mark.asvs("16.2.4", "16.4.1")
def test_nothing_that_is_sent_forges_a_line(acme: OrgInfo, lines: Callable[[], list[dict[str, Any]]]) -> None:
    client = anonymous(acme)
    sent = "%0d%0a%7b%22event%22%3a1%7d%1b%5b2K"
    client.get(f"/api/v1/{sent}", HTTP_USER_AGENT=EVIL, HTTP_X_REQUEST_ID=EVIL, HTTP_REFERER=EVIL)
    client.get("/api/v1/findings", {"q": EVIL}, HTTP_HOST="acme.localhost")
    client.post("/api/v1/session", {"email": EVIL, "password": EVIL})
    structlog.get_logger("probe").warning(EVIL, name=EVIL, nested={EVIL: [EVIL]})
    read = lines()
    requests = [line for line in read if line.get("event") == "request"]
    assert len(requests) == 3
    assert not any(line.get("user") == "admin" for line in read)
    (probe,) = [line for line in read if line.get("logger") == "probe"]
    assert probe["event"] == EVIL
    assert all("\x1b" not in line["path"] for line in requests)


@pytest.mark.asvs("16.2.1", "16.2.2", "16.3.2", "16.3.3")
def test_refused_requests_are_logged_with_time_place_and_status(
    acme: OrgInfo, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    stranger, viewer = anonymous(acme), member(acme, "viewer")
    robot = machine(acme, ["findings.read"])
    forged = member(acme, "owner")
    forged.handler.enforce_csrf_checks = True
    wrong = {"email": "owner@acme.test", "password": "wrong"}
    expected = [
        ("GET", stranger.get("/api/v1/findings")),  # nobody
        ("POST", viewer.post("/api/v1/tokens", {})),  # without the right
        ("GET", robot.get("/api/v1/members")),  # outside the scopes
        ("PATCH", forged.patch("/api/v1/tenant", {"name": "x"})),  # from another site
        ("GET", viewer.get("/api/v1/members?cursor=made-up")),  # what was not given out
        ("GET", viewer.get("/api/v1/findings/fnd_of_somebody_else")),
        *(
            ("POST", stranger.post("/api/v1/session", wrong)) for _ in range(6)
        ),  # guessing, then too much of it
    ]
    requests = [line for line in lines() if line.get("event") == "request"]
    assert [(line["method"], line["status"]) for line in requests] == [
        (method, answer.status_code) for method, answer in expected
    ]
    assert {line["status"] for line in requests} == {400, 401, 403, 404, 429}
    assert [line["request_id"] for line in requests] == [answer["X-Request-Id"] for _, answer in expected]
    for line in requests:
        assert (line["tenant"], line["host"]) == (acme.schema_name, "acme.localhost")
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
        assert line["level"]
    assert "wrong" not in json.dumps(requests)
