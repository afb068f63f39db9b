"""What is deployed is told as it is: hosts, routes, authentication, limits, targets, consumers."""

from __future__ import annotations

import io
import zipfile

import pytest

from connectors.apigee import bundle as bundles
from connectors.apigee.access import Access
from connectors.apigee.bundle import opened
from connectors.apigee.conditions import parsed
from connectors.apigee.config import Config
from connectors.apigee.flows import ways_of
from connectors.apigee.reading import AddressSource
from connectors.apigee.routes import Deployed, routes_of
from connectors.apigee.targets import upstream_of
from connectors.base.errors import VendorAnswerError
from connectors.base.model import AuthKind, Completeness
from connectors.testkit.doubles.apigee.bundles import bundle, flow, proxy_endpoint, step, target_endpoint
from connectors.testkit.running import Fault
from tests.connectors.apigee.world import running_gateway

NAME = "organizations/acme-apis"


def read(gateway, **settings):
    return Config(gateway.settings(**settings), gateway.egress).read_config()


def routes(gateway, proxy):
    return {
        r.ref.rpartition("/")[2]: r for r in read(gateway).routes if r.service_ref == f"{NAME}/apis/{proxy}"
    }


def test_a_proxy_is_a_service_with_a_stage_per_environment_and_its_hosts(gateway):
    snapshot = read(gateway)
    payments = next(service for service in snapshot.services if service.name == "payments")
    stages = {stage.name: stage for stage in snapshot.stages if stage.service_ref == payments.ref}
    assert payments.hosts == ("shop.acme.example", "test.acme.example")
    assert stages["prod"].hosts == ("shop.acme.example",)
    assert stages["test"].hosts == ("test.acme.example",)
    assert all(section.completeness is Completeness.COMPLETE for section in snapshot.sections)


def test_conditions_of_flows_are_routes(gateway):
    found = routes(gateway, "payments")
    assert (found["Refund"].path, found["Refund"].methods) == ("/payments/{p1}/refund", ("POST",))
    assert found["Create"].validated
    assert not found["List"].validated
    assert found["List"].rate_limits[0].limit == 30
    assert len(found["List"].stage_refs) == 2
    assert not any(route.catch_all for route in found.values()), "unlisted paths are answered with 404"


def test_without_a_last_flow_unlisted_paths_reach_the_target(gateway):
    unlisted = routes(gateway, "catalog")["unlisted"]
    assert unlisted.catch_all
    assert unlisted.prefix
    assert unlisted.path == "/catalog"
    assert unlisted.cors is not None
    assert unlisted.cors.origins == ("*",)


def test_authentication_is_what_runs_for_a_route_and_optional_where_it_may_not(gateway):
    accounts, catalog = routes(gateway, "accounts"), routes(gateway, "catalog")
    assert accounts["Login"].auth == (), "the step's condition leaves this path out"
    assert [(a.kind, a.optional) for a in accounts["Me"].auth] == [(AuthKind.OAUTH2, False)]
    assert [a.optional for a in accounts["Read"].auth] == [True], "GET /accounts/login is one of them"
    assert [(a.kind, a.optional) for a in catalog["Search"].auth] == [(AuthKind.API_KEY, True)]
    (key,) = routes(gateway, "partners")["Stock"].auth
    assert (key.kind, key.location, key.optional) == (AuthKind.API_KEY, "query", False)


def test_a_stage_tells_whether_all_of_it_is_limited_and_where_it_logs(gateway):
    found = {stage.ref.partition("environments/")[2]: stage for stage in read(gateway).stages}
    assert found["prod/apis/payments"].throttled is True
    assert found["prod/apis/catalog"].throttled is False
    assert found["partners/apis/partners"].access_log == "projects/acme-apis/logs/orders"
    assert found["prod/apis/payments"].access_log is None


def test_targets_tell_whether_their_certificate_is_checked(gateway):
    found = {upstream.ref.partition("environments/")[2]: upstream for upstream in read(gateway).upstreams}
    assert found["prod/apis/payments#default"].tls_verified is True
    assert found["prod/apis/accounts#default"].tls_verified is None
    assert found["partners/apis/partners#default"].tls_verified is False
    assert (
        found["partners/apis/partners#default"].url == "https://partners.internal.acme.example:443/partners"
    )


def test_consumers_are_told_by_name_and_their_keys_are_nowhere(gateway):
    snapshot = read(gateway)
    apps = {entry.name: entry for entry in snapshot.consumers if entry.kind == "developer_app"}
    assert apps["partner-globex"].service_refs == (f"{NAME}/apis/partners",)
    assert "key-of-" not in repr(snapshot)
    assert "secret-of-" not in repr(snapshot)


def test_security_actions_are_a_policy_and_off_is_said(gateway):
    gateway.act("mine", allow={})
    gateway.act("other")
    snapshot = read(gateway)
    policy = next(entry for entry in snapshot.waf_policies if entry.scope == "prod")
    assert [(rule.name, rule.action) for rule in policy.rules] == [("mine", "allow"), ("other", "block")]
    assert len(policy.attached_to) == 3
    gateway.knob("POST", "addon", {"enabled": False})
    assert {stage.waf_ref for stage in read(gateway).stages} == {""}


def test_where_client_addresses_come_from_is_a_setting(gateway):
    found = {s.ref.split("/")[3]: s.value for s in read(gateway).settings if s.name == "client_ip_resolution"}
    assert found["prod#addresses"] == {"header": "X-Forwarded-For", "index": -2, "forgeable": False}
    assert found["test#addresses"]["forgeable"]


@pytest.mark.parametrize(
    ("header", "index", "forgeable"),
    [
        ("", None, True),
        ("X-Forwarded-For", 0, True),
        ("x-forwarded-for", -1, False),
        ("True-Client-Ip", 0, False),
    ],
)
def test_an_address_counted_from_the_left_can_be_forged(header, index, forgeable):
    assert AddressSource(header, index).forgeable is forgeable


def test_what_cannot_be_read_is_unknown_and_never_empty(gateway):
    allowed = [need.action for need in Access(gateway.settings(), gateway.egress).check()]
    without = [
        action for action in allowed if action not in ("apigee.apps.list", "apigee.sharedflowrevisions.get")
    ]
    snapshot = read(gateway, permissions=without)
    assert snapshot.completeness("consumers") is Completeness.UNKNOWN
    assert snapshot.completeness("routes") is Completeness.PARTIAL
    me = next(route for route in snapshot.routes if route.ref.endswith("#default/Me"))
    assert me.auth == ()
    assert not me.auth_known, "the shared flow that authenticates could not be read"


def test_a_hook_that_could_not_be_read_leaves_authentication_unknown(gateway):
    gateway.double.order(Fault(500, "GET */flowhooks/*"))
    snapshot = read(gateway)
    assert not any(route.auth_known for route in snapshot.routes)
    assert snapshot.completeness("routes") is Completeness.PARTIAL


def test_long_lists_are_read_to_their_last_page():
    with running_gateway("--developers", "2100") as crowded:
        names = [entry.name for entry in read(crowded).consumers if entry.kind == "developer"]
    assert len(names) == len(set(names)) == 2105


def test_permissions_are_told_one_by_one(gateway):
    found = {
        entry.action: entry
        for entry in Access(gateway.settings(permissions=["apigee.apps.list"]), gateway.egress).check()
    }
    assert found["apigee.apps.list"].grant == "granted"
    denied = found["apigee.securityActions.create"]
    assert denied.grant == "denied"
    assert "portcullisApigeeBlock" in denied.fix


def deployed(endpoint, policies, shared=None):
    documents = {"proxies/default": endpoint} | {f"policies/{n}": text for n, text in policies.items()}
    parts = opened(bundle("apiproxy", "p", documents), "p")
    return Deployed("s", "st", parts, shared or {}, [], True, ())


KEY = {"VK": '<VerifyAPIKey name="VK"><APIKey ref="request.header.k"/></VerifyAPIKey>'}


@pytest.mark.parametrize(
    ("preflow", "policies", "optional"),
    [
        (step("VK"), KEY, False),
        (step("VK", 'request.verb != "OPTIONS"'), KEY, False),
        (step("VK", "request.header.k != null"), KEY, True),
        (
            step("VK"),
            {"VK": KEY["VK"].replace("<VerifyAPIKey ", '<VerifyAPIKey continueOnError="true" ')},
            True,
        ),
    ],
)
def test_a_step_protects_only_where_it_must_run_and_may_not_fail(preflow, policies, optional):
    endpoint = proxy_endpoint("/a", preflow, flow("F", 'request.verb = "GET"'))
    first = routes_of(deployed(endpoint, policies))[0]
    assert [auth.optional for auth in first.auth] == [optional]


@pytest.mark.parametrize(
    ("preflow", "policies"),
    [
        (step("VK"), {"VK": KEY["VK"].replace("<VerifyAPIKey ", '<VerifyAPIKey enabled="false" ')}),
        (step("VK", 'request.verb = "POST"'), KEY),
    ],
)
def test_a_step_that_is_off_or_for_other_methods_protects_nothing(preflow, policies):
    endpoint = proxy_endpoint("/a", preflow, flow("F", 'request.verb = "GET"'))
    first = routes_of(deployed(endpoint, policies))[0]
    assert first.auth == ()
    assert first.auth_known


def test_a_policy_that_is_not_in_the_bundle_leaves_authentication_unknown():
    endpoint = proxy_endpoint("/a", step("Gone"), flow("F", 'request.verb = "GET"'))
    assert not routes_of(deployed(endpoint, {}))[0].auth_known


@pytest.mark.parametrize(
    ("condition", "ways"),
    [
        ('proxy.pathsuffix ~/ "/a/*" && request.verb == "GET"', [("/a/{p1}", ("GET",), False)]),
        ('proxy.pathsuffix MatchesPath "/a/**"', [("/a/{rest+}", (), False)]),
        (
            '(request.verb = "GET") or (request.verb = "PUT")',
            [(None, ("GET",), False), (None, ("PUT",), False)],
        ),
        ('(request.verb = "GET") and (request.verb = "PUT")', [(None, (), True)]),
        ('request.path MatchesPath "/base/a"', [("/a", (), False)]),
        ('request.header.x = "1" and proxy.pathsuffix = "/a"', [("/a", (), True)]),
        ('proxy.pathsuffix JavaRegex "/a.*"', [(None, (), True)]),
        ("(broken", [(None, (), True)]),
        ("(" * 400 + "a" + ")" * 400, [(None, (), True)]),
    ],
)
def test_conditions_become_paths_and_methods_or_are_called_narrower(condition, ways):
    found = ways_of(parsed(condition), "/base")
    assert [(way.suffix, way.methods, way.narrowed) for way in found] == ways


def test_values_that_may_be_secrets_are_kept_nowhere():
    condition = 'proxy.pathsuffix MatchesPath "/a" and request.header.x = "hunter2" and request.verb = "GET"'
    found = routes_of(deployed(proxy_endpoint("/b", "", flow("F", condition)), {}))[0]
    assert found.path == "/b/a"
    assert '"/a"' in found.evidence["condition"]
    assert '"GET"' in found.evidence["condition"]
    assert "hunter2" not in repr(found)
    text = target_endpoint("<URL>https://me:hunter2@t.example/p?key=hunter2</URL>")
    target = opened(bundle("apiproxy", "p", {"targets/default": text}), "p").targets["default"]
    upstream = upstream_of("u", target, {})
    assert upstream.url == "https://t.example/p"
    assert "hunter2" not in repr(upstream)


def archive(name, text, attributes=0):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo(name)
        info.external_attr = attributes << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        made.writestr(info, text)
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        archive("apiproxy/policies/x.xml", "<a>"),
        archive("apiproxy/policies/x.xml", '<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>'),
        archive("apiproxy/policies/x.xml", "/etc/passwd", 0o120777),
        archive("apiproxy/policies/x.xml", b"<a>" + b" " * (bundles.MOST_OF_ONE + 1) + b"</a>"),
    ],
)
def test_a_bundle_that_is_broken_or_hostile_is_refused_in_words(content):
    with pytest.raises(VendorAnswerError) as caught:
        opened(content, "p")
    assert caught.value.what.endswith(".")


def test_what_is_no_xml_of_the_configuration_is_not_opened():
    assert opened(archive("apiproxy/resources/jsc/x.xml", "<a>"), "p") == bundles.Bundle()
