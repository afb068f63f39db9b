"""The client's address: what a proxy of ours says counts, what anybody else writes does not."""

import ipaddress

import pytest
from django.http import HttpRequest
from django.test.utils import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tenants.client_address import address_within, client_address
from tenants.orgs.types import OrgInfo
from tests.clients import anonymous, member

PROXIES = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]


def request(remote: str, forwarded: str | None = None) -> HttpRequest:
    made = HttpRequest()
    made.META["REMOTE_ADDR"] = remote
    if forwarded is not None:
        made.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return made


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize("forwarded", ["203.0.113.9", "10.0.0.1", "127.0.0.1, 203.0.113.9", "x", ""])
def test_without_proxies_of_ours_the_header_is_not_read(forwarded: str) -> None:
    with override_settings(TRUSTED_PROXIES=[]):
        assert client_address(request("198.51.100.1", forwarded)) == "198.51.100.1"
    with override_settings(TRUSTED_PROXIES=PROXIES):
        assert client_address(request("198.51.100.1", forwarded)) == "198.51.100.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),  # what the client wrote stands first
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),  # two proxies of ours
        ("6.6.6.6, 203.0.113.9, 10.1.2.3, 192.0.2.7", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8:1::5]:443, 2606:4700::1", "2606:4700::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("evil, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, evil", "10.0.0.5"),  # a proxy of ours writes no nonsense: believe none of it
        ("", "10.0.0.5"),
        ("10.1.1.1", "10.1.1.1"),  # a client inside
    ],
)
@pytest.mark.asvs("4.1.3")
def test_proxies_of_ours_are_believed_from_the_end_of_the_header(forwarded: str, client: str) -> None:
    with override_settings(TRUSTED_PROXIES=PROXIES):
        assert client_address(request("10.0.0.5", forwarded)) == client


@given(st.text(max_size=60), st.text(max_size=20))
def test_nobody_outside_decides_who_they_are(said: str, remote: str) -> None:
    """With the client's own address at the end, as our proxy writes it, nothing before it matters."""
    with override_settings(TRUSTED_PROXIES=PROXIES):
        assert client_address(request("10.0.0.5", f"{said},203.0.113.9")) == "203.0.113.9"
        untrusted = client_address(request(remote, "203.0.113.9"))
        try:
            inside = address_within(str(ipaddress.ip_address(remote)), PROXIES)
        except ValueError:
            inside = False
        assert inside or untrusted == remote


@pytest.mark.asvs("15.3.4")
def test_a_made_up_header_gives_nobody_more_tries(acme: OrgInfo) -> None:
    client = anonymous(acme)
    for number in range(5):
        client.post(
            "/api/v1/session",
            {"email": "owner@acme.test", "password": "x"},
            HTTP_X_FORWARDED_FOR=f"203.0.113.{number}",
        )
    answer = client.post(
        "/api/v1/session",
        {"email": "owner@acme.test", "password": "x"},
        HTTP_X_FORWARDED_FOR="203.0.113.99",
    )
    assert answer.status_code == 429
    listed = member(acme, "owner").get("/api/v1/sign-ins?outcome=wrong-password").json()["data"]
    assert {row["address"] for row in listed} == {"127.0.0.1"}
