"""Secrets at rest: bound to tenant and place, every change detected; keyed hashes stay what they are."""

import base64
import hashlib
import hmac
import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.vault.checks import check_root_key
from tenants.vault.datakeys import data_key
from tenants.vault.keys import DoesNotFit, FileRootKey
from tenants.vault.models import DataKey
from tenants.vault.rotation import destroy_retired, reseal, rotate_data
from tenants.vault.services import VaultError, forget_keys, keyed_hash, seal, unseal
from tests.tenants.vault.places import LATER, PLACE, PLACES


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(tenant: OrgInfo, text: str) -> None:
    assert unseal(seal(text, **PLACE), **PLACE) == text


@pytest.mark.asvs("11.3.4")
def test_no_nonce_comes_twice_in_a_hundred_thousand_seals(tenant: OrgInfo) -> None:
    from tenants.vault import sealed
    from tenants.vault.datakeys import newest

    version, key = newest()
    made = (sealed.encrypt("x", version, key, b"") for _ in range(100_000))
    assert len({base64.urlsafe_b64decode(text.split(".")[2])[:12] for text in made}) == 100_000
    assert seal("x", **PLACE) != seal("x", **PLACE)


@pytest.mark.parametrize("change", [{"table": "alerts_destination"}, {"field": "sealed"}, {"row": "con_2"}])
def test_a_secret_moved_elsewhere_does_not_open(tenant: OrgInfo, change: dict[str, str]) -> None:
    sealed = seal("s3cr3t", **PLACE)
    with pytest.raises(VaultError):
        unseal(sealed, **(PLACE | change))


def test_parts_of_a_place_do_not_run_into_each_other(tenant: OrgInfo) -> None:
    sealed = seal("s3cr3t", table=PLACE["table"], field="secrets", row="1x")
    with pytest.raises(VaultError):
        unseal(sealed, table=PLACE["table"], field="secrets1", row="x")


@pytest.mark.asvs("11.3.3")
def test_of_all_pairs_of_places_a_secret_opens_at_its_own_only(tenant: OrgInfo) -> None:
    sealed = {place: seal(f"of {place}", table=place[0], field=place[1], row=place[2]) for place in PLACES}
    for place in PLACES:
        for other, text in sealed.items():
            if place == other:
                assert unseal(text, table=place[0], field=place[1], row=place[2]) == f"of {place}"
                continue
            with pytest.raises(VaultError):
                unseal(text, table=place[0], field=place[1], row=place[2])


@pytest.mark.asvs("8.4.1")
def test_a_secret_moved_to_another_tenant_does_not_open(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        sealed = seal("s3cr3t", **PLACE)
        stolen = list(DataKey.objects.all())
    with tenant_context(globex.schema_name):
        seal("makes a key", **PLACE)
        with pytest.raises(VaultError):
            unseal(sealed, **PLACE)
        DataKey.objects.all().delete()
        DataKey.objects.bulk_create(stolen)
        with pytest.raises(VaultError):
            unseal(sealed, **PLACE)


@pytest.mark.asvs("11.3.3")
def test_every_flipped_bit_of_the_bytes_is_noticed(tenant: OrgInfo) -> None:
    kind, version, body = seal("s3cr3t", **PLACE).split(".")
    raw = base64.urlsafe_b64decode(body)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            unseal(f"{kind}.{version}.{base64.urlsafe_b64encode(changed).decode()}", **PLACE)


@pytest.mark.parametrize("length", range(4))
def test_every_flipped_bit_of_the_text_is_noticed_the_unused_ones_of_base_64_too(
    tenant: OrgInfo, length: int
) -> None:
    rotate_data()
    text = seal("x" * length, **PLACE)
    for at, letter in enumerate(text):
        for bit in range(8):
            changed = text[:at] + chr(ord(letter) ^ 1 << bit) + text[at + 1 :]
            with pytest.raises(VaultError):
                unseal(changed, **PLACE)


@pytest.mark.parametrize(
    "text",
    ["", "pv1", "pv1.1", "pv1.x.AAAA", "pv1.9.AAAA", "pv2.1.AAAA", "pv1.1.!!", "pv1.1.", "pv1.-1.AAAA", "pv1.1.A.A",
     "pv1.99999999999999999999.AAAA", "pv1.\u0661.AAAA"],
)  # fmt: skip
def test_what_is_not_sealed_does_not_open(tenant: OrgInfo, text: str) -> None:
    with pytest.raises(VaultError):
        unseal(text, **PLACE)


def test_one_value_has_one_spelling(tenant: OrgInfo) -> None:
    sealed = seal("s3cr3t", **PLACE)
    _, version, body = sealed.split(".")
    for other in (
        f"pv1.0{version}.{body}",
        f"pv1.+{version}.{body}",
        f" {sealed}",
        f"{sealed}\n",
        f"{sealed}==",
    ):
        with pytest.raises(VaultError):
            unseal(other, **PLACE)


def test_a_value_relabelled_with_another_key_version_does_not_open(tenant: OrgInfo) -> None:
    first = seal("s3cr3t", **PLACE)
    rotate_data()
    second = seal("s3cr3t", **PLACE)
    for text, version in ((first, 2), (second, 1), (first, 0)):
        with pytest.raises(VaultError):
            unseal(f"pv1.{version}.{text.split('.')[2]}", **PLACE)


def test_data_keys_exchanged_in_the_table_open_nothing(tenant: OrgInfo) -> None:
    first = seal("s3cr3t", **PLACE)
    rotate_data()
    one, two = DataKey.objects.get(version=1), DataKey.objects.get(version=2)
    DataKey.objects.filter(version=1).update(wrapped=two.wrapped)
    DataKey.objects.filter(version=2).update(wrapped=one.wrapped)
    with pytest.raises(VaultError):
        unseal(first, **PLACE)


def test_a_value_relabelled_does_not_open_even_when_both_versions_hold_the_same_key(tenant: OrgInfo) -> None:
    sealed = seal("s3cr3t", **PLACE)
    one = DataKey.objects.get(version=1)
    DataKey.objects.create(version=2, root_key_id=one.root_key_id, wrapped=one.wrapped)
    with pytest.raises(VaultError):
        unseal(f"pv1.2.{sealed.split('.')[2]}", **PLACE)


def test_a_place_that_rotation_would_not_find_is_refused(tenant: OrgInfo) -> None:
    with pytest.raises(LookupError, match="SealedTextField"):
        seal("s3cr3t", table="connections_connection", field="settings", row="con_1")


@pytest.mark.asvs("11.2.5", "16.5.1")
def test_the_error_says_where_and_what_to_do_and_nothing_of_the_value(tenant: OrgInfo) -> None:
    seal("makes a key", **PLACE)
    with pytest.raises(VaultError) as refused:
        unseal("pv1.1.SECRETSECRET", **PLACE)
    assert str(refused.value) == (
        "The secret in connections_connection.secrets of con_1 cannot be opened. Nothing was changed. "
        "Enter the secret again."
    )
    assert refused.value.status == 409
    assert refused.value.__cause__ is None


@pytest.mark.asvs("11.2.2")
def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(tenant: OrgInfo) -> None:
    old = seal("old", **PLACE)
    assert rotate_data() == 2
    new = seal("new", **PLACE)
    assert (old.split(".")[1], new.split(".")[1]) == ("1", "2")
    assert (unseal(old, **PLACE), unseal(new, **PLACE)) == ("old", "new")


def test_keyed_hashes_are_stable_and_differ_by_tenant_and_purpose(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        first = keyed_hash("principal", "alice")
        rotate_data()
        reseal()
        assert destroy_retired(LATER) == [1]
        forget_keys()
        assert keyed_hash("principal", "alice") == first
        assert keyed_hash("session", "alice") != first
    with tenant_context(globex.schema_name):
        assert keyed_hash("principal", "alice") != first


def test_keyed_hashes_of_the_release_before_stay_what_they_were(tenant: OrgInfo) -> None:
    seal("makes keys", **PLACE)
    DataKey.objects.filter(version=0).delete()  # that release hashed with its first data key
    forget_keys()
    purpose_key = hmac.digest(data_key(1), b"keyed-hash:principal", "sha256")
    before = hmac.new(purpose_key, b"alice", hashlib.sha256).hexdigest()[:32]
    assert keyed_hash("principal", "alice") == before
    rotate_data()
    assert destroy_retired(LATER) == [1]
    forget_keys()
    assert keyed_hash("principal", "alice") == before


@pytest.mark.asvs("13.3.2")
def test_the_root_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "vault" / "root.key"
    wrapped = FileRootKey(path, make=True).wrap(b"k" * 32, "t")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["root.key"]
    assert FileRootKey(path, make=True).unwrap(wrapped.data, "t") == b"k" * 32
    with pytest.raises(DoesNotFit):
        FileRootKey(path).unwrap(wrapped.data, "u")


@pytest.mark.asvs("13.3.1")
@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("file:{folder}/mistyped.key", "cannot be read"),
        ("file:{folder}/short.key", "32 bytes"),
        ("aws-kms:alias/x", "needs the ARN"),
        ("vault:x", "neither file:<path> nor aws-kms:<key ARN>"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_at_start_and_makes_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, problem: str
) -> None:
    (tmp_path / "short.key").write_text("AAAA")
    monkeypatch.setattr(django_settings, "ROOT_KEY", setting.format(folder=tmp_path))
    assert [problem in str(error.msg) for error in check_root_key()] == [True]
    assert [file.name for file in tmp_path.iterdir()] == ["short.key"]
    with pytest.raises(ImproperlyConfigured):
        FileRootKey(tmp_path / "mistyped.key")
