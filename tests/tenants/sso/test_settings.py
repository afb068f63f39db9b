"""Managing single sign-on over REST: providers, domains, the switch, groups, and the sessions they end."""

from collections.abc import Callable
from typing import Any

import pytest

from tenants.accounts.queries import find_user
from tenants.audit.models import Entry
from tenants.isolation.context import no_tenant, tenant_context
from tenants.jobs.models import JobFailure
from tenants.members.permissions import ALL
from tenants.members.queries import member_of_user, role_of_user
from tenants.members.services import change_role
from tenants.orgs.types import OrgInfo
from tenants.sso import services
from tenants.sso.jobs import refresh_descriptions
from tenants.sso.models import Provider
from tests import clients
from tests.clients import TenantClient
from tests.database import PASSWORD
from tests.tenants.sso.browser import CLIENT_ID, CLIENT_SECRET, Idp, began, problem_of, sign_in, signed_in_as
from tests.tenants.sso.conftest import RECORDS, connect
from tests.tenants.sso.saml_idp import SamlIdp

Inside = Callable[[], Any]
PROVIDERS, DOMAINS, POLICY = "/api/v1/sso/providers", "/api/v1/sso/domains", "/api/v1/sso/policy"


def user_id(org: OrgInfo, email: str) -> str:
    with no_tenant(), tenant_context(org.schema_name):
        found = find_user(email)
        assert found is not None
        return found.id


def added(client: TenantClient, idp: Idp, **changes: Any) -> Any:
    body = {
        "protocol": "oidc",
        "name": "Company login",
        "settings": {"issuer": idp.issuer, "client_id": CLIENT_ID},
        "client_secret": CLIENT_SECRET,
    }
    return client.post(PROVIDERS, body | changes)


def password_sign_in(org: OrgInfo, email: str) -> tuple[TenantClient, Any]:
    client = clients.anonymous(org)
    return client, client.post("/api/v1/session", {"email": email, "password": PASSWORD})


def test_from_nothing_to_required_sign_on_as_an_owner_does_it(
    acme: OrgInfo, idp: Idp, inside: Inside
) -> None:
    owner = clients.member(acme, "owner")
    made = added(owner, idp).json()
    assert made["secret_set"] is True
    assert made["addresses"]["callback"] == f"http://acme.localhost/sso/{made['id']}/callback"
    assert CLIENT_SECRET not in owner.get(PROVIDERS).content.decode()
    domain = owner.post(DOMAINS, {"name": "ACME.test."}).json()
    assert (domain["name"], domain["verified_at"]) == ("acme.test", None)
    missing = owner.post(f"{DOMAINS}/{domain['id']}/verify")
    assert (missing.status_code, missing.json()["code"]) == (409, "record-not-found")
    RECORDS[domain["record_name"]] = ["v=spf1 -all", domain["record_value"]]
    assert owner.post(f"{DOMAINS}/{domain['id']}/verify").json()["verified_at"]
    early = owner.patch(f"{PROVIDERS}/{made['id']}", {"enabled": True})
    assert (early.status_code, early.json()["code"]) == (409, "not-tested")
    nobody = owner.patch(POLICY, {"required": True, "break_glass": user_id(acme, "owner@acme.test")})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "no-provider-on")

    idp.order(redirects=[made["addresses"]["callback"]])
    assert sign_in(owner, idp, made["id"], test="1")["Location"] == f"/settings/sso?tested={made['id']}"
    tested = owner.get(f"{PROVIDERS}/{made['id']}").json()["tested"]
    assert (tested["ok"], tested["email"], tested["known"], tested["role"]) == (
        True,
        "ann@acme.test",
        False,
        "viewer",
    )
    assert signed_in_as(owner) == "owner@acme.test"
    with inside():
        assert find_user("ann@acme.test") is None

    assert owner.patch(f"{PROVIDERS}/{made['id']}", {"enabled": True}).json()["enabled"] is True
    no_way_back = owner.patch(POLICY, {"required": True})
    assert (no_way_back.status_code, no_way_back.json()["code"]) == (422, "no-break-glass")
    on = owner.patch(POLICY, {"required": True, "break_glass": user_id(acme, "owner@acme.test")})
    assert on.json()["required"] is True
    page = clients.anonymous(acme).get("/api/v1/sso/sign-in").json()
    assert page == {
        "required": True,
        "providers": [{"id": made["id"], "name": "Company login", "href": f"/sso/{made['id']}/start"}],
        "problem": None,
    }
    with inside():
        names = set(Entry.objects.values_list("action", flat=True))
        trail = "".join(str((entry.before, entry.after)) for entry in Entry.objects.all())
    steps = {"sso.provider.add", "sso.provider.on", "sso.domain.add", "sso.domain.verify", "sso.policy"}
    assert steps <= names
    assert CLIENT_SECRET not in trail


@pytest.mark.asvs("13.3.1")
def test_the_secret_is_sealed_where_it_is_stored(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    with inside():
        stored = Provider.objects.get(id=provider).client_secret
    assert stored.startswith("pv1.")
    assert CLIENT_SECRET not in stored


@pytest.mark.parametrize("role", ["admin", "responder", "analyst", "viewer", "billing"])
@pytest.mark.asvs("8.2.1")
def test_nobody_but_an_owner_appoints_an_identity_provider(
    role: str, acme: OrgInfo, idp: Idp, provider: str
) -> None:
    client = clients.member(acme, role)
    assert added(client, idp).status_code == 403
    assert client.get(PROVIDERS).status_code == 403
    assert client.patch(POLICY, {"required": False}).status_code == 403
    assert client.get(f"/sso/{provider}/start", {"test": "1"}).status_code == 403


def required(org: OrgInfo, break_glass: str = "owner@{slug}.test") -> None:
    with no_tenant(), tenant_context(org.schema_name):
        found = find_user(break_glass.format(slug=org.slug))
        assert found is not None
        services.change_policy(required=True, break_glass=found.id)


@pytest.mark.asvs("6.3.4")
def test_where_sign_on_is_required_a_password_opens_nothing_but_the_break_glass_owners_account(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    before = clients.member(acme, "analyst")
    assert signed_in_as(before) == "analyst@acme.test"
    required(acme)
    assert signed_in_as(before) == ""  # sessions that a password began end too
    client, answer = password_sign_in(acme, "analyst@acme.test")
    assert (answer.status_code, answer.json()["code"]) == (403, "sso-required")
    assert signed_in_as(client) == ""
    wrong = clients.anonymous(acme).post(
        "/api/v1/session", {"email": "analyst@acme.test", "password": "x" * 12}
    )
    assert wrong.json()["code"] == "wrong-credentials"
    client, answer = password_sign_in(acme, "owner@acme.test")
    assert (answer.status_code, signed_in_as(client)) == (201, "owner@acme.test")
    client = clients.anonymous(acme)
    sign_in(client, idp, provider)
    assert signed_in_as(client) == "ann@acme.test"


@pytest.mark.asvs("6.3.4")
def test_every_other_way_in_is_closed_too(acme: OrgInfo, idp: Idp, provider: str, inside: Inside) -> None:
    from tenants.accounts.services import issue_handoff

    required(acme)
    with inside():
        person = find_user("analyst@acme.test")
        assert person is not None
        handoff = issue_handoff(person.id)
    client = clients.anonymous(acme)
    answer = client.post("/api/v1/session/handoff", {"token": handoff})
    assert (answer.status_code, signed_in_as(client)) == (403, "")
    client = clients.anonymous(acme)
    body = {"email": "analyst@acme.test", "password": PASSWORD}
    answer = client.post("/_allauth/browser/v1/auth/login", body, format="json")
    assert (answer.status_code, signed_in_as(client)) == (404, "")


def test_one_tenants_requirement_is_not_anothers(
    acme: OrgInfo, globex: OrgInfo, idp: Idp, provider: str
) -> None:
    required(acme)
    _, answer = password_sign_in(globex, "analyst@globex.test")
    assert answer.status_code == 201


def test_a_second_owner_has_no_way_around_while_the_chosen_one_is_there_and_one_once_he_left(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    with inside():
        second = member_of_user(user_id(acme, "admin@acme.test"))
        assert second is not None
        change_role(second.id, "owner", ALL)
    required(acme)
    assert password_sign_in(acme, "admin@acme.test")[1].status_code == 403
    with inside():
        chosen = member_of_user(user_id(acme, "owner@acme.test"))
        assert chosen is not None
        change_role(chosen.id, "viewer", ALL)
    assert password_sign_in(acme, "owner@acme.test")[1].status_code == 403
    assert password_sign_in(acme, "admin@acme.test")[1].status_code == 201


def test_the_last_provider_stays_while_sign_on_is_required(acme: OrgInfo, idp: Idp, provider: str) -> None:
    required(acme)
    owner = clients.member(acme, "owner")
    for answer in (
        owner.patch(f"{PROVIDERS}/{provider}", {"enabled": False}),
        owner.delete(f"{PROVIDERS}/{provider}"),
        owner.patch(f"{PROVIDERS}/{provider}", {"settings": {"client_id": "another"}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last-provider")
    assert owner.patch(POLICY, {"required": False}).status_code == 200
    assert owner.delete(f"{PROVIDERS}/{provider}").status_code == 204


@pytest.mark.parametrize("end", ["off", "removed", "unlinked"])
@pytest.mark.asvs("7.6.1")
def test_sessions_a_provider_began_end_with_it(end: str, acme: OrgInfo, idp: Idp, provider: str) -> None:
    owner, client = clients.member(acme, "owner"), clients.anonymous(acme)
    sign_in(client, idp, provider)
    assert signed_in_as(client) == "ann@acme.test"
    if end == "off":
        owner.patch(f"{PROVIDERS}/{provider}", {"enabled": False})
    elif end == "removed":
        owner.delete(f"{PROVIDERS}/{provider}")
    else:
        link = owner.get("/api/v1/sso/links").json()["data"][0]
        assert owner.delete(f"/api/v1/sso/links/{link['id']}").status_code == 204
    assert signed_in_as(client) == ""


def test_a_changed_client_is_off_until_a_test_worked_again(acme: OrgInfo, idp: Idp, provider: str) -> None:
    owner = clients.member(acme, "owner")
    changed = owner.patch(f"{PROVIDERS}/{provider}", {"settings": {"client_id": "another"}}).json()
    assert (changed["enabled"], changed["tested"]) == (False, None)
    idp.order(redirects=[changed["addresses"]["callback"]])
    assert owner.patch(f"{PROVIDERS}/{provider}", {"enabled": True}).json()["code"] == "not-tested"


def test_a_wrong_secret_is_seen_in_the_test_and_named(acme: OrgInfo, idp: Idp, provider: str) -> None:
    owner = clients.member(acme, "owner")
    owner.patch(f"{PROVIDERS}/{provider}", {"client_secret": "wrong"})
    sign_in(owner, idp, provider, test="1")
    tested = owner.get(f"{PROVIDERS}/{provider}").json()["tested"]
    assert tested["ok"] is False
    assert "invalid_client" in tested["detail"]


@pytest.mark.asvs("10.5.3")
def test_another_issuer_is_another_provider(acme: OrgInfo, idp: Idp, provider: str) -> None:
    owner = clients.member(acme, "owner")
    answer = owner.patch(f"{PROVIDERS}/{provider}", {"settings": {"issuer": f"{idp.issuer}/"}})
    assert answer.status_code == 422
    saml = owner.post(
        PROVIDERS, {"protocol": "saml", "name": "S", "settings": {}, "metadata": SamlIdp().metadata()}
    )
    other = SamlIdp("https://other.test/entity").metadata()
    answer = owner.patch(f"{PROVIDERS}/{saml.json()['id']}", {"metadata": other})
    assert (answer.status_code, answer.json()["code"]) == (422, "other-provider")


UNREADABLE: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://login.evil.test"}, "calls itself"),
    "plain http inside": ({"jwks_uri": "http://10.0.0.1/keys"}, "https"),
    "no private-key signatures": (
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        "signs with none",
    ),
    "no code flow": ({"response_types_supported": ["id_token"]}, "code flow"),
    "no PKCE": ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
}


@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.asvs("9.1.2", "10.5.3")
def test_a_provider_is_not_saved_with(what: str, acme: OrgInfo, idp: Idp) -> None:
    configuration, reason = UNREADABLE[what]
    idp.order(configuration=configuration)
    answer = added(clients.member(acme, "owner"), idp)
    assert answer.status_code == 422
    assert reason in str(answer.json()["errors"])
    assert clients.member(acme, "owner").get(PROVIDERS).json()["data"] == []


@pytest.mark.parametrize(
    "issuer",
    ["http://127.0.0.1:9", "https://127.0.0.1:9", "https://169.254.169.254", "https://localhost", "https://[::1]",
     "file:///etc/passwd", "https://user@example.com", "gopher://x.example.com"],
)  # fmt: skip
@pytest.mark.asvs("1.3.6")
def test_no_address_leads_inside(issuer: str, acme: OrgInfo, idp: Idp) -> None:
    owner = clients.member(acme, "owner")
    assert added(owner, idp, settings={"issuer": issuer, "client_id": "x"}).status_code == 422
    by_metadata = {"protocol": "saml", "name": "S", "settings": {"metadata_url": issuer}}
    assert owner.post(PROVIDERS, by_metadata).status_code == 422


@pytest.mark.parametrize("text", ["", "<a/>", "no xml", "<!DOCTYPE x><a/>"])
@pytest.mark.asvs("1.5.1")
def test_what_is_no_metadata_is_refused_with_the_reason(text: str, acme: OrgInfo, idp: Idp) -> None:
    body = {"protocol": "saml", "name": "S", "settings": {}, "metadata": text}
    answer = clients.member(acme, "owner").post(PROVIDERS, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/metadata"


@pytest.mark.parametrize(
    "name", ["", "acme", "*.acme.test", "acme..test", "-acme.test", "127.0.0.1", "a b.test"]
)
@pytest.mark.asvs("2.2.1")
def test_what_is_no_domain_is_refused(name: str, acme: OrgInfo) -> None:
    assert clients.member(acme, "owner").post(DOMAINS, {"name": name}).status_code in (400, 422)


@pytest.mark.asvs("8.4.1")
def test_the_record_of_one_tenant_proves_nothing_for_another(
    acme: OrgInfo, globex: OrgInfo, idp: Idp
) -> None:
    ours = clients.member(acme, "owner").post(DOMAINS, {"name": "shared.test"}).json()
    theirs = clients.member(globex, "owner").post(DOMAINS, {"name": "shared.test"}).json()
    RECORDS[ours["record_name"]] = [ours["record_value"]]
    assert clients.member(globex, "owner").post(f"{DOMAINS}/{theirs['id']}/verify").status_code == 409
    assert clients.member(acme, "owner").post(f"{DOMAINS}/{ours['id']}/verify").status_code == 200


def test_a_removed_domain_closes_the_door_also_for_known_people(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == ""
    owner = clients.member(acme, "owner")
    domain = owner.get(DOMAINS).json()["data"][0]
    assert owner.delete(f"{DOMAINS}/{domain['id']}").status_code == 204
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == "sso-domain"


RULES = [{"group": "Security Admins", "role": "admin"}, {"group": "soc", "role": "responder"}]


def come(org: OrgInfo, idp: Idp, provider: str, *groups: str, email: str = "ann@acme.test") -> None:
    person = {"sub": f"of {email}", "email": email, "groups": list(groups)}
    idp.order(person=person, redirects=[f"http://acme.localhost/sso/{provider}/callback"])
    assert problem_of(sign_in(clients.anonymous(org), idp, provider)) == ""


def test_groups_make_the_role_at_each_sign_in_the_first_rule_that_fits_decides(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    assert (
        clients.member(acme, "owner").patch(POLICY, {"rules": RULES, "default_role": "analyst"}).status_code
        == 200
    )
    for groups, role in (
        (["SOC", "security admins"], "admin"),
        (["soc"], "responder"),
        (["other"], "analyst"),
    ):
        come(acme, idp, provider, *groups)
        with inside():
            assert role_of_user(user_id(acme, "ann@acme.test")) == role


@pytest.mark.asvs("8.3.2")
def test_new_rules_count_for_everyone_at_once(acme: OrgInfo, idp: Idp, provider: str, inside: Inside) -> None:
    come(acme, idp, provider, "soc")
    clients.member(acme, "owner").patch(POLICY, {"rules": RULES})
    with inside():
        assert role_of_user(user_id(acme, "ann@acme.test")) == "responder"


def test_no_group_makes_or_unmakes_an_owner(acme: OrgInfo, idp: Idp, provider: str, inside: Inside) -> None:
    owner = clients.member(acme, "owner")
    assert owner.patch(POLICY, {"rules": [{"group": "x", "role": "owner"}]}).status_code == 422
    assert owner.patch(POLICY, {"default_role": "owner"}).status_code == 422
    owner.patch(POLICY, {"rules": RULES})
    come(acme, idp, provider, "soc", email="owner@acme.test")
    with inside():
        assert role_of_user(user_id(acme, "owner@acme.test")) == "owner"


def test_the_daily_look_reads_new_keys_and_shows_what_failed(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    with inside():
        Provider.objects.filter(id=provider).update(discovered_at="2020-01-01T00:00:00Z")
        keys = Provider.objects.get(id=provider).discovered["keys"]
        idp.order(rotate=True)
        refresh_descriptions()
        assert Provider.objects.get(id=provider).discovered["keys"] != keys
        Provider.objects.filter(id=provider).update(discovered_at="2020-01-01T00:00:00Z")
        idp.order(configuration={"issuer": "https://login.evil.test"})
        refresh_descriptions()
        problem = Provider.objects.get(id=provider).problem
        assert problem is not None
        assert "calls itself" in problem["detail"]
        assert not JobFailure.objects.exists()


def test_a_test_sign_in_belongs_to_the_owner_who_began_it(acme: OrgInfo, idp: Idp, provider: str) -> None:
    owner = clients.member(acme, "owner")
    back = idp.authorize(began(owner, provider, test="1"))
    owner.delete("/api/v1/session")
    owner.get(back)
    assert signed_in_as(owner) == ""
    again = clients.member(acme, "owner")
    assert again.get(f"{PROVIDERS}/{provider}").json()["tested"]["ok"] is False


@pytest.mark.asvs("1.2.1")
def test_the_sign_in_page_knows_every_problem_and_repeats_nothing_else(acme: OrgInfo) -> None:
    page = clients.anonymous(acme)
    assert "verified" in page.get("/api/v1/sso/sign-in", {"problem": "sso-domain"}).json()["problem"]
    assert page.get("/api/v1/sso/sign-in", {"problem": "<script>"}).json()["problem"] is None


def test_two_tenants_may_use_the_same_provider(
    acme: OrgInfo, globex: OrgInfo, idp: Idp, provider: str
) -> None:
    theirs = connect(globex, idp, "acme.test", redirects=(f"http://acme.localhost/sso/{provider}/callback",))
    here, there = clients.anonymous(acme), clients.anonymous(globex)
    sign_in(here, idp, provider)
    sign_in(there, idp, theirs)
    assert (signed_in_as(here), signed_in_as(there)) == ("ann@acme.test", "ann@acme.test")
    assert user_id(acme, "ann@acme.test") != user_id(globex, "ann@acme.test")
