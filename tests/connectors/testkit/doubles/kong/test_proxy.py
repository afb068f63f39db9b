"""The proxy of the Kong double: effective plugins, their order, and http-log."""

import json
from collections.abc import Callable
from typing import Any

import pytest


def with_route(node: Any, **route: Any) -> None:
    node.made("/services", name="s", host="upstream")
    node.made("/services/s/routes", **{"name": "r", "paths": ["/a"], **route})


@pytest.fixture
def kong(node_before: Callable[..., Any], receiver: Any) -> Any:
    """A node with one service and one route in front of a living upstream."""
    node = node_before(receiver.url)
    with_route(node)
    return node


def test_an_unmatched_request_is_not_found(kong: Any) -> None:
    assert kong.ask("/nowhere").status_code == 404


def test_a_denied_address_is_refused_and_others_pass(kong: Any) -> None:
    kong.made("/plugins", name="ip-restriction", config={"deny": ["198.18.0.0/16", "2001:db8::/32"]})
    refused = kong.ask("/a")
    assert (refused.status_code, refused.get_json()["message"]) == (403, "Your IP address is not allowed")
    assert kong.ask("/a", X_Real_IP="203.0.113.1").status_code == 200
    assert kong.ask("/a", X_Real_IP="2001:db8::1").status_code == 403


def test_a_global_instance_is_skipped_where_a_narrower_one_exists(kong: Any) -> None:
    kong.made("/plugins", name="ip-restriction", config={"deny": ["198.18.1.1"]})
    kong.made("/routes/r/plugins", name="ip-restriction", config={"deny": ["203.0.113.9"]})
    assert kong.ask("/a").status_code == 200
    assert kong.ask("/a", X_Real_IP="203.0.113.9").status_code == 403


def test_a_route_instance_wins_over_a_service_instance(kong: Any) -> None:
    kong.made("/services/s/plugins", name="request-termination", config={"status_code": 410})
    kong.made("/routes/r/plugins", name="request-termination", config={"status_code": 403})
    assert kong.ask("/a").status_code == 403


def test_a_disabled_instance_does_not_run(kong: Any) -> None:
    kong.made("/plugins", name="request-termination", enabled=False, config={"status_code": 403})
    assert kong.ask("/a").status_code == 200


def test_termination_comes_after_authentication(kong: Any) -> None:
    kong.made("/plugins", name="request-termination", config={"status_code": 403, "message": "blocked"})
    kong.made("/plugins", name="key-auth")
    kong.made("/consumers", username="partner")
    kong.made("/consumers/partner/key-auth", key="k1")
    assert kong.ask("/a").status_code == 401
    assert kong.ask("/a", apikey="k1").status_code == 403


def test_a_consumers_instance_runs_for_that_consumer_only(kong: Any) -> None:
    kong.made("/plugins", name="key-auth")
    for name in ("good", "bad"):
        kong.made("/consumers", username=name)
        kong.made(f"/consumers/{name}/key-auth", key=f"k-{name}")
    kong.made("/consumers/bad/plugins", name="request-termination", config={"status_code": 403})
    assert kong.ask("/a", apikey="k-bad").status_code == 403
    assert kong.ask("/a?apikey=k-good").status_code == 200


def test_anonymous_access_is_the_fallback(kong: Any) -> None:
    anonymous = kong.made("/consumers", username="anonymous")
    kong.made("/plugins", name="key-auth", config={"anonymous": anonymous["id"]})
    assert kong.ask("/a").status_code == 200


def test_acl_admits_groups(kong: Any) -> None:
    kong.made("/plugins", name="key-auth")
    kong.made("/plugins", name="acl", config={"allow": ["partners"]})
    kong.made("/consumers", username="u")
    kong.made("/consumers/u/key-auth", key="k")
    assert kong.ask("/a", apikey="k").status_code == 403
    kong.made("/consumers/u/acls", group="partners")
    assert kong.ask("/a", apikey="k").status_code == 200


def test_a_rate_limit_answers_429_with_its_headers(kong: Any) -> None:
    kong.made("/plugins", name="rate-limiting", config={"hour": 2, "limit_by": "ip"})
    statuses = [kong.ask("/a", X_Double_Time="1000000") for _ in range(3)]
    assert [answer.status_code for answer in statuses] == [200, 200, 429]
    assert statuses[1].headers["X-RateLimit-Remaining-Hour"] == "0"


def test_a_denied_user_agent_is_refused(kong: Any) -> None:
    kong.made("/plugins", name="bot-detection", config={"deny": ["(?i)evil"]})
    assert kong.ask("/a", User_Agent="EvilBot/1").status_code == 403
    assert kong.ask("/a", User_Agent="Mozilla/5.0").status_code == 200


def test_http_is_redirected_where_the_route_wants_https(node: Any) -> None:
    with_route(node, protocols=["https"])
    assert node.ask("/a").status_code == 426
    assert node.ask("/a", X_Forwarded_Proto="https").status_code == 502


def test_log_records_come_in_batches_with_the_configured_headers(
    node_before: Callable[..., Any], receiver: Any
) -> None:
    node = node_before("http://127.0.0.1:9")
    with_route(node)
    queue = {"max_batch_size": 3, "max_coalescing_delay": 5}
    config = {"http_endpoint": f"{receiver.url}/in", "headers": {"Authorization": "Bearer t"}, "queue": queue}
    node.made("/plugins", name="http-log", config=config)
    for number in range(3):
        node.ask(
            f"/a?n={number}", Authorization="Bearer secret", X_Api_Key="k-1", X_Double_Time="1700000000000"
        )
    headers, body = receiver.wait_for(1)[0]
    records = json.loads(body)
    assert headers["Authorization"] == "Bearer t"
    assert [record["request"]["querystring"]["n"] for record in records] == ["0", "1", "2"]
    first = records[0]
    assert (first["client_ip"], first["started_at"]) == ("198.18.1.1", 1_700_000_000_000)
    assert first["request"]["headers"]["authorization"] == "REDACTED"
    assert first["request"]["headers"]["x-api-key"] == "k-1"
    assert (first["source"], first["route"]["name"], first["upstream_status"]) == ("upstream", "r", "502")


def test_a_batch_size_of_one_sends_an_object(kong: Any, receiver: Any) -> None:
    kong.made("/plugins", name="http-log", config={"http_endpoint": f"{receiver.url}/in"})
    kong.made("/plugins", name="request-termination", config={"status_code": 403})
    kong.ask("/a")
    record = json.loads(receiver.wait_for(1)[0][1])
    assert (record["source"], record["response"]["status"]) == ("exit", 403)
    assert "upstream_status" not in record


def test_a_refused_batch_is_sent_again(node: Any, receiver: Any) -> None:
    receiver.answers += [500, 503]
    with_route(node)
    node.made("/plugins", name="http-log", config={"http_endpoint": f"{receiver.url}/in"})
    node.ask("/a")
    bodies = [body for _, body in receiver.wait_for(3)]
    assert bodies[0] == bodies[1] == bodies[2]
