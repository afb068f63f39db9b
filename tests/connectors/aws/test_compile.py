"""Compiled rules mean what the intent means: an independent WAFv2 evaluator agrees with the one evaluator of intents."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from urllib.parse import unquote_to_bytes

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.aws.compile import compile_intents
from connectors.aws.limits import GROUP_CAPACITY
from connectors.aws.statements import cost
from connectors.aws.waf_target import WafTarget, group_name, waf_targets
from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match, RateLimitSpec
from connectors.base.model import ConfigSnapshot, Service, Stage, WafPolicy

ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/main/11111111-1111-4111-8111-111111111111"
TARGET = Target(ACL, "main", "web_acl", ("a1/prod",))
EMPTY = State(TARGET, ())
NAME = group_name("external-id", TARGET)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)


def intent(match: Match, action=BlockAction.BLOCK, number: int = 1, rate=None) -> BlockIntent:
    return BlockIntent(f"blk_{number:03d}", match, action, UNTIL, "test", rate)


def compiled(*intents: BlockIntent, target: Target = TARGET, state: State = EMPTY):
    return compile_intents(intents, target, state, NAME)


def document(program, kind: str):
    return next(entry.document for entry in program.objects if entry.kind == kind)


# --- a WAFv2 rule evaluator, written from the API reference and sharing nothing with the compiler ---------------


def transform(value: bytes, steps) -> bytes:
    for step in sorted(steps, key=lambda entry: entry["Priority"]):
        if step["Type"] == "LOWERCASE":
            value = value.lower()
        elif step["Type"] == "URL_DECODE":
            value = unquote_to_bytes(value)
        elif step["Type"] == "NORMALIZE_PATH":
            kept: list[bytes] = []
            for part in value.split(b"/"):
                if part == b"..":
                    kept = kept[:-1]
                elif part not in (b"", b"."):
                    kept.append(part)
            value = b"/" + b"/".join(kept) + (b"/" if value.endswith(b"/") and kept else b"")
    return value


def component(field, call) -> bytes | None:
    ((kind, options),) = field.items()
    if kind == "Method":
        text = call["method"]
    elif kind == "UriPath":
        text = call["path"]
    elif kind == "JA4Fingerprint":
        text = call["ja4"]
    else:
        text = {"host": call["host"], "user-agent": call["user_agent"]}.get(options["Name"])
    return None if text is None else text.encode()


def holds(statement, call, sets) -> bool:
    ((kind, body),) = statement.items()
    if kind == "AndStatement":
        return all(holds(inner, call, sets) for inner in body["Statements"])
    if kind == "OrStatement":
        return any(holds(inner, call, sets) for inner in body["Statements"])
    if kind == "IPSetReferenceStatement":
        address = ip_address(call["client_ip"])
        networks = [ip_network(text) for text in sets[body["ARN"]]]
        return any(address.version == network.version and address in network for network in networks)
    if kind == "GeoMatchStatement":
        return call["country"] in body["CountryCodes"]
    if kind == "AsnMatchStatement":
        return call["asn"] in body["AsnList"]
    value = component(body["FieldToMatch"], call)
    if value is None:
        return False
    value = transform(value, body["TextTransformations"])
    if kind == "RegexMatchStatement":
        return re.search(body["RegexString"].encode(), value) is not None
    wanted = body["SearchString"].encode()
    return {
        "EXACTLY": value == wanted,
        "STARTS_WITH": value.startswith(wanted),
        "CONTAINS": wanted in value,
    }[body["PositionalConstraint"]]


def blocked(program, call) -> bool:
    sets = {
        f"portcullis:ip_set/{entry.name}": entry.document["Addresses"]
        for entry in program.objects
        if entry.kind == "ip_set"
    }
    return any(holds(rule["Statement"], call, sets) for rule in document(program, "rule_group")["Rules"])


# --- calls and matches -------------------------------------------------------------------------------------------

SEGMENTS = ("orders", "users", "v1", "17", "a.b", "x-y", "(", "+", "ünïcode")
TEMPLATES = (
    "/",
    "/orders",
    "/orders/{id}",
    "/v1/users/{id}/orders",
    "/v1/{rest+}",
    "/a.b/{x}",
    "/(/{id}",
    "/orders/{a}/{b}",
)
ADDRESSES = ("198.51.100.7", "198.51.100.200", "203.0.113.9", "2001:db8::1", "2001:db8:1::5", "192.0.2.1")
NETWORKS = (
    "198.51.100.7/32",
    "198.51.100.0/24",
    "203.0.113.0/28",
    "2001:db8::/32",
    "2001:db8:1::5/128",
    "192.0.0.0/8",
)
AGENTS = ("curl/8.5.0", "sqlmap/1.8#stable", "Mozilla/5.0 (X11)", "python-requests/2.31", "")

paths = st.lists(st.sampled_from(SEGMENTS), max_size=4).map(lambda parts: "/" + "/".join(parts))
calls = st.fixed_dictionaries(
    {
        "method": st.sampled_from(("GET", "POST", "DELETE")),
        "path": st.one_of(paths, paths.map(lambda path: path.rstrip("/") + "/")),
        "host": st.sampled_from(
            ("api.shop.example", "API.shop.example", "apixshop.example", "other.example")
        ),
        "client_ip": st.sampled_from(ADDRESSES),
        "user_agent": st.sampled_from(AGENTS),
        "ja4": st.sampled_from(("t13d1516h2_8daaf6152771_e5627efa2ab1", "t12d1")),
        "country": st.sampled_from(("DE", "US", "KP")),
        "asn": st.sampled_from((64496, 64500)),
    }
)
headers = st.builds(
    HeaderMatch,
    st.sampled_from(("User-Agent", "host")),
    st.sampled_from(("curl/8.5.0", "SQLMAP", "mozilla", "api.", "2.31")),
    st.sampled_from(("equals", "contains", "prefix")),
)


def some(values):
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


match_values = st.builds(
    Match,
    networks=st.lists(st.sampled_from(NETWORKS), max_size=3, unique=True).map(
        lambda texts: tuple(ip_network(text) for text in texts)
    ),
    methods=some(("GET", "POST", "get")),
    path_templates=some(TEMPLATES),
    hosts=some(("api.shop.example", "other.example")),
    headers=st.lists(headers, max_size=2).map(tuple),
    ja4=some(("t13d1516h2_8daaf6152771_e5627efa2ab1",)),
    countries=some(("DE", "KP")),
    asns=some((64496,)),
).filter(lambda match: not match.is_empty())


@settings(max_examples=250, deadline=None)
@given(match=match_values, rows=st.lists(calls, min_size=1, max_size=8))
def test_the_compiled_rule_hits_exactly_the_calls_the_intent_means(match, rows):
    free = replace(TARGET, service_refs=())
    program = compiled(intent(match), target=free, state=State(free, ()))
    assert program.outcomes[0].exactness is Exactness.EXACT, program.outcomes
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    expected = matches(match, pa.table(columns)).to_pylist()
    assert [blocked(program, row) for row in rows] == expected


@pytest.mark.parametrize(
    "path", ["/%6frders/17", "/orders/..%2forders/17", "//orders/17", "/./orders/17", "/orders/a%2fb"]
)
def test_encoding_the_path_does_not_evade_the_rule(path):
    program = compiled(intent(Match(path_templates=("/orders/{id}",))))
    call = {
        "method": "GET",
        "path": path,
        "host": "h",
        "client_ip": "192.0.2.1",
        "user_agent": "",
        "ja4": None,
    }
    assert blocked(program, call)


def test_a_host_with_a_port_is_the_same_host():
    program = compiled(intent(Match(hosts=("api.shop.example",))))
    call = {"method": "GET", "path": "/", "client_ip": "192.0.2.1", "user_agent": "", "ja4": None}
    assert blocked(program, {**call, "host": "api.shop.example:443"})
    assert not blocked(program, {**call, "host": "api.shop.example.evil.example"})


# --- objects -----------------------------------------------------------------------------------------------------


def test_intents_of_networks_only_share_address_sets_and_one_rule():
    nets = [Match(networks=(ip_network(f"198.51.100.{n}/32"),)) for n in range(30)]
    six = Match(networks=(ip_network("2001:db8::/32"),))
    program = compiled(*[intent(match, number=n) for n, match in enumerate([*nets, six])])
    sets = [entry for entry in program.objects if entry.kind == "ip_set"]
    assert {entry.document["IPAddressVersion"] for entry in sets} == {"IPV4", "IPV6"}
    assert len(document(program, "rule_group")["Rules"]) == 1
    assert {outcome.exactness for outcome in program.outcomes} == {Exactness.EXACT}


def test_more_than_ten_thousand_addresses_are_sharded():
    networks = tuple(ip_network(f"10.{n // 128}.{(n % 128) * 2}.0/32") for n in range(10_001))
    program = compiled(intent(Match(networks=networks)))
    sizes = sorted(len(entry.document["Addresses"]) for entry in program.objects if entry.kind == "ip_set")
    assert sizes == [1, 10_000]


def test_counting_rules_come_before_blocking_ones():
    one, two = Match(countries=("KP",)), Match(countries=("DE",))
    program = compiled(intent(one, BlockAction.BLOCK, 1), intent(two, BlockAction.COUNT, 2))
    rules = sorted(document(program, "rule_group")["Rules"], key=lambda rule: rule["Priority"])
    assert [next(iter(rule["Action"])) for rule in rules] == ["Count", "Block"]


def test_every_object_carries_our_mark():
    program = compiled(
        intent(Match(networks=(ip_network("198.51.100.7/32"),)), number=1),
        intent(Match(networks=(ip_network("198.51.100.8/32"),), methods=("GET",)), number=2),
    )
    assert all(entry.name.startswith("portcullis-") for entry in program.objects)


def test_compiling_twice_gives_the_same_program():
    intents = [intent(Match(countries=("KP",)), number=n) for n in range(3)]
    assert compiled(*intents).objects == compiled(*reversed(intents)).objects


def test_no_intents_means_no_objects():
    assert compiled().objects == ()


@pytest.mark.parametrize(
    ("match", "words"),
    [
        (Match(principals=("abc",)), "principals"),
        (Match(consumers=("partner",)), "consumers"),
        (Match(networks=(ip_network("0.0.0.0/0"),)), "/0"),
        (Match(headers=(HeaderMatch("x", "v" * 201),)), "200 bytes"),
        (Match(headers=(HeaderMatch("x", "v", "regex"),)), "regex"),
        (Match(path_templates=("/" + "a" * 520,)), "512"),
        (Match(countries=("Germany",)), "two-letter"),
        (Match(), "every request"),
        (Match(ja4=("t13d",)), "fingerprint"),
    ],
)
def test_what_waf_cannot_express_is_refused_with_the_reason_and_changes_nothing(match, words):
    program = compiled(intent(match))
    assert program.outcomes[0].exactness is Exactness.REFUSED
    assert words in program.outcomes[0].reasons[0]
    assert program.objects == ()
    assert program.outcomes[0].coverage.covered == ()


def test_a_refused_intent_does_not_stop_the_others():
    program = compiled(intent(Match(principals=("x",)), number=1), intent(Match(countries=("KP",)), number=2))
    assert [outcome.exactness for outcome in program.outcomes] == [Exactness.REFUSED, Exactness.EXACT]
    assert len(document(program, "rule_group")["Rules"]) == 1


def test_intents_past_the_groups_capacity_are_refused_oldest_kept():
    intents = [intent(Match(path_templates=(f"/p{n}",)), number=n) for n in range(40)]
    program = compiled(*intents)
    kept = [outcome.exactness is not Exactness.REFUSED for outcome in program.outcomes]
    assert kept == sorted(kept, reverse=True)
    assert any(kept)
    assert not all(kept)
    rules = document(program, "rule_group")["Rules"]
    assert sum(cost(rule["Statement"]) for rule in rules) <= GROUP_CAPACITY
    assert "WCU" in program.outcomes[-1].reasons[0]


def test_a_rate_limit_becomes_a_rate_based_rule_on_an_allowed_window():
    program = compiled(
        intent(Match(path_templates=("/login",)), BlockAction.RATE_LIMIT, rate=RateLimitSpec(20, 30)),
    )
    statement = document(program, "rule_group")["Rules"][0]["Statement"]["RateBasedStatement"]
    assert (statement["Limit"], statement["EvaluationWindowSec"], statement["AggregateKeyType"]) == (
        40,
        60,
        "IP",
    )
    assert program.outcomes[0].exactness is Exactness.APPROXIMATED
    assert "20 in 30 s becomes 40 in 60 s" in " ".join(program.outcomes[0].reasons)


@pytest.mark.parametrize("rate", [None, RateLimitSpec(1, 3600)])
def test_a_rate_waf_cannot_count_is_refused(rate):
    program = compiled(intent(Match(methods=("POST",)), BlockAction.RATE_LIMIT, rate=rate))
    assert program.outcomes[0].exactness is Exactness.REFUSED


def test_the_fifth_rate_limit_is_refused():
    intents = [
        intent(Match(path_templates=(f"/p{n}",)), BlockAction.RATE_LIMIT, n, RateLimitSpec(100, 60))
        for n in range(5)
    ]
    assert [o.exactness is Exactness.REFUSED for o in compiled(*intents).outcomes] == [False] * 4 + [True]


def acl_state(*rules: dict) -> State:
    return State(TARGET, (), (VendorObject("web_acl", ACL, "main", {"Rules": list(rules)}, ours=False),))


def test_our_reference_takes_the_first_free_priority_and_moves_nothing():
    state = acl_state(
        {"Name": "a", "Priority": 0, "Action": "block"}, {"Name": "b", "Priority": 2, "Action": "none"}
    )
    program = compiled(intent(Match(countries=("KP",))), state=state)
    assert document(program, "web_acl_rule")["Rule"]["Priority"] == 1
    assert program.outcomes[0].exactness is Exactness.EXACT


def test_a_customers_allow_rule_ahead_of_ours_makes_the_block_an_approximation():
    state = acl_state({"Name": "partners", "Priority": 0, "Action": "allow"})
    outcome = compiled(intent(Match(countries=("KP",))), state=state).outcomes[0]
    assert outcome.exactness is Exactness.APPROXIMATED
    assert "partners" in outcome.reasons[-1]


def test_targets_are_writable_web_acls_and_say_what_is_out_of_reach():
    snapshot = ConfigSnapshot(
        "aws",
        "1",
        "a",
        services=(Service("a1", "shop", "rest_api"), Service("b2", "mobile", "http_api")),
        stages=(
            Stage("a1/prod", "a1", "prod", waf_ref=ACL),
            Stage("a1/dev", "a1", "dev", waf_ref=""),
            Stage("b2/$default", "b2", "$default", waf_ref=""),
        ),
        waf_policies=(WafPolicy(ACL, "main", "allow"), WafPolicy(ACL + "x", "fms", "allow", writable=False)),
    )
    (target,) = waf_targets(snapshot)
    assert isinstance(target, WafTarget)
    assert target.service_refs == ("a1/prod",)
    outcome = compile_intents([intent(Match(countries=("KP",)))], target, State(target, ()), NAME).outcomes[0]
    assert outcome.coverage.covered == ("a1/prod",)
    reasons = dict(outcome.coverage.uncovered)
    assert "cannot be attached" in reasons["b2/$default"]
    assert "CloudFront" in reasons["b2/$default"]
    assert "No web ACL" in reasons["a1/dev"]


def test_a_fingerprint_is_effective_only_where_waf_computes_one():
    refs = ("a1/prod", "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/x/1")
    target = replace(TARGET, service_refs=refs)
    outcome = compile_intents([intent(Match(ja4=("t13d",)))], target, State(target, ()), NAME).outcomes[0]
    assert outcome.exactness is Exactness.APPROXIMATED
    assert outcome.coverage.covered == (refs[1],)
    assert outcome.coverage.uncovered[0][0] == "a1/prod"


def test_a_rate_limit_that_names_no_limit_is_refused_and_never_a_block_of_its_addresses():
    wanted = intent(Match(networks=(ip_network("198.51.100.7/32"),)), BlockAction.RATE_LIMIT)
    program = compiled(wanted)
    assert program.outcomes[0].exactness is Exactness.REFUSED
    assert program.objects == ()
