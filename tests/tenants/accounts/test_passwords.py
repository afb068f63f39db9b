"""Passwords: long, hard to guess, no rule about characters; stored by Argon2; changed and reset without a side door."""

import gzip
import hashlib
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import MD5PasswordHasher, identify_hasher, make_password
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from controlplane.config import settings as shipped
from tenants.accounts.models import MailedLink, User
from tenants.accounts.passwords import LONGEST, SHORTEST, holds
from tenants.accounts.queries import find_user
from tenants.accounts.services import check_new_password, create_user, verify_password
from tenants.accounts.services.limits import RESET_ACCOUNT
from tenants.audit.queries import entries
from tenants.errors import Invalid, Refused
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous, member
from tests.database import PASSWORD, TestDatabases
from tests.tenants.accounts.people import (
    add_app,
    code_of,
    link_in,
    mails,
    sign_in,
    sign_in_with_code,
    try_sign_in,
)

VIEWER = "viewer@acme.test"
NEW = "plain lantern orchid seven"
RESET = "/api/v1/account/password/reset"


def accepted(password: str, user: User | None = None) -> bool:
    try:
        check_new_password(password, user)
    except Invalid as error:
        return not error.fields["password"]
    return True


@pytest.mark.asvs("6.2.1", "6.2.9", "6.2.5")
@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("short", False),
        ("kx7!Qm2#vP9", False),  # eleven characters
        ("kx7!Qm2#vP9z", True),
        ("correct horse battery staple", True),  # lower case and spaces alone
        ("zebra quill mango fjord " * 3, True),  # 72
        ("пять зелёных слонов гуляют", True),
        ("x" * (LONGEST + 1), False),
        ("plain lantern orchid " * 9, True),  # 189
    ],
)
def test_length_decides_and_no_kind_of_character_is_asked_for(
    tenant: OrgInfo, password: str, fits: bool
) -> None:
    assert accepted(password) is fits


@pytest.mark.asvs("6.2.8")
@pytest.mark.parametrize("change", [str.upper, lambda word: word[:-1], lambda word: f"{word} "])
def test_every_character_of_a_password_counts(tenant: OrgInfo, change: Callable[[str], str]) -> None:
    long = "plain lantern orchid seven " * 4
    create_user("long@acme.test", password=long)
    assert verify_password("long@acme.test", long, "203.0.113.1")
    with pytest.raises(Refused):
        verify_password("long@acme.test", change(long), "203.0.113.1")


@pytest.mark.asvs("6.2.4", "6.2.12")
@pytest.mark.parametrize(
    "password",
    [
        "password1234", "qwertyuiop12", "iloveyou1234", "Liverpool12345", "P@ssw0rd2026!", "letmeinletmein",
        "123456789012", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop", "dragon123456", "1qaz2wsx3edc", "jessica12345",
    ],
)  # fmt: skip
def test_common_and_leaked_passwords_and_what_is_close_to_them_are_refused(
    tenant: OrgInfo, password: str
) -> None:
    assert not accepted(password)


@pytest.mark.asvs("6.2.4")
def test_every_listed_password_that_is_long_enough_is_refused(tenant: OrgInfo) -> None:
    file = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    listed = set(gzip.decompress(file.read_bytes()).decode().split()) | set(FREQUENCY_LISTS["passwords"])
    long_enough = sorted(word for word in listed if len(word) >= SHORTEST)
    assert len(long_enough) > 250
    assert [word for word in long_enough if accepted(word)] == []


@pytest.mark.asvs("6.2.4")
def test_three_thousand_common_passwords_made_long_enough_are_refused(tenant: OrgInfo) -> None:
    """The lists are short on long passwords; what people make of the short ones is what is tried."""
    tails = ("1234", "12345", "123456", "2026!", "!!!!", "0000")
    chosen = random.Random(7)
    common = FREQUENCY_LISTS["passwords"][:5000]
    made = {word + chosen.choice(tails) for word in common} | {word * 2 for word in common}
    long_enough = sorted(word for word in made if len(word) >= SHORTEST)
    tried = chosen.sample(long_enough, 3000)
    passed = [word for word in tried if accepted(word)]
    assert len(passed) <= 3, passed


@pytest.mark.asvs("6.1.2", "6.2.11")
@pytest.mark.parametrize(
    "password",
    [
        "acme-acme-2026",
        "acme-portcullis-1",
        "Gavin@acme/portcullis",
        "Portcullis2026!",
        "portcullis-acme",
        "gavin.belson@hooli",
        "Belson.Gavin.77",
    ],
)
def test_names_of_product_workspace_and_person_make_no_password(acme: OrgInfo, password: str) -> None:
    user = User(email="gavin.belson@hooli.test", name="Gavin Belson")
    with tenant_context(acme):
        assert not accepted(password, user)
        assert accepted("acme plain lantern orchid", user)  # a name among other words does no harm


@pytest.mark.asvs("6.2.12")
def test_an_operators_file_of_leaked_passwords_is_searched_where_it_lies(
    tenant: OrgInfo, tmp_path: Path
) -> None:
    def digest(text: str) -> str:
        return hashlib.sha1(text.encode()).hexdigest().upper()

    words = [f"word {number}" for number in range(2000)] + [NEW]
    file = tmp_path / "pwned.txt"
    file.write_text("".join(f"{line}:{len(line)}\r\n" for line in sorted(map(digest, words))))
    assert all(holds(file, digest(word)) for word in words)
    assert not any(holds(file, digest(f"other {number}")) for number in range(2000))
    assert accepted(NEW)
    with override_settings(LEAKED_PASSWORDS=str(file)):
        assert not accepted(NEW)
        assert accepted("another lantern orchid")


@pytest.mark.asvs("11.4.2")
def test_what_ships_hashes_by_argon2_and_replaces_older_hashes_at_sign_in(tenant: OrgInfo) -> None:
    with override_settings(PASSWORD_HASHERS=shipped.PASSWORD_HASHERS):
        assert make_password("x").startswith("argon2$argon2id$")
        old = make_password(PASSWORD, hasher="pbkdf2_sha256")
        User.objects.filter(email=VIEWER).update(password=old)
        assert verify_password(VIEWER, PASSWORD, "203.0.113.1").email == VIEWER
        user = find_user(VIEWER)
        assert user is not None
        assert identify_hasher(user.password).algorithm == "argon2"
        assert verify_password(VIEWER, PASSWORD, "203.0.113.1").email == VIEWER


@pytest.mark.asvs("6.2.2", "6.2.3", "7.4.3", "6.3.7")
def test_changing_the_password_needs_the_current_one_and_ends_the_other_sessions(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    here, there = sign_in(acme, VIEWER), sign_in(acme, VIEWER)
    address = "/api/v1/account/password"
    wrong = here.post(address, {"current_password": "nope", "new_password": NEW})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/current_password")
    weak = here.post(address, {"current_password": PASSWORD, "new_password": "password1234"})
    assert (weak.status_code, weak.json()["code"]) == (422, "weak-password")
    assert there.get("/api/v1/session").status_code == 200
    assert here.post(address, {"current_password": PASSWORD, "new_password": NEW}).status_code == 204
    assert here.get("/api/v1/session").status_code == 200
    assert there.get("/api/v1/session").status_code == 401
    assert try_sign_in(acme, VIEWER)[1].status_code == 403
    assert try_sign_in(acme, VIEWER, NEW)[1].status_code == 201
    run_jobs()
    [told] = mails(VIEWER)
    assert told.subject == "Your password for Acme was changed"
    assert "If it was not you" in told.body
    with tenant_context(acme.schema_name):
        [entry] = entries(action="password.change")
        assert (entry.actor_name, entry.after) == (VIEWER, {"sessions_ended": 1})
        assert NEW not in str(vars(entry))


def ask_reset(org: OrgInfo, email: str, run_jobs: Callable[..., int]) -> str:
    mail.outbox.clear()
    assert anonymous(org).post(RESET, {"email": email}).status_code == 202
    run_jobs()
    [sent] = mails(email)
    return link_in(sent)


def confirm(org: OrgInfo, token: str, password: str = NEW) -> Any:
    return anonymous(org).post(f"{RESET}/confirm", {"token": token, "password": password})


@pytest.mark.asvs("6.4.1", "7.4.3")
def test_a_mailed_link_sets_a_new_password_once_and_ends_every_session(
    acme: OrgInfo, globex: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    there = sign_in(acme, VIEWER)
    token = ask_reset(acme, VIEWER, run_jobs)
    assert confirm(globex, token).status_code == 412
    weak = confirm(acme, token, "password1234")
    assert (weak.status_code, weak.json()["code"]) == (422, "weak-password")  # the link stays good
    assert confirm(acme, token).status_code == 204
    assert there.get("/api/v1/session").status_code == 401
    again = confirm(acme, token, "another lantern orchid")
    assert (again.status_code, again.json()["code"]) == (412, "link-spent")
    assert try_sign_in(acme, VIEWER, NEW)[1].status_code == 201
    run_jobs()
    assert mails(VIEWER)[-1].subject == "Your password for Acme was reset"
    with tenant_context(acme.schema_name):
        assert entries(action="password.reset").count() == 1


@pytest.mark.asvs("6.4.1")
def test_a_link_that_is_old_replaced_or_of_somebody_who_left_is_spent(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    first = ask_reset(acme, VIEWER, run_jobs)
    second = ask_reset(acme, VIEWER, run_jobs)
    assert confirm(acme, first).status_code == 412
    with tenant_context(acme.schema_name):
        MailedLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert confirm(acme, second).status_code == 412
    third = ask_reset(acme, VIEWER, run_jobs)
    with tenant_context(acme.schema_name):
        assert MailedLink.objects.get().expires_at <= timezone.now() + timedelta(minutes=30)
        User.objects.filter(email=VIEWER).update(is_active=False)
    assert confirm(acme, third).status_code == 412
    assert confirm(acme, "").status_code == 400
    assert confirm(acme, "x" * 43).status_code == 412


@pytest.mark.asvs("6.4.3")
def test_a_reset_does_not_get_around_the_second_factor(acme: OrgInfo, run_jobs: Callable[..., int]) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    run_jobs()
    assert confirm(acme, ask_reset(acme, VIEWER, run_jobs)).status_code == 204
    client, answer = try_sign_in(acme, VIEWER, NEW)
    assert (answer.status_code, answer.json()["code"]) == (401, "second-factor-needed")
    assert client.get("/api/v1/session").status_code == 401
    sign_in_with_code(acme, VIEWER, code_of(secret), NEW)


@pytest.mark.asvs("6.3.8")
def test_asking_for_a_reset_tells_nobody_who_is_here(acme: OrgInfo, run_jobs: Callable[..., int]) -> None:
    """The same answer, the same statements; only the worker knows, and only the person gets mail."""
    anonymous(acme).get("/api/v1/session")
    statements, answers = [], []
    for email in (VIEWER, "nobody@acme.test"):
        with CaptureQueriesContext(connection) as seen:
            answer = anonymous(acme).post(RESET, {"email": email})
        answers.append((answer.status_code, answer.content))
        statements.append([query["sql"].split()[0] for query in seen.captured_queries])
    assert answers[0] == answers[1]
    assert statements[0] == statements[1]
    run_jobs()
    assert [sent.to for sent in mail.outbox] == [[VIEWER]]


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is worked through: what takes the time of signing in."""

    algorithm = "counting"
    worked = 0

    def encode(self, password: str, salt: str) -> str:
        """Count and encode."""
        type(self).worked += 1
        return super().encode(password, salt)


@pytest.mark.asvs("6.3.8")
def test_signing_in_is_as_much_work_for_nobody_as_for_somebody(tenant: OrgInfo) -> None:
    """The hash is what takes time: hashes and statements are counted, as a clock would lie on a busy machine."""

    def work(email: str) -> tuple[int, list[str]]:
        before = CountingHasher.worked
        with CaptureQueriesContext(connection) as seen, pytest.raises(Exception, match="wrong"):
            verify_password(email, "wrong", f"203.0.113.{random.randint(1, 250)}")
        return CountingHasher.worked - before, [query["sql"].split()[0] for query in seen.captured_queries]

    with override_settings(PASSWORD_HASHERS=[f"{__name__}.CountingHasher"]):
        User.objects.filter(email=VIEWER).update(password=make_password(PASSWORD))
        work(VIEWER)
        work("first@acme.test")
        known, unknown = work(VIEWER), work("nobody@acme.test")
    assert known[0] == 1
    assert unknown == known


@pytest.mark.asvs("14.2.4")
def test_links_are_kept_as_hashes_and_jobs_carry_none(acme: OrgInfo, run_jobs: Callable[..., int]) -> None:
    anonymous(acme).post(RESET, {"email": VIEWER})
    with tenant_context(acme.schema_name):
        asked = MailedLink.objects.get()
    assert asked.key_hash == ""  # the secret is made by the worker, with the mail
    run_jobs()
    token = link_in(mails(VIEWER)[0])
    with tenant_context(acme.schema_name):
        row = MailedLink.objects.get()
        assert token not in str(vars(row))
        assert row.key_hash == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.asvs("6.3.1", "2.4.1")
def test_resets_are_limited_alike_for_known_and_unknown_addresses(acme: OrgInfo) -> None:
    for email in (VIEWER, "nobody@acme.test"):
        for _ in range(RESET_ACCOUNT.most):
            assert anonymous(acme).post(RESET, {"email": email}).status_code == 202
        answer = anonymous(acme).post(RESET, {"email": email})
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries")
        assert int(answer["Retry-After"]) > 60


@pytest.mark.asvs("7.5.1", "6.3.7")
def test_a_new_address_counts_once_its_link_was_opened_and_the_old_one_is_told(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    client = sign_in(acme, VIEWER)
    taken = client.post("/api/v1/account/email", {"email": "owner@acme.test"})
    assert (taken.status_code, taken.json()["code"]) == (409, "email-taken")
    assert client.post("/api/v1/account/email", {"email": "New@acme.test"}).status_code == 202
    assert client.get("/api/v1/session").json()["user"]["email"] == VIEWER
    run_jobs()
    token = link_in(mails("new@acme.test")[0])
    answer = anonymous(acme).post("/api/v1/account/email/confirm", {"token": token})
    assert (answer.status_code, answer.json()) == (200, {"email": "new@acme.test"})
    user = client.get("/api/v1/session").json()["user"]
    assert (user["email"], user["email_verified"]) == ("new@acme.test", True)
    again = anonymous(acme).post("/api/v1/account/email/confirm", {"token": token})
    assert again.status_code == 412
    run_jobs()
    [told] = mails(VIEWER)
    assert told.subject == "Your e-mail address for Acme was changed"
    assert "new@acme.test" in told.body
    with tenant_context(acme.schema_name):
        assert [e.action for e in entries().filter(action__startswith="email.").order_by("sequence")] == [
            "email.ask",
            "email.change",
        ]


def test_ones_own_address_is_proved_by_a_link(acme: OrgInfo, run_jobs: Callable[..., int]) -> None:
    client = member(acme, "viewer")
    assert client.get("/api/v1/session").json()["user"]["email_verified"] is False
    assert client.post("/api/v1/account/email/verification").status_code == 202
    run_jobs()
    token = link_in(mails(VIEWER)[0])
    assert anonymous(acme).post("/api/v1/account/email/confirm", {"token": token}).status_code == 200
    assert client.get("/api/v1/session").json()["user"]["email_verified"] is True
    assert anonymous(acme).post("/api/v1/account/email/confirm", {"token": token}).status_code == 412
    assert client.post("/api/v1/account/email/verification").status_code == 409


@pytest.mark.asvs("1.3.11")
def test_a_workspaces_name_adds_no_header_to_a_mail(
    committed_db: TestDatabases, acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    client: TenantClient = member(acme, "owner")
    client.patch("/api/v1/tenant", {"name": "Acme\r\nBcc: everybody@example.com"})
    ask_reset(acme, VIEWER, run_jobs)
    sent = mails(VIEWER)[0].message()
    assert "Bcc" not in sent
    assert sent["Subject"] == "Set a new password for Acme Bcc: everybody@example.com"


def test_tests_keep_a_cheap_hash() -> None:
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.MD5PasswordHasher"]
