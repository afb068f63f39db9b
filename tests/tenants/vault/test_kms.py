"""AWS KMS as root key, against a KMS in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from joserfc.jwk import RSAKey

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.vault.aws.credentials import AwsIdentity
from tenants.vault.aws.kms import KmsRootKey
from tenants.vault.keys import DoesNotFit, RootKeyUnusable
from tenants.vault.models import DataKey
from tenants.vault.services import (
    KeysUnavailable,
    VaultError,
    destroy_installation_secret,
    forget_keys,
    keep_installation_secret,
    kept_installation_secret,
    seal,
    unseal,
)
from tests.clients import TenantClient
from tests.connectors.egress.servers import server
from tests.tenants.vault.kms import ENVIRON, Kms, running
from tests.tenants.vault.places import PLACE


@pytest.fixture(scope="module")
def shared_kms() -> Iterator[Kms]:
    """One KMS for the tests that leave it as it was."""
    with running() as kms:
        yield kms


@pytest.fixture
def kms(shared_kms: Kms) -> Kms:
    """A KMS in its usual state."""
    shared_kms.control(throttle=0)
    return shared_kms


@pytest.fixture
def rooted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`rooted(kms, arn, …)`: the deployment's root keys, from here to the end of the test."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)

    def use(kms: Kms, *arns: str) -> None:
        monkeypatch.setattr(settings, "ROOT_KEY", ",".join(f"aws-kms:{arn}" for arn in arns))
        monkeypatch.setattr(settings, "KMS_ENDPOINT", kms.url)
        forget_keys()

    yield use
    forget_keys()


def key(kms: Kms, arn: str) -> KmsRootKey:
    return KmsRootKey(arn, endpoint=kms.url, identity=AwsIdentity(ENVIRON))


def test_secrets_are_sealed_under_a_kms_key_that_is_told_the_tenant(
    kms: Kms, rooted: Callable[..., None], tenant: OrgInfo
) -> None:
    arn = kms.new_key()
    rooted(kms, arn)
    sealed = seal("s3cr3t", **PLACE)
    forget_keys()
    assert unseal(sealed, **PLACE) == "s3cr3t"
    assert set(DataKey.objects.values_list("root_key_id", flat=True)) == {f"aws-kms:{arn}"}
    contexts = [asked["context"] for asked in kms.control()["asked"] if asked["key"] == arn]
    assert contexts
    assert all(context == {"portcullis:tenant": tenant.schema_name} for context in contexts)


def test_what_was_wrapped_for_one_tenant_opens_for_no_other(kms: Kms) -> None:
    root = key(kms, kms.new_key())
    wrapped = root.wrap(b"k" * 32, "t_a")
    assert root.unwrap(wrapped.data, "t_a") == b"k" * 32
    with pytest.raises(DoesNotFit):
        root.unwrap(wrapped.data, "t_b")


@pytest.mark.asvs("8.4.1")
def test_a_data_key_moved_to_another_tenant_is_refused_by_kms(
    kms: Kms, rooted: Callable[..., None], acme: OrgInfo, globex: OrgInfo
) -> None:
    rooted(kms, kms.new_key())
    with tenant_context(acme.schema_name):
        sealed = seal("s3cr3t", **PLACE)
        stolen = list(DataKey.objects.all())
    with tenant_context(globex.schema_name):
        DataKey.objects.bulk_create(stolen)
        with pytest.raises(VaultError, match="No configured root key opens"):
            unseal(sealed, **PLACE)


def test_bytes_of_another_key_are_refused_although_we_may_use_that_key_too(kms: Kms) -> None:
    ours, other = key(kms, kms.new_key()), key(kms, kms.new_key())
    wrapped = other.wrap(b"k" * 32, "t_a")
    with pytest.raises((DoesNotFit, RootKeyUnusable)):
        ours.unwrap(wrapped.data, "t_a")


def test_a_key_that_is_switched_off_is_named_as_the_cause(
    kms: Kms, rooted: Callable[..., None], tenant: OrgInfo
) -> None:
    arn = kms.new_key()
    rooted(kms, arn)
    sealed = seal("s3cr3t", **PLACE)
    kms.admin().disable_key(KeyId=arn.rpartition("/")[2])
    forget_keys()
    with pytest.raises(
        KeysUnavailable, match=r"could be .*opened.* disabled in AWS KMS.*Enable it"
    ) as refused:
        unseal(sealed, **PLACE)
    assert refused.value.status == 503
    kms.admin().enable_key(KeyId=arn.rpartition("/")[2])
    assert unseal(sealed, **PLACE) == "s3cr3t"


def test_without_kms_nothing_new_opens_and_keys_in_memory_go_on(
    rooted: Callable[..., None], tenant: OrgInfo
) -> None:
    with running() as own:
        rooted(own, own.new_key())
        sealed = seal("s3cr3t", **PLACE)
        own.stop()
        assert unseal(sealed, **PLACE) == "s3cr3t"
        assert unseal(seal("later", **PLACE), **PLACE) == "later"
        forget_keys()
        with pytest.raises(KeysUnavailable, match=r"AWS KMS cannot be reached.*Nothing was changed"):
            unseal(sealed, **PLACE)


@pytest.mark.asvs("16.5.2", "16.5.3")
def test_a_request_that_needs_the_key_answers_503_and_changes_nothing(
    rooted: Callable[..., None], acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    with running() as own:
        rooted(own, own.new_key())
        client = owner_client(acme)
        own.stop()
        body = {"connector": "kong", "name": "k", "settings": {"admin_url": "https://kong.example.com"}}
        answer = client.post("/api/v1/connections", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "root-key-unavailable")
    assert client.get("/api/v1/connections").json()["data"] == []


def test_a_busy_kms_is_asked_again(kms: Kms, rooted: Callable[..., None], tenant: OrgInfo) -> None:
    rooted(kms, kms.new_key())
    kms.control(throttle=3)
    assert unseal(seal("s3cr3t", **PLACE), **PLACE) == "s3cr3t"


def test_a_kms_that_stays_busy_is_said_so(kms: Kms) -> None:
    root = key(kms, kms.new_key())
    kms.control(throttle=50)
    with pytest.raises(RootKeyUnusable, match="too many requests"):
        root.wrap(b"k" * 32, "t_a")


def test_a_stranger_to_aws_is_told_so(kms: Kms) -> None:
    stranger = AwsIdentity(
        {"PORTCULLIS_AWS_ACCESS_KEY_ID": "AKIASTRANGER", "PORTCULLIS_AWS_SECRET_ACCESS_KEY": "x"}
    )
    with pytest.raises(RootKeyUnusable, match="does not know the credentials"):
        KmsRootKey(kms.new_key(), endpoint=kms.url, identity=stranger).wrap(b"k" * 32, "t_a")


def test_without_credentials_the_variables_are_named(kms: Kms) -> None:
    with pytest.raises(RootKeyUnusable, match="PORTCULLIS_AWS_ACCESS_KEY_ID"):
        KmsRootKey(kms.new_key(), endpoint=kms.url, identity=AwsIdentity({})).wrap(b"k" * 32, "t_a")


def test_an_alias_is_named_by_the_key_behind_it(kms: Kms) -> None:
    arn = kms.new_key()
    kms.admin().create_alias(AliasName="alias/portcullis", TargetKeyId=arn)
    root = key(kms, arn.rpartition(":")[0] + ":alias/portcullis")
    assert root.key_id() == f"aws-kms:{arn}"
    assert root.unwrap(root.wrap(b"k" * 32, "t_a").data, "t_a") == b"k" * 32


@pytest.mark.parametrize(
    "arn", ["", "alias/x", "arn:aws:kms:eu-west-1:1:key/x", "arn:aws:s3:::x", "arn:aws:kms:e:1"]
)
def test_what_is_no_arn_of_a_key_is_refused_at_start(arn: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ARN"):
        KmsRootKey(arn)


def test_an_endpoint_without_tls_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="https"):
        KmsRootKey("arn:aws:kms:eu-west-1:123456789012:key/x", endpoint="http://kms.example.com")


def test_the_role_of_the_container_is_asked_with_its_token_and_again_before_it_expires(
    tmp_path: Path,
) -> None:
    asked = []
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def role(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Authorization"])
        body = {
            "AccessKeyId": f"ASIA{len(asked)}",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": (now + timedelta(hours=len(asked))).isoformat().replace("+00:00", "Z"),
        }
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps(body).encode())

    token = tmp_path / "token"
    token.write_text("pod-token\n")
    with server(role) as port:
        identity = AwsIdentity(
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
            }
        )
        times = (now, now + timedelta(minutes=54), now + timedelta(minutes=56))
        assert [identity.keys(at).access_key_id for at in times] == ["ASIA1", "ASIA1", "ASIA2"]
    assert asked == ["pod-token", "pod-token"]
    assert "ASIA2" in repr(identity.keys(now))
    assert "'s'" not in repr(identity.keys(now))


def test_credentials_are_not_fetched_from_just_anywhere() -> None:
    identity = AwsIdentity({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example.com/"})
    with pytest.raises(RootKeyUnusable, match="no role endpoint"):
        identity.keys()


def test_a_secret_as_long_as_a_signing_key_is_kept_under_kms(rooted, kms):
    rooted(kms, kms.new_key())
    secret = RSAKey.generate_key(3072).as_pem(private=True)
    try:
        keep_installation_secret("federation-test", secret)
        assert kept_installation_secret("federation-test") == secret
    finally:
        destroy_installation_secret("federation-test")
