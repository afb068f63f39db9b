"""The double of Azure refuses what Azure refuses, and its data plane does what policies say."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from connectors.testkit.doubles.azure.estate import (
    ADMIN,
    CLIENT,
    EDGE_WAF,
    GROUP,
    SECRET,
    SHOP_HOST,
    SUBSCRIPTION,
    TENANT,
)
from connectors.testkit.doubles.azure.estate_gateway import PARTNERS_HOST, gateway_policy_id
from connectors.testkit.running import RunningDouble, running_double

GATEWAY_WAF = gateway_policy_id(GROUP)
OLD_WAF = gateway_policy_id(GROUP, "acme-gw-reports")
VERSIONS = {EDGE_WAF: "2025-10-01", GATEWAY_WAF: "2025-05-01", OLD_WAF: "2025-05-01"}
NETWORK = "/providers/Microsoft.Network"


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    options = ["--seed", "--page", "1", "--polls", "2"]
    with running_double("connectors.testkit.doubles.azure", options, ("--port", "--proxy-port")) as running:
        yield running


def sign_in(double: RunningDouble, tenant: str = TENANT, **changes: str) -> tuple[int, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": ADMIN,
        "client_secret": SECRET,
        "scope": "https://management.azure.com/.default",
    }
    answer = urllib3.request(
        "POST",
        f"{double.control_url}/{tenant}/oauth2/v2.0/token",
        body=urlencode(form | changes),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        retries=False,
    )
    return answer.status, answer.json()


@pytest.fixture(scope="module")
def ask(double):
    token = sign_in(double)[1]["access_token"]

    def send(method: str, path: str, body: Any = None, token: str = token) -> tuple[int, Any, Any]:
        address = path if path.startswith("http") else double.control_url + path
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = None if body is None else json.dumps(body)
        answer = urllib3.request(method, address, body=content, headers=headers, retries=False)
        return answer.status, answer.json() if answer.data else None, answer.headers

    return send


@pytest.fixture
def write(double, ask):
    """PUT a changed copy of a policy; the answer's status and error. What was written is taken back."""
    held = {path: ask("GET", f"{path}?api-version={VERSIONS[path]}")[1] for path in VERSIONS}

    def change(path: str, *rules: dict[str, Any], **properties: Any) -> tuple[int, str]:
        wanted = copy.deepcopy(held[path])
        listed = list(rules)
        wanted["properties"]["customRules"] = {"rules": listed} if path == EDGE_WAF else listed
        wanted["properties"] |= properties
        status, answer, _ = ask("PUT", f"{path}?api-version={VERSIONS[path]}", wanted)
        urllib3.request("POST", f"{double.control_url}/_double/settle")
        return status, answer["error"]["message"] if "error" in answer else ""

    yield change
    for path, document in held.items():
        ask("PUT", f"{path}?api-version={VERSIONS[path]}", document)
        urllib3.request("POST", f"{double.control_url}/_double/settle")


def edge(number: int = 1, *, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    condition = condition or {
        "matchVariable": "SocketAddr",
        "operator": "IPMatch",
        "matchValue": ["192.0.2.1"],
    }
    made = {"name": f"r{number}", "priority": number, "ruleType": "MatchRule", "action": "Block"}
    return {**made, "matchConditions": [condition], **more}


def gateway(number: int = 1, *, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    variables = [{"variableName": "RemoteAddr"}]
    condition = condition or {
        "matchVariables": variables,
        "operator": "IPMatch",
        "matchValues": ["192.0.2.1"],
    }
    made = {"name": f"r{number}", "priority": number, "ruleType": "MatchRule", "action": "Block"}
    return {**made, "matchConditions": [condition], **more}


def of(variable: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"matchVariable": variable, "operator": operator, "matchValue": list(values), **more}


def many(count: int) -> list[str]:
    return [f"10.0.{n // 256}.{n % 256}" for n in range(count)]


def gw(variable: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {
        "matchVariables": [{"variableName": variable}],
        "operator": operator,
        "matchValues": list(values),
        **more,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "11111111-0000-4000-8000-000000000000"}, "AADSTS700016"),
        ({"tenant": "11111111-0000-4000-8000-000000000000"}, "AADSTS90002"),
        ({"scope": "https://management.azure.com"}, "AADSTS1002012"),
        ({"grant_type": "password"}, "AADSTS70003"),
    ],
)
def test_wrong_sign_ins_get_no_token(double, changes, code):
    status, answer = sign_in(double, **changes)
    assert status in (400, 401)
    assert code in answer["error_description"]


def test_a_token_for_logs_opens_nothing_else(double, ask):
    other = sign_in(double, scope="https://api.loganalytics.io/.default")[1]["access_token"]
    status, answer, _ = ask("GET", f"{EDGE_WAF}?api-version=2025-10-01", None, other)
    assert (status, answer["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (EDGE_WAF, 400, "MissingApiVersionParameter"),
        (f"{EDGE_WAF}?api-version=tomorrow", 400, "InvalidApiVersionParameter"),
        (f"{EDGE_WAF}?api-version=2025-05-01", 400, "NoRegisteredProviderFound"),
        (f"{EDGE_WAF}x?api-version=2025-10-01", 404, "ResourceNotFound"),
        (f"{GROUP}{NETWORK}/unicorns?api-version=2025-10-01", 404, "InvalidResourceType"),
        (
            f"/subscriptions/other{NETWORK}/applicationGateways?api-version=2025-05-01",
            404,
            "SubscriptionNotFound",
        ),
    ],
)
def test_addresses_and_versions_are_checked(ask, path, status, code):
    found, answer, _ = ask("GET", path)
    assert (found, answer["error"]["code"]) == (status, code)


def test_lists_come_page_by_page(ask):
    path = f"/subscriptions/{SUBSCRIPTION}{NETWORK}/frontDoorWebApplicationFirewallPolicies?api-version=2025-10-01"
    _, first, _ = ask("GET", path)
    _, second, _ = ask("GET", first["nextLink"])
    assert [entry["name"] for page in (first, second) for entry in page["value"]] == ["acmeEdge", "acmeTest"]
    assert "nextLink" not in second


def test_roles_decide_with_wildcards_and_exceptions(double, ask):
    role = {
        "actions": ["Microsoft.Network/*/read"],
        "notActions": ["Microsoft.Network/applicationGateways/*"],
    }
    urllib3.request("POST", f"{double.control_url}/_double/roles", body=json.dumps({CLIENT: [role]}))
    token = sign_in(double, client_id=CLIENT)[1]["access_token"]
    gateways = f"/subscriptions/{SUBSCRIPTION}{NETWORK}/applicationGateways?api-version=2025-05-01"
    assert ask("GET", f"{EDGE_WAF}?api-version=2025-10-01", None, token)[0] == 200
    status, answer, _ = ask("GET", gateways, None, token)
    assert status == 403
    assert "perform action 'Microsoft.Network/applicationGateways/read'" in answer["error"]["message"]
    everything = {CLIENT: [{"actions": ["*"], "notActions": []}]}
    urllib3.request("POST", f"{double.control_url}/_double/roles", body=json.dumps(everything))


@pytest.mark.parametrize(
    ("path", "rules", "says"),
    [
        (EDGE_WAF, [edge(n) for n in range(101)], "0 to 100 entries"),
        (EDGE_WAF, [edge(1), edge(1, name="other")], "must be unique"),
        (EDGE_WAF, [edge(1), edge(2, name="R1")], "must be unique"),
        (EDGE_WAF, [edge(name="1rule")], "begin with a letter"),
        (EDGE_WAF, [edge(name="my-rule")], "begin with a letter"),
        (EDGE_WAF, [edge(colour="red")], "Could not find member 'colour'"),
        (EDGE_WAF, [edge(action="Explode")], "not one of"),
        (EDGE_WAF, [edge(condition=of("RemoteAddr", "IPMatch", *many(601)))], "0 to 600"),
        (EDGE_WAF, [edge(condition=of("SocketAddr", "IPMatch", "300.1.1.1"))], "no address"),
        (EDGE_WAF, [edge(condition=of("RequestUri", "IPMatch", "10.0.0.1"))], "does not go with"),
        (EDGE_WAF, [edge(condition=of("RequestUri", "Contains", *"abcdefghijk"))], "at most 10 values"),
        (EDGE_WAF, [edge(condition=of("RequestUri", "Contains", "x" * 257))], "1 to 256 characters"),
        (EDGE_WAF, [edge(condition=of("RequestUri", "RegEx", "a(?=b)"))], "regular expression"),
        (EDGE_WAF, [edge(condition=of("RequestHeader", "Contains", "x"))], "needs a selector"),
        (EDGE_WAF, [edge(condition=of("JA4", "Equal", "x"))], "not one of"),
        (EDGE_WAF, [edge(ruleType="RateLimitRule", rateLimitDurationInMinutes=2, rateLimitThreshold=9)], "1 or 5 minutes"),
        (GATEWAY_WAF, [gateway(priority=101)], "1 to 100"),
        (GATEWAY_WAF, [gateway(condition=gw("RemoteAddr", "IPMatch", "::1", negateCondition=True))], "'negateCondition'"),
        (GATEWAY_WAF, [gateway(ruleType="RateLimitRule", rateLimitThreshold=9)], "groupByUserSession"),
        (GATEWAY_WAF, [gateway(action="JSChallenge")], "not one of"),
        (OLD_WAF, [gateway(condition=gw("RemoteAddr", "IPMatch", *many(541)))], "at most 540"),
    ],
)  # fmt: skip
def test_what_azure_does_not_take_is_not_taken(write, path, rules, says):
    status, message = write(path, *rules)
    assert status == 400
    assert says in message


def test_a_write_is_in_force_only_once_its_operation_has_ended(double, ask):
    path = f"{EDGE_WAF}?api-version=2025-10-01"
    _, before, _ = ask("GET", path)
    changed = copy.deepcopy(before)
    changed["tags"]["team"] = "edge"
    status, _, headers = ask("PUT", path, changed)
    assert status == 202
    assert ask("GET", path)[1]["tags"]["team"] == "platform"
    assert ask("PUT", path, changed)[0] == 409
    assert [ask("GET", headers["Location"])[0] for _ in range(3)] == [202, 202, 200]
    _, after, _ = ask("GET", path)
    assert after["tags"]["team"] == "edge"
    assert after["etag"] != before["etag"]
    ask("PUT", path, before)
    urllib3.request("POST", f"{double.control_url}/_double/settle")


def call(double, host: str, path: str = "/payments", address: str = "192.0.2.1") -> int:
    headers = {"Host": host, "X-Double-Client-Ip": address}
    url = f"http://127.0.0.1:{double.ports[1]}{path}"
    return urllib3.request("GET", url, headers=headers, retries=False).status


@pytest.mark.parametrize(
    ("path", "host", "rule"), [(EDGE_WAF, SHOP_HOST, edge()), (GATEWAY_WAF, PARTNERS_HOST, gateway())]
)
def test_a_blocking_rule_answers_403_and_is_logged(double, write, path, host, rule):
    assert write(path, rule)[0] in (200, 202)
    assert call(double, host) == 403
    assert call(double, host, address="192.0.2.2") == 502
    logged = urllib3.request("GET", f"{double.control_url}/_double/logs").json()
    said = [e["row"] for e in logged if e["row"].get("ruleName_s", e["row"].get("RuleId")) == "r1"]
    assert said[-1].get("action_s", said[-1].get("Action")) == ("Block" if path == EDGE_WAF else "Blocked")


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        (edge(condition=of("RequestUri", "BeginsWith", "https://store.acme.example:443/payments")), [403]),
        (edge(condition=of("RequestUri", "BeginsWith", "/payments")), [502]),
        (edge(condition=of("SocketAddr", "IPMatch", "192.0.2.1", negateCondition=True)), [502]),
        (edge(action="Log"), [502]),
        (edge(enabledState="Disabled"), [502]),
        (edge(ruleType="RateLimitRule", rateLimitDurationInMinutes=5, rateLimitThreshold=2), [502, 502, 403]),
    ],
)
def test_rules_mean_at_the_edge_what_their_pages_say(double, write, rule, statuses):
    assert write(EDGE_WAF, {**rule, "name": f"r{abs(hash(str(rule)))}"})[0] == 202
    assert [call(double, SHOP_HOST) for _ in statuses] == statuses
