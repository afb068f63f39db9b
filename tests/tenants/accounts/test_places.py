"""People are told by mail of a sign-in from a place none of their own sign-ins of 90 days came from."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.accounts.models import SignIn
from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import anonymous
from tests.database import PASSWORD
from tests.tenants.accounts.people import mails

ANALYST = "analyst@acme.test"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
CURL = "curl/8.5.0"


def sign_in(acme: OrgInfo, address: str, agent: str, password: str = PASSWORD, email: str = ANALYST) -> int:
    client = anonymous(acme)
    client.defaults |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    return client.post("/api/v1/session", {"email": email, "password": password}).status_code


@pytest.mark.asvs("6.3.5")
def test_a_sign_in_from_a_new_network_or_program_is_told_once(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    def told() -> int:
        run_jobs()
        return len(mails(ANALYST))

    home = ("198.51.100.7", FIREFOX.format(140))
    assert sign_in(acme, *home) == 201
    assert told() == 0, "there is nothing to compare the first one with"
    for address, agent in (home, ("198.51.100.99", home[1]), (home[0], FIREFOX.format(141))):
        assert sign_in(acme, address, agent) == 201
        assert told() == 0, "the same network, the same browser a version later"
    for number, (address, agent) in enumerate([("203.0.113.5", home[1]), (home[0], CURL)], start=1):
        assert sign_in(acme, address, agent) == 201
        assert told() == number
        assert f"from {address} with “{agent}”" in str(mails(ANALYST)[-1].body)
        assert sign_in(acme, address, agent) == 201
        assert told() == number, "once is enough"
    assert sign_in(acme, "192.0.2.77", CURL, password="wrong") == 403
    assert told() == 2, "whoever did not get in was in no place"
    assert sign_in(acme, "192.0.2.77", CURL) == 201
    assert told() == 3, "a try that failed makes no place known"
    assert sign_in(acme, "203.0.114.9", CURL, email="viewer@acme.test") == 201
    assert sign_in(acme, "203.0.114.9", CURL) == 201
    assert told() == 4, "where a colleague signs in from is no place of theirs"
    with no_tenant(), tenant_context(acme.schema_name):
        SignIn.objects.update(at=timezone.now() - timedelta(days=91))
    assert sign_in(acme, *home) == 201
    assert sign_in(acme, "203.0.113.5", home[1]) == 201
    assert told() == 5, "what is longer ago than 90 days is forgotten"


@pytest.mark.asvs("6.3.5")
def test_of_the_new_ip_the_network_is_what_a_site_has(acme: OrgInfo, run_jobs: Callable[..., int]) -> None:
    for address, count in (("2001:db8:1::1", 0), ("2001:db8:1:ff::2", 0), ("2001:db8:2::1", 1)):
        assert sign_in(acme, address, CURL) == 201
        run_jobs()
        assert len(mails(ANALYST)) == count, address
