"""What a pushed block does at the proxy is what the evaluator says it means."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.calls import calls_table
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.kong.config import Config
from connectors.kong.enforce import Enforce

PATHS = (
    "/payments",
    "/payments/",
    "/payments/p1",
    "/payments/p1/refund",
    "/payments/p1/refund/x",
    "/catalog/products",
    "/catalog/products/7",
    "/catalog/products/7/reviews",
    "/catalog/search",
    "/accounts/12",
    "/accounts/me",
    "/other",
)
MATCHES = (
    Match(networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))),
    Match(path_templates=("/payments/{id}", "/catalog/{rest+}")),
    Match(methods=("POST", "DELETE"), path_templates=("/payments/{id}/refund", "/payments")),
    Match(methods=("DELETE",)),
    Match(hosts=("shop.acme.example",), path_templates=("/accounts/{id}",)),
    Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),)),
    Match(
        headers=(HeaderMatch("User-Agent", "EvilBot", "prefix"), HeaderMatch("user-agent", "/2", "contains"))
    ),
    Match(headers=(HeaderMatch("User-Agent", "a.b+c"),)),
)


def requests(seed: int, count: int = 60) -> list[dict[str, str]]:
    chosen = random.Random(seed)
    return [
        {
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(PATHS),
            "host": chosen.choice(("shop.acme.example", "other.example")),
            "client_ip": chosen.choice(("198.51.100.7", "203.0.113.9", "2001:db8::1")),
            "user_agent": chosen.choice(("EvilBot/1", "evilbot/2", "a.b+c", "aXbbc", "curl/8")),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("number", range(len(MATCHES)))
def test_the_proxy_blocks_exactly_what_the_evaluator_says(kong, number):
    block = BlockIntent(
        "blk_1", MATCHES[number], BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test"
    )
    enforce = Enforce(kong.settings, kong.egress)
    (target,) = enforce.targets(Config(kong.settings, kong.egress).read_config())
    state = enforce.read_state(target)
    program = enforce.compile([block], target, state)
    assert program.outcomes[0].exactness == "exact", program.outcomes[0]
    enforce.apply(enforce.diff(program, state), lambda change: None)
    asked = requests(number)
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(asked)])
    expected = matches(block.match, table).to_pylist()
    wrong = []
    for call, blocked in zip(asked, expected, strict=True):
        headers = {"X_Real_IP": call["client_ip"], "User_Agent": call["user_agent"]}
        status = kong.call(call["method"], call["path"], call["host"], **headers)
        # Authentication plugins run before ip-restriction, so a stranger may be turned away by them first.
        if status not in (401, 403) if blocked else status == 403:
            wrong.append((call, blocked, status))
    assert wrong == []
    assert any(expected)
    assert not all(expected)
