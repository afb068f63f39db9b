"""The double refuses what Cloudflare refuses, so that a connector that passes here says what it means."""

from __future__ import annotations

import pytest

from connectors.testkit.doubles.cloudflare.evaluation import EdgeRequest, holds
from connectors.testkit.doubles.cloudflare.expression_parser import parse
from connectors.testkit.doubles.cloudflare.expression_tokens import ExpressionError
from tests.connectors.cloudflare.conftest import ACCOUNT, CUSTOM, RATE, Refused

LISTS = f"/accounts/{ACCOUNT}/rules/lists"
ASKED = EdgeRequest(
    "GET",
    "shop.acme.example",
    '/a"b',
    "",
    (("x-a", "One"), ("x-a", "two")),
    "2001:db8::7",
    "DE",
    64496,
    "t13d",
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r'http.request.uri.path eq "/a\"b"', True),
        (r'http.request.uri.path matches r#"^/a"b$"#', True),
        ("ip.src in {198.51.100.0/24 2001:db8::/32}", True),
        ("not ip.src in {2001:db8::7/128}", False),
        ('ip.src.asnum in {1 64496} and ip.src.country eq "DE"', True),
        ('any(lower(http.request.headers["x-a"][*])[*] eq "one")', True),
        ('any(starts_with(lower(http.request.headers["x-a"][*])[*], "tw"))', True),
        ('any(http.request.headers["x-b"][*] eq "one")', False),
        ('http.user_agent contains ""', False),  # no such header: the comparison is false
        ('http.request.method eq "POST" or http.request.method eq "GET" and ssl', True),
        (r'http.request.uri.path strict wildcard "/A*"', False),
        (r'http.request.uri.path wildcard "/A*"', True),
    ],
)
def test_expressions_mean_what_the_rules_language_says(expression, expected):
    assert holds(parse(expression)[0], ASKED, {}) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "http.request.uri.path",
        'http.nothing eq "x"',
        'http.host eq "x',
        r'http.host eq "a\nb"',
        "ip.src in {198.51.100.7/24}",
        'ip.src eq "198.51.100.7"',
        'ip.src contains "1"',
        'http.request.headers["x"][*] eq "v"',
        'any(http.host eq "x")',
        'http.host matches "("',
        "http.host in {}",
        'http.host wildcard "a**"',
        r'http.host strict wildcard r"\a"',
        '(http.host eq "x"',
        f'http.host eq "{"x" * 4096}"',
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(ExpressionError):
        parse(expression)


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"action": "block", "expression": "(ssl)", "colour": "red"}, 400),
        ({"action": "block", "expression": "(ip.src in $nothing)"}, 400),
        ({"action": "allow", "expression": "(ssl)"}, 400),
        ({"action": "block", "expression": "(ssl)", "ref": "acme_office"}, 400),
        ({"action": "block"}, 400),
        ({"action": "block", "expression": "(ssl)", "ratelimit": {}}, 400),
        ({"action": "block", "expression": 'cf.bot_management.ja4 eq "x"'}, 403),
    ],
)
def test_a_rule_cloudflare_would_not_take_is_refused_and_changes_nothing(cloudflare, rule, status):
    before = cloudflare.entry()
    with pytest.raises(Refused) as caught:
        cloudflare.send("POST", f"/zones/{cloudflare.zone()}/rulesets/{before['id']}/rules", rule)
    assert caught.value.status == status
    assert cloudflare.entry() == before


def test_a_phase_without_entry_point_answers_404_and_takes_one_only_once(cloudflare):
    zone = cloudflare.new_zone("empty.example", "pro")
    with pytest.raises(Refused) as caught:
        cloudflare.entry(zone=zone)
    assert caught.value.status == 404
    body = {"name": "default", "kind": "zone", "phase": CUSTOM, "rules": []}
    made = cloudflare.send("POST", f"/zones/{zone}/rulesets", body)
    assert made["version"] == "1"
    with pytest.raises(Refused):
        cloudflare.send("POST", f"/zones/{zone}/rulesets", body)


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        ("pro", {"action": "block", "expression": 'http.host matches "x"'}),
        ("business", {"action": "log", "expression": "(ssl)"}),
    ],
)
def test_a_plan_limits_what_a_rule_may_say(cloudflare, plan, rule):
    zone = cloudflare.new_zone(f"{plan}.example", plan)
    with pytest.raises(Refused) as caught:
        cloudflare.put_entry([rule], zone=zone)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("plan", "ratelimit", "expression"),
    [
        ("enterprise", {"characteristics": ["ip.src"], "period": 60}, "(ssl)"),
        (
            "free",
            {"characteristics": ["ip.src", "cf.colo.id"], "period": 60},
            '(http.request.uri.path eq "/")',
        ),
        (
            "pro",
            {"characteristics": ["ip.src", "cf.colo.id"], "period": 60},
            '(http.request.method eq "GET")',
        ),
        ("enterprise", {"characteristics": ["ip.src", "cf.colo.id"], "period": 61}, "(ssl)"),
    ],
)
def test_a_plan_limits_rates(cloudflare, plan, ratelimit, expression):
    zone = cloudflare.new_zone(f"rate-{plan}.example", plan)
    rule = {
        "action": "block",
        "expression": expression,
        "ratelimit": {"requests_per_period": 5, "mitigation_timeout": 10, **ratelimit},
    }
    with pytest.raises(Refused):
        cloudflare.put_entry([rule], RATE, zone)


def test_a_free_zone_has_five_custom_rules(cloudflare):
    zone = cloudflare.new_zone("five.example", "free")
    rules = [{"action": "block", "expression": f'(http.host eq "{n}")'} for n in range(6)]
    cloudflare.put_entry(rules[:5], zone=zone)
    with pytest.raises(Refused) as caught:
        cloudflare.put_entry(rules, zone=zone)
    assert "maximum" in caught.value.message


def test_items_of_a_list_come_with_a_bulk_operation_one_at_a_time(fresh):
    cloudflare = fresh("--bulk-delay", "0.3")
    cloudflare.new_zone("acme.example", "enterprise")
    made = cloudflare.send("POST", LISTS, {"name": "some", "kind": "ip"})
    items = f"{LISTS}/{made['id']}/items"
    operation = cloudflare.send("POST", items, [{"ip": "203.0.113.7"}, {"ip": "2001:db8::/64"}])
    assert cloudflare.send("GET", items) == []
    with pytest.raises(Refused) as caught:
        cloudflare.send("POST", items, [{"ip": "203.0.113.8"}])
    assert caught.value.status == 429
    cloudflare.settled(operation)
    assert [item["ip"] for item in cloudflare.send("GET", items)] == ["203.0.113.7", "2001:db8::/64"]
    for address in ("2001:db8::1", "10.0.0.0/7", "203.0.113.7/24"):
        with pytest.raises(Refused):
            cloudflare.send("POST", items, [{"ip": address}])


def test_a_list_in_use_is_not_deleted(cloudflare):
    made = cloudflare.send("POST", LISTS, {"name": "used", "kind": "ip"})
    cloudflare.put_entry([{"action": "block", "expression": "(ip.src in $used)"}])
    with pytest.raises(Refused):
        cloudflare.send("DELETE", f"{LISTS}/{made['id']}")


def test_a_token_may_do_what_it_was_given_and_only_so_often(fresh):
    cloudflare = fresh("--seed", "--budget", "60", "--budget-window", "2")
    token = cloudflare.token("reader", "Zone Read", "Zone WAF Write")
    zone = cloudflare.zone()
    cloudflare.send("GET", f"/zones/{zone}/rulesets", token=token)
    for path in ("settings", "dns_records", "logpush/jobs", "api_gateway/operations"):
        with pytest.raises(Refused) as caught:
            cloudflare.send("GET", f"/zones/{zone}/{path}", token=token)
        assert (caught.value.status, caught.value.code) == (403, 10000)
    assert {_status(cloudflare, token) for _ in range(60)} == {200, 429}


def _status(cloudflare, token: str) -> int:
    try:
        cloudflare.send("GET", "/zones", token=token)
    except Refused as refused:
        return refused.status
    return 200


def test_the_edge_stops_what_a_rule_says_and_tells_it(cloudflare):
    rule = {"action": "block", "expression": "(ip.src in {198.51.100.7})", "ref": "mine"}
    made = cloudflare.put_entry([rule])["rules"][0]
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.7") == 403
    assert cloudflare.call("GET", "/payments", X_Double_Client_Ip="198.51.100.8") == 502
    events = cloudflare.events("ruleId ref clientIP edgeResponseStatus")
    assert [event for event in events if event["ruleId"] == made["id"]] == [
        {"ruleId": made["id"], "ref": "mine", "clientIP": "198.51.100.7", "edgeResponseStatus": 403}
    ]
