"""Apigee Edge is read as it is, changed never, and what it does not tell is not called empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from connectors.apigee.access import Access
from connectors.apigee.calls import Calls
from connectors.apigee.changes import Changes
from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.apigee.manifest import ApigeeSettings
from connectors.apigee.setup import texts
from connectors.base.capabilities import Grant
from connectors.base.errors import PermissionMissing, SettingsError, TransientError
from connectors.base.model import AuthKind, Completeness
from connectors.egress import Egress
from connectors.testkit.asking import exchange
from connectors.testkit.doubles.apigee.edge import PASSWORD, TOKEN, USER
from connectors.testkit.running import Fault, RunningDouble, local_egress, running_double

ORGANIZATION = "acme-apis"
PLACE = f"GET /v1/organizations/{ORGANIZATION}"


@pytest.fixture(scope="module")
def started() -> Iterator[RunningDouble]:
    options = ["--seed", "--edge", "--developers", "1500"]
    with running_double(
        "connectors.testkit.doubles.apigee", options, ("--api-port", "--proxy-port")
    ) as double:
        yield double


@pytest.fixture
def edge(started: RunningDouble) -> Iterator[RunningDouble]:
    yield started
    started.behave()


@pytest.fixture
def egress(edge: RunningDouble) -> Egress:
    return local_egress(*edge.ports, timeout=2.0)


def settings(edge, **more):
    given = {
        "organization": ORGANIZATION,
        "sign_in": "edge",
        "edge_url": edge.control_url,
        "edge_user": USER,
        "edge_secret": PASSWORD,
    }
    return ApigeeSettings.model_validate(given | more)


def read(edge, egress, **more):
    return Config(settings(edge, **more), egress).read_config()


@pytest.mark.parametrize("more", [{}, {"edge_user": "", "edge_secret": TOKEN}, {"edge_url": "{}/v1"}])
def test_proxies_are_read_with_a_password_and_with_a_token(edge, egress, more):
    more = {name: value.format(edge.control_url) for name, value in more.items()}
    snapshot = read(edge, egress, **more)
    assert {service.name for service in snapshot.services} == {
        "payments", "catalog", "accounts", "partners", "legacy"
    }  # fmt: skip
    assert all(section.completeness is Completeness.COMPLETE for section in snapshot.sections)
    assert not snapshot.waf_policies
    assert {stage.waf_ref for stage in snapshot.stages} == {""}


@pytest.mark.parametrize(("state", "known"), [("error", True), ("pending", True), ("undeployed", False)])
def test_a_deployment_in_another_state_is_told_and_leaves_the_list_incomplete(edge, egress, state, known):
    proxy = {"name": "payments", "revision": [{"name": "3", "state": state}]}
    held = {"name": ORGANIZATION, "environment": [{"name": "prod", "aPIProxy": [proxy]}]}
    edge.order(Fault(200, f"{PLACE}/deployments", body=held))
    snapshot = read(edge, egress)
    assert bool(snapshot.services) is known
    section = next(section for section in snapshot.sections if section.name == "services")
    assert (section.completeness is Completeness.PARTIAL) is known
    assert (state in section.reason) is known


def test_hosts_are_those_of_the_virtual_host_a_proxy_names(edge, egress):
    snapshot = read(edge, egress)
    payments = next(service for service in snapshot.services if service.name == "payments")
    assert payments.hosts == ("shop.acme.example", "test.acme.example")


def test_authentication_runs_through_shared_flows_and_hooks_as_at_apigee_x(edge, egress):
    routes = {
        route.ref.rpartition("/")[2]: route
        for route in read(edge, egress).routes
        if route.service_ref.endswith("/apis/accounts")
    }
    assert [(auth.kind, auth.optional) for auth in routes["Me"].auth] == [(AuthKind.OAUTH2, False)]
    assert routes["Login"].auth == ()


def test_truths_that_edge_writes_as_texts_are_understood(edge, egress):
    upstream = next(u for u in read(edge, egress).upstreams if "apis/partners" in u.ref)
    assert upstream.url == "https://partners.internal.acme.example:443/partners"
    assert upstream.tls_verified is False


def test_developers_are_read_to_their_last_page_and_apps_by_name_without_their_keys(edge, egress):
    snapshot = read(edge, egress)
    names = [entry.name for entry in snapshot.consumers if entry.kind == "developer"]
    assert len(names) == len(set(names)) == 1505
    assert "partner-globex" in {entry.name for entry in snapshot.consumers if entry.kind == "developer_app"}
    assert "key-of-" not in repr(snapshot)
    assert "secret-of-" not in repr(snapshot)


@pytest.mark.parametrize(
    ("path", "section", "completeness"),
    [
        ("/deployments", "services", Completeness.UNKNOWN),
        ("/sharedflows", "routes", Completeness.PARTIAL),
        ("/environments/prod/flowhooks/*", "routes", Completeness.PARTIAL),
        ("/environments/prod/virtualhosts", "stages", Completeness.PARTIAL),
        ("/apis/payments/revisions/3", "routes", Completeness.PARTIAL),
        ("/developers", "consumers", Completeness.UNKNOWN),
        ("", "settings", Completeness.UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 404}, {"status": 500}, {"status": 200, "body": "<html>"}]
)
def test_what_cannot_be_read_is_unknown_and_never_empty(edge, egress, path, section, completeness, fault):
    edge.order(Fault(operation=PLACE + path, **fault))
    snapshot = read(edge, egress)
    assert snapshot.completeness(section) is completeness
    reason = next(entry.reason for entry in snapshot.sections if entry.name == section)
    assert reason.endswith(".")


def test_without_shared_flows_authentication_is_not_known(edge, egress):
    edge.order(Fault(403, f"{PLACE}/sharedflows"))
    me = next(route for route in read(edge, egress).routes if route.ref.endswith("#default/Me"))
    assert not me.auth_known


def test_access_is_told_read_by_read(edge, egress):
    assert {row.grant for row in Access(settings(edge), egress).check()} == {Grant.GRANTED}
    edge.order(Fault(403, f"{PLACE}/apiproducts"))
    edge.order(Fault(200, f"{PLACE}/developers", body="<html>"))
    found = {row.action: row for row in Access(settings(edge), egress).check()}
    assert found["GET /apiproducts"].grant is Grant.DENIED
    assert "Read-only" in found["GET /apiproducts"].fix
    assert found["GET /developers"].grant is Grant.UNKNOWN
    assert found["GET /deployments"].grant is Grant.GRANTED
    assert {row.access for row in found.values()} == {"read"}


@pytest.mark.parametrize(
    ("more", "fault", "raised"),
    [
        ({"edge_secret": "wrong"}, None, SettingsError),
        ({"organization": "other"}, None, SettingsError),
        ({}, {"status": 403}, PermissionMissing),
        ({}, {"status": 500}, TransientError),
    ],
)
def test_an_edge_that_does_not_let_us_in_is_an_error_in_words_without_the_password(
    edge, egress, more, fault, raised
):
    if fault:
        edge.order(Fault(operation=PLACE, **fault))
    with pytest.raises(raised) as caught:
        Access(settings(edge, **more), egress).check()
    assert PASSWORD not in caught.value.sentence()
    assert "wrong" not in caught.value.sentence()


def test_edge_has_no_targets_no_calls_and_its_audit_trail_is_unknown(edge, egress):
    snapshot = read(edge, egress)
    assert Enforce(settings(edge), egress).targets(snapshot) == ()
    assert list(Calls(settings(edge), egress).read_calls({}, snapshot)) == []
    with pytest.raises(SettingsError, match="not read"):
        list(Changes(settings(edge), egress).read_changes({}))


def test_the_double_takes_nothing_but_reading(edge):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for method, path, status in (("POST", "", 405), ("GET", "?x=1", 400), ("GET", "/keyvaluemaps", 404)):
        url = f"{edge.control_url}/v1/organizations/{ORGANIZATION}{path}"
        assert exchange(method, url, None, headers)[0] == status


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "service_account_key"),
        ({"sign_in": "edge", "edge_url": "https://edge.example"}, "edge_secret"),
        ({"sign_in": "edge", "edge_secret": "x"}, "edge_url"),
        (
            {"sign_in": "edge", "edge_url": "https://edge.example", "edge_secret": "x", "enforcer": "both"},
            "only read",
        ),
        (
            {"sign_in": "edge", "edge_url": "https://edge.example", "edge_secret": "x", "message_log": "l"},
            "only read",
        ),
        ({"sign_in": "edge", "edge_url": "https://u:p@edge.example", "edge_secret": "x"}, "user name"),
        (
            {"sign_in": "edge", "edge_url": "https://edge.example", "edge_secret": "x", "edge_user": "a:b"},
            "edge_user",
        ),
        ({"service_account_key": "{}", "organization": "Not_Google"}, "small letters"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(given, word):
    with pytest.raises(ValidationError, match=word):
        ApigeeSettings.model_validate({"organization": "acme-apis"} | given)


def test_the_set_up_text_for_edge_asks_for_a_user_who_reads():
    (text,) = texts({"sign_in": "edge"}, {})
    assert "Read-only Organization Administrator" in text.body
    assert text.access == "read"
