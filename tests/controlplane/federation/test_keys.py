"""The life of signing keys: announced, in use, kept until the last token is over, destroyed."""

from __future__ import annotations

import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from joserfc import jwt
from joserfc.jwk import RSAKey

from controlplane.federation import keys
from tenants.folders import alone
from tenants.vault.installation import outdated_installation_secrets, rewrap_installation_secrets
from tenants.vault.services import VaultError, kept_installation_secret
from tests.controlplane.federation.reading import verifies

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def signed(now: datetime) -> str:
    key, private = keys.signing(now)
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {"at": now.isoformat()}, private)


def believed(token: str, now: datetime) -> bool:
    return verifies(token, [key.jwk() for key in keys.published(now)])


def kids(now: datetime) -> list[str]:
    return [key.kid for key in keys.published(now)]


def secrets_of_keys() -> set[str]:
    return {
        file.stem.removeprefix("federation-")
        for file in (Path(settings.DATA_DIR) / "vault").glob("federation-*")
    }


def test_the_first_use_makes_the_one_key_that_all_share():
    with ThreadPoolExecutor(6) as pool:
        used = {key.kid for key, _ in pool.map(lambda _: keys.signing(NOW), range(12))}
    assert len(used) == 1
    assert kids(NOW) == list(used)


@pytest.mark.asvs("11.2.2", "13.3.4")
def test_rotation_announces_a_key_before_it_signs_and_keeps_the_old_until_its_tokens_are_over():
    old = keys.signing(NOW)[0].kid
    new = keys.rotate(NOW).kid
    assert kids(NOW) == [old, new]
    last = signed(NOW + keys.ANNOUNCED - MINUTE)
    first = signed(NOW + keys.ANNOUNCED)
    assert [believed(token, NOW + keys.ANNOUNCED + 10 * MINUTE) for token in (last, first)] == [True, True]
    assert not verifies(last, [key.jwk() for key in keys.held() if key.kid == new])
    over = NOW + keys.ANNOUNCED + keys.KEPT
    assert kids(over) == [new]
    assert believed(first, over)
    assert not believed(last, over)


def test_a_key_is_destroyed_once_its_tokens_are_over_and_not_before():
    old = keys.signing(NOW)[0].kid
    new = keys.rotate(NOW).kid
    keys.keep_fresh(NOW + keys.ANNOUNCED + keys.KEPT - MINUTE)
    assert secrets_of_keys() == {old, new}
    keys.keep_fresh(NOW + keys.ANNOUNCED + keys.KEPT)
    assert secrets_of_keys() == {new} == set(kids(NOW))


@pytest.mark.asvs("11.1.1", "13.3.4")
def test_an_old_key_is_replaced_by_itself_and_once():
    keys.keep_fresh(NOW)
    assert kids(NOW) == [], "there is none before the first use"
    old = keys.signing(NOW)[0].kid
    keys.keep_fresh(NOW + keys.OLD - DAY)
    assert kids(NOW) == [old]
    for _ in range(3):
        keys.keep_fresh(NOW + keys.OLD)
    assert len(kids(NOW + keys.OLD)) == 2
    assert keys.signing(NOW + keys.OLD)[0].kid == old
    assert keys.signing(NOW + keys.OLD + keys.ANNOUNCED)[0].kid != old


def test_a_compromised_key_is_gone_at_once_and_its_tokens_with_it():
    stolen = signed(NOW)
    keys.rotate(NOW)
    new = keys.rotate(NOW + MINUTE, compromised=True).kid
    assert kids(NOW + MINUTE) == [new]
    assert secrets_of_keys() == {new}
    assert not believed(stolen, NOW + MINUTE)
    assert believed(signed(NOW + MINUTE), NOW + MINUTE)


def test_a_clock_that_went_back_still_has_a_key():
    used = keys.signing(NOW)[0].kid
    assert keys.signing(NOW - DAY)[0].kid == used


@pytest.mark.asvs("13.3.1", "13.3.2")
def test_no_file_holds_a_private_part_in_clear():
    key, private = keys.signing(NOW)
    parts = private.as_dict(private=True)
    sought = [b"PRIVATE KEY", *(str(parts[name]).encode() for name in ("d", "p", "q", "dp", "dq", "qi"))]
    raw = base64.urlsafe_b64decode(str(parts["d"]) + "==")
    sought += [raw, base64.b64encode(raw)[:64]]
    files = [file for file in Path(settings.DATA_DIR).rglob("*") if file.is_file() and key.kid in file.name]
    assert len(files) == 2, "a public file and a sealed one"
    for file in files:
        content = file.read_bytes()
        assert not [part for part in sought if part in content], file.name
        assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0


def test_a_sealed_key_put_in_anothers_place_does_not_open():
    first = keys.signing(NOW)[0].kid
    second = keys.rotate(NOW).kid
    vault = Path(settings.DATA_DIR) / "vault"
    (vault / f"federation-{second}.json").write_bytes((vault / f"federation-{first}.json").read_bytes())
    with pytest.raises(VaultError):
        kept_installation_secret(f"federation-{second}")


def test_the_root_key_is_replaced_under_signing_keys_as_under_others(monkeypatch, tmp_path):
    token = signed(NOW)
    new = tmp_path / "new.key"
    new.write_text(base64.b64encode(b"n" * 32).decode())
    own = f"file:{Path(settings.DATA_DIR) / 'vault' / 'root.key'}"
    try:
        monkeypatch.setattr(settings, "ROOT_KEY", f"file:{new},{own}")
        assert outdated_installation_secrets() >= 1
        rewrap_installation_secrets()
        monkeypatch.setattr(settings, "ROOT_KEY", f"file:{new}")
        assert believed(signed(NOW), NOW)
        assert believed(token, NOW)
    finally:
        monkeypatch.setattr(settings, "ROOT_KEY", f"{own},file:{new}")
        rewrap_installation_secrets()


def test_without_the_root_key_nothing_is_signed_and_keys_are_still_published(monkeypatch, tmp_path):
    key = keys.rotate(NOW)
    other = tmp_path / "other.key"
    other.write_text(base64.b64encode(b"o" * 32).decode())
    monkeypatch.setattr(settings, "ROOT_KEY", f"file:{other}")
    with pytest.raises(VaultError):
        keys.signing(NOW)
    assert kids(NOW) == [key.kid]


@pytest.mark.asvs("11.1.1")
def test_the_command_shows_and_replaces_keys_and_no_private_part():
    private: RSAKey = keys.signing(datetime.now(UTC))[1]
    out = io.StringIO()
    call_command("federation", "rotate", stdout=out)
    call_command("federation", "status", stdout=out)
    said = out.getvalue()
    assert said.count("announced") == 2
    assert str(settings.ISSUER) in said
    assert "PRIVATE" not in said
    assert str(private.as_dict(private=True)["d"])[:24] not in said


@pytest.mark.parametrize("content", ["", "{", "[]", '{"kid": "x"}', '{"kid": "x", "signs_from": "soon"}'])
def test_a_public_file_that_a_crash_left_broken_stops_nobody(content, caplog):
    good = keys.signing(NOW)[0].kid
    folder = Path(settings.DATA_DIR) / "federation"
    (folder / "broken.json").write_text(content)
    assert believed(signed(NOW), NOW)
    assert kids(NOW) == [good]
    keys.keep_fresh(NOW)
    assert kids(NOW) == [good]
    assert "broken.json" in caplog.text


def test_when_the_only_public_file_is_broken_another_key_signs():
    broken = keys.signing(NOW)[0].kid
    (Path(settings.DATA_DIR) / "federation" / f"{broken}.json").write_text("")
    assert believed(signed(NOW), NOW)
    assert broken not in kids(NOW)


@pytest.mark.parametrize("how", ["daily", "compromised"])
def test_a_private_part_that_an_interruption_left_is_destroyed(how):
    left = keys.signing(NOW)[0].kid
    keys.rotate(NOW)
    (Path(settings.DATA_DIR) / "federation" / f"{left}.json").unlink()
    assert left in secrets_of_keys()
    if how == "daily":
        keys.keep_fresh(NOW)
    else:
        keys.rotate(NOW, compromised=True)
    assert secrets_of_keys() == set(kids(NOW))


def test_keys_destroyed_while_the_root_key_is_replaced_do_not_come_back(monkeypatch, tmp_path):
    vault = Path(settings.DATA_DIR) / "vault"
    new = tmp_path / "new.key"
    new.write_text(base64.b64encode(b"m" * 32).decode())
    rings = f"file:{new},file:{vault / 'root.key'}", f"file:{vault / 'root.key'},file:{new}"
    try:
        monkeypatch.setattr(settings, "ROOT_KEY", rings[0])
        rewrap_installation_secrets()
        monkeypatch.setattr(settings, "ROOT_KEY", rings[1])
        keys.signing(NOW)
        keys.rotate(NOW)
        monkeypatch.setattr(settings, "ROOT_KEY", rings[0])
        with ThreadPoolExecutor(1) as pool:
            with alone(
                vault
            ):  # the first is wrapped anew and waits for its place, the second was not read yet
                done = pool.submit(rewrap_installation_secrets)
                while not list(vault.glob("federation-*.json.*")) and not done.done():
                    time.sleep(0.01)
                for file in vault.glob("federation-*.json"):
                    file.unlink()
            assert done.result() == 0
        assert list(vault.glob("federation-*")) == []
        assert outdated_installation_secrets() == 0
    finally:
        monkeypatch.setattr(settings, "ROOT_KEY", rings[1])
        rewrap_installation_secrets()
