"""Secrets at rest: bound to tenant and place, every change detected, rotation without loss."""

import base64
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.vault.keys import FileRootKey
from tenants.vault.models import DataKey
from tenants.vault.services import VaultError, keyed_hash, rotate_data_key, seal, unseal

PLACE = {"table": "connections_connection", "field": "settings", "row": "con_1"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(tenant: OrgInfo, text: str) -> None:
    assert unseal(seal(text, **PLACE), **PLACE) == text


def test_the_same_text_seals_differently_each_time(tenant: OrgInfo) -> None:
    assert seal("x", **PLACE) != seal("x", **PLACE)


@pytest.mark.parametrize("change", [{"table": "other"}, {"field": "other"}, {"row": "con_2"}])
def test_a_secret_moved_elsewhere_does_not_open(tenant: OrgInfo, change: dict[str, str]) -> None:
    sealed = seal("s3cr3t", **PLACE)
    with pytest.raises(VaultError):
        unseal(sealed, **(PLACE | change))


def test_a_secret_moved_to_another_tenant_does_not_open(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        sealed = seal("s3cr3t", **PLACE)
        stolen = DataKey.objects.get()
    with tenant_context(globex.schema_name):
        seal("makes a key", **PLACE)
        with pytest.raises(VaultError):
            unseal(sealed, **PLACE)
        DataKey.objects.all().delete()
        DataKey.objects.create(version=1, root_key_id=stolen.root_key_id, wrapped=bytes(stolen.wrapped))
        with pytest.raises(VaultError):
            unseal(sealed, **PLACE)


def test_every_flipped_bit_is_noticed(tenant: OrgInfo) -> None:
    kind, version, body = seal("s3cr3t", **PLACE).split(".")
    raw = base64.urlsafe_b64decode(body)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            unseal(f"{kind}.{version}.{base64.urlsafe_b64encode(changed).decode()}", **PLACE)


@pytest.mark.parametrize("text", ["", "pv1", "pv1.1", "pv1.x.AAAA", "pv1.9.AAAA", "pv2.1.AAAA", "pv1.1.!!"])
def test_what_is_not_sealed_does_not_open(tenant: OrgInfo, text: str) -> None:
    with pytest.raises(VaultError):
        unseal(text, **PLACE)


def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(tenant: OrgInfo) -> None:
    old = seal("old", **PLACE)
    assert rotate_data_key() == 2
    new = seal("new", **PLACE)
    assert (old.split(".")[1], new.split(".")[1]) == ("1", "2")
    assert (unseal(old, **PLACE), unseal(new, **PLACE)) == ("old", "new")


def test_keyed_hashes_are_stable_and_differ_by_tenant_and_purpose(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        first = keyed_hash("principal", "alice")
        rotate_data_key()
        assert keyed_hash("principal", "alice") == first
        assert keyed_hash("session", "alice") != first
    with tenant_context(globex.schema_name):
        assert keyed_hash("principal", "alice") != first


def test_the_root_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "vault" / "root.key"
    wrapped = FileRootKey(path).wrap(b"k" * 32, b"t")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert FileRootKey(path).unwrap(wrapped, b"t") == b"k" * 32
    with pytest.raises(ValueError, match="not wrapped"):
        FileRootKey(path).unwrap(wrapped, b"u")
