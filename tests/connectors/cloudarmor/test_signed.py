"""A push without our token is only believed when Google signed it for this account and this address."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey

from connectors.cloudarmor.signed import believed
from connectors.egress import Egress
from connectors.testkit.running import local_egress
from tests.connectors.cloudarmor.google import ACCOUNT, Google, running_google

NOW = 1_790_553_612.0
HERE = "https://acme.portcullis.example/api/v1/ingest/con_1"


@pytest.fixture
def google() -> Iterator[Google]:
    with running_google() as google:
        yield google


@pytest.fixture
def egress(google: Google) -> Egress:
    return local_egress(google.port)


def _encoded(header: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


def believes(google: Google, egress: Egress, token: str, now: float = NOW, account: str = ACCOUNT) -> bool:
    return believed(token, account, HERE, google.url, egress, now)


@pytest.mark.asvs("9.1.1")
def test_a_token_of_google_is_believed_and_its_keys_are_asked_for_once(google, egress):
    assert all(believes(google, egress, google.token(HERE, NOW), NOW + wait) for wait in (0, 10, 3000))
    assert google.asked == 1


@pytest.mark.asvs("9.2.1", "9.2.3")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://globex.portcullis.example/api/v1/ingest/con_1"},
        {"aud": [HERE]},
        {"aud": None},
        {"iss": "https://accounts.example"},
        {"email": "other@acme.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": int(NOW) - 61},
        {"exp": int(NOW) - 61, "iat": int(NOW) - 3000},
        {"exp": None},
        {"exp": float("inf")},
        {"exp": "9999999999"},
        {"iat": int(NOW) + 120},
        {"iat": int(NOW) - 7200},
        {"iat": None},
    ],
)
def test_a_token_for_another_address_account_or_time_is_not(google, egress, claims):
    assert not believes(google, egress, google.token(HERE, NOW, **claims))


@pytest.mark.asvs("9.1.2", "9.1.3")
def test_a_foreign_key_and_a_foreign_algorithm_are_not(google, egress):
    foreign = RSAKey.generate_key(2048, {"kid": "first"})
    assert not believes(google, egress, google.token(HERE, NOW, key=foreign))
    embedded = {"jwk": foreign.as_dict(private=False), "jku": "http://127.0.0.1/keys"}
    assert not believes(google, egress, google.token(HERE, NOW, key=foreign, header=embedded))
    head, claims, signature = google.token(HERE, NOW).split(".")
    symmetric = _encoded({"alg": "HS256", "kid": "first"})
    made = hmac.digest(google.keys[0].as_pem(private=False), f"{symmetric}.{claims}".encode(), "sha256")
    signed = base64.urlsafe_b64encode(made).decode().rstrip("=")
    assert not believes(google, egress, f"{symmetric}.{claims}.{signed}")
    for name in ("none", "None", "HS256", "RS512"):
        other = _encoded({"alg": name, "kid": "first"})
        assert not believes(google, egress, f"{other}.{claims}.")
        assert not believes(google, egress, f"{other}.{claims}.{signature}")
    assert not believes(google, egress, f"{head}.{claims[:-2]}AA.{signature}")
    assert believes(google, egress, f"{head}.{claims}.{signature}")


@pytest.mark.parametrize("token", ["", "..", "a.b.c", "e30.e30.e30", "\u00e9.b.c", "e30." * 5000])
def test_what_is_no_token_is_not_and_asks_nobody(google, egress, token):
    assert not believes(google, egress, token)
    assert google.asked == 0


def test_no_account_in_the_settings_believes_nobody(google, egress):
    assert not believes(google, egress, google.token(HERE, NOW, email=""), account="")


@pytest.mark.asvs("9.1.3")
def test_new_keys_are_found_and_old_ones_forgotten(google, egress):
    old = google.token(HERE, NOW)
    assert believes(google, egress, old)
    google.rotate("second")
    google.keys.pop()
    new = google.token(HERE, NOW)
    assert not believes(google, egress, new, NOW + 30)  # asked a moment ago
    assert believes(google, egress, new, NOW + 61)
    assert not believes(google, egress, old, NOW + 62)


@pytest.mark.asvs("15.2.2")
def test_unknown_keys_make_us_ask_no_more_than_once_a_minute(google, egress):
    assert believes(google, egress, google.token(HERE, NOW))
    foreign = RSAKey.generate_key(2048, {"kid": "other"})
    for number in range(20):
        assert not believes(
            google, egress, google.token(HERE, NOW, key=foreign, header={"kid": f"k{number}"})
        )
    assert google.asked == 1


def test_known_keys_are_used_while_google_cannot_be_reached_and_nobody_is_believed_without(google, egress):
    google.down = True
    assert not believes(google, egress, google.token(HERE, NOW))
    google.down = False
    assert believes(google, egress, google.token(HERE, NOW), NOW + 61)
    google.down = True
    assert believes(
        google, egress, google.token(HERE, NOW, exp=int(NOW) + 9000, iat=int(NOW) + 3500), NOW + 4000
    )


def test_short_keys_and_secrets_in_the_set_are_not_used(google, egress):
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024, {"kid": "first", "use": "sig"})
    token = google.token(HERE, NOW, key=short)
    google.keys = [short, OctKey.import_key("s" * 400, {"kid": "secret"})]
    assert not believes(google, egress, token)
