"""The APIs of the Google Cloud double refuse what Google refuses."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import RSAKey

EVERYONE = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}


def ranges(*texts: str) -> dict[str, Any]:
    return {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": list(texts)}}


def expression(text: str) -> dict[str, Any]:
    return {"expr": {"expression": text}}


def reason(answer: Any) -> tuple[int, str]:
    error = answer.get_json()["error"]
    return answer.status_code, error["errors"][0]["reason"]


def test_a_jwt_signed_with_the_accounts_key_becomes_a_token_that_may_do_what_the_account_may(project):
    answer = project.grant()
    token = answer.get_json()["access_token"]
    assert project.send("GET", "global/securityPolicies", token=token).status_code == 200
    refused = project.send("GET", "global/backendServices", token=token)
    assert reason(refused) == (403, "forbidden")
    assert "'compute.backendServices.list'" in refused.get_json()["error"]["message"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example/token"},
        {"exp": 1},
        {"iss": "nobody@acme-shop.iam.gserviceaccount.com"},
        {"key": RSAKey.generate_key(2048, {"kid": "x"}, private=True)},
        {"scope": ""},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_jwt_with_a_wrong_claim_or_signature_gets_no_token(project, claims):
    answer = project.grant(**claims)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith("invalid_")


def test_a_token_that_google_never_gave_is_nobody(project):
    assert reason(project.send("GET", "global/securityPolicies", token="made-up")) == (401, "authError")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"priority": 1, "action": "deny(403)", "match": EVERYONE, "colour": "red"}, 'Unknown name "colour"'),
        ({"priority": "1", "action": "deny(403)", "match": EVERYONE}, "int32"),
        ({"priority": 1, "action": "deny(403)", "match": EVERYONE, "kind": "x"}, "output only"),
        ({"priority": 1, "action": "deny(429)", "match": EVERYONE}, "Invalid action"),
        ({"priority": 1, "action": "deny(403)", "match": EVERYONE, "description": "x" * 65}, "64 characters"),
        ({"priority": 1, "action": "deny(403)", "match": ranges(*[f"10.0.0.{n}/32" for n in range(11)])}, "1 to 10"),
        ({"priority": 1, "action": "deny(403)", "match": ranges("10.0.0.1/8")}, "CIDR"),
        ({"priority": 1, "action": "deny(403)", "match": ranges("10.0.0.0/8", "*")}, "stands alone"),
        ({"priority": 1, "action": "deny(403)", "match": {"versionedExpr": "V2", "config": {}}}, "TYPE_ENUM"),
        ({"priority": 1, "action": "throttle", "match": EVERYONE}, "rateLimitOptions"),
        ({"priority": 1, "action": "deny(403)", "match": expression("request.body == 'x'")}, "undeclared reference"),
        ({"priority": 1, "action": "deny(403)", "match": expression("request.path")}, "boolean"),
        ({"priority": 1, "action": "deny(403)", "match": expression("origin.asn == '7'")}, "no matching overload"),
        ({"priority": 1, "action": "deny(403)", "match": expression("request.path.matches('(')")}, "regular"),
        ({"priority": 1, "action": "deny(403)", "match": expression("request.path.matches('a[.]b\\.c')")}, "token"),
        ({"priority": 1, "action": "deny(403)", "match": expression("request.headers['X'] == 'a'")}, "lower case"),
        (
            {"priority": 1, "action": "deny(403)", "match": expression(" || ".join(["origin.asn == 1"] * 6))},
            "6 subexpressions",
        ),
        (
            {"priority": 1, "action": "deny(403)", "match": expression(f"request.path == '{'a' * 2040}'")},
            "2048",
        ),
        ({"priority": 1, "action": "deny(403)", "match": expression("evaluateAddressGroup('g', origin.ip)")}, "not found"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_rule_google_would_not_take_is_refused(project, rule, message):
    answer = project.rule(**rule)
    assert answer.status_code == 400
    assert message in answer.get_json()["error"]["message"]


def test_a_taken_priority_is_refused(project):
    rule = {"priority": 7, "action": "deny(403)", "match": EVERYONE}
    assert project.rule(**rule).status_code == 200
    answer = project.rule(**rule)
    assert answer.status_code == 400
    assert "same priorities" in answer.get_json()["error"]["message"]


def test_one_change_at_a_time_and_it_is_there_only_when_its_operation_is_done(made_project):
    project = made_project()
    project.store.operation_seconds = 30.0
    started = project.rule(priority=7, action="deny(403)", match=EVERYONE).get_json()
    assert started["status"] == "PENDING"
    assert project.send("GET", "global/securityPolicies/shop/getRule?priority=7").status_code == 400
    second = project.rule(priority=8, action="deny(403)", match=EVERYONE)
    assert reason(second) == (400, "resourceNotReady")
    project.store.operations[started["name"]].ends = 0.0
    operation = project.send("GET", f"global/operations/{started['name']}").get_json()
    assert operation["status"] == "DONE"
    assert project.send("GET", "global/securityPolicies/shop/getRule?priority=7").status_code == 200


def test_a_policy_is_patched_only_with_its_current_fingerprint(project):
    path = "global/securityPolicies/shop"
    current = project.send("GET", path).get_json()["fingerprint"]
    body = {"description": "new", "fingerprint": current}
    assert project.send("PATCH", path, body).status_code == 200
    assert reason(project.send("PATCH", path, body)) == (412, "conditionNotMet")


def test_the_quotas_of_rules_and_of_expressions_are_kept(project):
    answers = [
        project.rule(priority=number, action="deny(403)", match=expression("origin.asn == 1"))
        for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [200] * 4 + [403]
    assert reason(answers[-1]) == (403, "quotaExceeded")
    assert "SECURITY_POLICY_CEVAL_RULES" in answers[-1].get_json()["error"]["message"]


def test_pages_end_and_their_tokens_hold_for_their_question_only(project):
    for number in range(4):
        project.made("global/securityPolicies", {"name": f"p{number}"})
    names: list[str] = []
    path = "global/securityPolicies?maxResults=2"
    answer = project.send("GET", path).get_json()
    foreign = answer["nextPageToken"]
    while True:
        names += [entry["name"] for entry in answer["items"]]
        if "nextPageToken" not in answer:
            break
        answer = project.send("GET", f"{path}&pageToken={answer['nextPageToken']}").get_json()
    assert names == ["p0", "p1", "p2", "p3", "shop"]
    assert project.send("GET", f"global/urlMaps?pageToken={foreign}").status_code == 400
    assert project.send("GET", "global/securityPolicies?maxResults=501").status_code == 400


def test_address_groups_for_cloud_armor_need_enterprise(made_project):
    group = {"type": "IPV4", "capacity": 2, "purpose": ["CLOUD_ARMOR"], "items": ["192.0.2.0/24"]}
    path = "/v1/projects/acme-shop/locations/global/addressGroups?addressGroupId=bad"
    assert made_project(enterprise=False).send("POST", path, group).status_code == 400
    project = made_project()
    assert project.send("POST", path, group).status_code == 200
    items = "/v1/projects/acme-shop/locations/global/addressGroups/bad:addItems"
    assert project.send("POST", items, {"items": ["198.51.100.0/24"]}).status_code == 200
    assert project.send("POST", items, {"items": ["203.0.113.0/24"]}).status_code == 400
    match = expression("evaluateAddressGroup('bad', origin.ip)")
    assert project.rule(priority=3, action="deny(403)", match=match).status_code == 200


def test_entries_are_listed_sixty_times_a_minute(made_project):
    project = made_project(list_calls=60)
    for _ in range(60):
        project.entries()
    body = {"resourceNames": ["projects/acme-shop"]}
    assert reason(project.send("POST", "/v2/entries:list", body)) == (429, "rateLimitExceeded")


def test_changes_and_refused_changes_are_in_the_audit_log(project):
    project.rule(priority=7, action="deny(403)", match=EVERYONE)
    token = project.grant().get_json()["access_token"]
    project.send("POST", "global/securityPolicies/shop/removeRule?priority=7", token=token)
    project.store.all("securityPolicies", "global")
    found = project.entries(
        'protoPayload.methodName:"securityPolicies" AND NOT protoPayload.methodName:"insert"'
    )
    seen = [
        (entry["protoPayload"]["methodName"], entry.get("operation", {}).get("first"), entry["severity"])
        for entry in found["entries"]
    ]
    assert sorted(seen, key=str) == sorted(
        [
            ("v1.compute.securityPolicies.addRule", True, "NOTICE"),
            ("v1.compute.securityPolicies.addRule", None, "NOTICE"),
            ("v1.compute.securityPolicies.removeRule", None, "ERROR"),
        ],
        key=str,
    )
