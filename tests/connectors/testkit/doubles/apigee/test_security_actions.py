"""The double takes what Apigee takes, and its proxies obey it."""

from __future__ import annotations

import pytest

PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "members",
    [
        {"conditionConfig": {}},
        {"conditionConfig": {"ipAddressRanges": ["198.51.100.7/24"]}},
        {"conditionConfig": {"ipAddressRanges": [f"10.0.0.{n}" for n in range(101)]}},
        {"conditionConfig": {"userAgents": [f"bot/{n}" for n in range(51)]}},
        {"conditionConfig": {"httpMethods": ["get"]}},
        {"conditionConfig": {"regionCodes": ["kp"]}},
        {"conditionConfig": {"asns": ["AS1"]}},
        {"conditionConfig": {"paths": ["/x"]}},
        {"conditionConfig": {"asns": ["1"], "httpMethods": ["GET"], "regionCodes": ["US"]}},
        {"state": "ACTIVE"},
        {"apiProxies": ["nobody"]},
        {"allow": {}, "deny": {}},
        {"flag": {"headers": []}},
        {"deny": {"responseCode": 200}},
        {"expireTime": PAST},
        {"ttl": "60s", "expireTime": FUTURE},
        {"createTime": FUTURE},
    ],
)
def test_an_action_that_google_would_not_take_is_refused(organisation, members):
    answer = organisation.act("x", **members)
    assert answer.status_code == 400, answer.get_json()
    assert not organisation.store.environments["prod"].actions


def test_an_id_is_of_the_documented_form_and_used_once(organisation):
    assert organisation.act("Portcullis").status_code == 400
    assert organisation.act("p" * 62).status_code == 400
    assert organisation.act("p" * 61).status_code == 200
    assert organisation.act("p" * 61).status_code == 409


def test_no_more_actions_are_enabled_than_google_allows(organisation):
    for number in range(100):
        assert organisation.act(f"scoped-{number}", apiProxies=["catalog"]).status_code == 200
    assert organisation.act("scoped-100", apiProxies=["catalog"]).status_code == 400
    for number in range(900):
        organisation.act(f"a-{number}")
    assert organisation.act("one-more").status_code == 400
    assert organisation.act("asleep", state="DISABLED").status_code == 200
    enabled = organisation.send("POST", "/environments/prod/securityActions/asleep:enable", {})
    assert enabled.status_code == 400


def test_without_the_add_on_nothing_is_created(organisation):
    organisation.store.addon = False
    assert organisation.act("x").status_code == 400


def test_allow_beats_deny_beats_flag(organisation):
    assert organisation.ask() == 502
    organisation.act("flagged", flag={"headers": [{"name": "x-flag", "value": "1"}]})
    assert organisation.ask() == 502
    organisation.act("denied")
    assert organisation.ask() == 403
    assert organisation.ask(address="203.0.113.9") == 502
    organisation.act("allowed", allow={}, conditionConfig={"ipAddressRanges": ["198.51.100.7"]})
    assert organisation.ask() == 502
    assert organisation.ask(address="198.51.100.8") == 403


def test_kinds_are_anded_and_proxies_narrow(organisation):
    conditions = {"ipAddressRanges": ["198.51.100.7"], "userAgents": ["bad"]}
    organisation.act("both", conditionConfig=conditions, apiProxies=["catalog"])
    assert organisation.ask(User_Agent="bad") == 403
    assert organisation.ask(User_Agent="bad/2") == 502
    assert organisation.ask("/accounts/me", User_Agent="bad") == 502


def test_an_action_ends_by_its_time_and_by_the_switch_of_its_environment(organisation):
    organisation.act("short", ttl="3600s")
    action = organisation.store.environments["prod"].actions["short"]
    assert "ttl" not in action
    assert organisation.ask() == 403
    switched = organisation.send("PATCH", "/environments/prod/securityActionsConfig", {"enabled": False})
    assert switched.get_json().get("enabled") is None
    assert organisation.ask() == 502
    organisation.send("PATCH", "/environments/prod/securityActionsConfig", {"enabled": True})
    action["expireTime"] = PAST
    assert organisation.ask() == 502


def test_products_are_paged_by_a_key_that_is_told_again(organisation):
    first = organisation.send("GET", "/apiproducts?count=1").get_json()["apiProduct"]
    second = organisation.send("GET", f"/apiproducts?count=2&startKey={first[0]['name']}").get_json()[
        "apiProduct"
    ]
    assert [entry["name"] for entry in second] == [first[0]["name"], "partner"]


def test_who_lacks_the_permission_is_told_which(organisation):
    narrow = organisation.accounts.token_for(organisation.accounts.make("narrow", {"apigee.proxies.list"})[0])
    assert organisation.send("GET", "/apis", token=narrow).status_code == 200
    refused = organisation.send("GET", "/environments/prod/securityActions", token=narrow)
    assert refused.status_code == 403
    assert "apigee.securityActions.list" in refused.get_json()["error"]["message"]
