"""One valid request for every address that writes; addresses without an audit entry stand below with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from controlplane.blocking.models import Block, BlockTarget, Preview
from controlplane.connections import services as connections
from controlplane.posture.registry import all_checks
from tenants.accounts.models import SessionRow, User
from tenants.errors import Conflict
from tenants.jobs.services import record_failure
from tenants.members.models import Membership
from tenants.scim.models import Group, Person
from tenants.sso.models import Domain
from tests.database import PASSWORD
from tests.factories import findings as finding_factory
from tests.factories import posture as posture_factory

NOW = timezone.now


@dataclass(frozen=True)
class Write:
    """What to send. `prepare` makes what it needs beyond the factories and returns ids over theirs."""

    body: Any = None
    prepare: Callable[[], Mapping[str, str]] = dict
    sender: str = "owner"
    files: bool = False

    def content(self, ids: Mapping[str, str]) -> Any:
        """The body for these ids."""
        return self.body(ids) if callable(self.body) else self.body


TARGETS = [{"connection_id": "con_x", "ref": "x"}]


def a_block(**changes: Any) -> Mapping[str, str]:
    values: dict[str, Any] = {
        "match": {"networks": ["198.18.4.7/32"]}, "action": "block", "stage": "count", "status": "counting",
        "reason_kind": "manual", "reason_text": "x", "author": "x", "preview": {}, "created_at": NOW(),
        "expires_at": NOW() + timedelta(hours=1),
    }  # fmt: skip
    block = Block.objects.create(**values | changes)
    BlockTarget.objects.create(block=block, connection="con_x", ref="x", name="x", kind="web_acl")
    return {"block": block.id}


def a_preview() -> Mapping[str, str]:
    draft = {
        "match": {"networks": ["198.18.4.7/32"]},
        "action": "block",
        "rate": None,
        "ttl_seconds": 3600,
        "targets": TARGETS,
    }
    result = {
        "allowed": True,
        "effect": {},
        "gates": [],
        "targets": [TARGETS[0] | {"name": "x", "kind": "web_acl"}],
    }
    ends = NOW() + timedelta(minutes=5)
    made = Preview.objects.create(draft=draft, result=result, verdict="pass", expires_at=ends, author="x")
    return {"preview": made.id}


def a_failure() -> Mapping[str, str]:
    from uuid import uuid4

    from tenants.jobs.models import JobFailure

    message_id = str(uuid4())
    message = {
        "message_id": message_id,
        "actor_name": "archives.build",
        "queue_name": "analysis",
        "args": ["arc_1"],
    }
    record_failure(message, "x")
    return {"job-failure": JobFailure.objects.get(message_id=message_id).id}


def a_deletion() -> Mapping[str, str]:
    from tenants.isolation.context import require_tenant
    from tenants.orgs.services import ask_deletion

    with suppress(Conflict):  # asked for already
        ask_deletion(require_tenant().name, "usr_x")
    return {}


def a_checked_finding() -> Mapping[str, str]:
    """A finding whose connection needs no network to be read again."""
    check = next(check for check in all_checks().values() if "file" not in check.card.id)
    connection = posture_factory.connected("File", posture_factory.snapshot(), NOW())
    reported = finding_factory.report(
        finding_factory.result("r1", card=check.card, kind="endpoint"),
        connection=connection,
        cards=[check.card],
        now=NOW(),
    )
    return {"finding_id": reported.opened_ids[0]}


def of_somebody(**wanted: str) -> User:
    return User.objects.get(**wanted)


def own_session() -> Mapping[str, str]:
    user = of_somebody(email="owner@acme.test")
    ends = NOW() + timedelta(hours=1)
    row = SessionRow.objects.create(
        key_hash="k" * 64, data="", user=user, started_at=NOW(), seen_at=NOW(), expires_at=ends
    )
    return {"account-session": row.id}


def verified() -> Mapping[str, str]:
    User.objects.filter(email="owner@acme.test").update(email_verified_at=NOW())
    return {}


def owner_with_factor() -> Mapping[str, str]:
    Authenticator.objects.create(user=of_somebody(email="owner@acme.test"), type="totp", data={"secret": "x"})
    return {}


def member_with_factor() -> Mapping[str, str]:
    Authenticator.objects.create(
        user=of_somebody(email="analyst@acme.test"), type="totp", data={"secret": "x"}
    )
    return another_member()


def a_disabled_connection() -> Mapping[str, str]:
    made = connections.create("kong", "Disabled", {"admin_url": "https://kong.example.com"})
    connections.disable(made.id)
    return {"connection": made.id}


def an_organization() -> Mapping[str, str]:
    made = connections.create("aws", "Organisation", {"organization": True})
    return {"connection": made.id}


def another_member() -> Mapping[str, str]:
    return {"member": Membership.objects.get(user__email="analyst@acme.test").id}


def provisioned() -> Mapping[str, str]:
    """A person and a group of the identity provider's, whose domain is proved."""
    Domain.objects.get_or_create(name="acme.test", defaults={"challenge": "x", "verified_at": NOW()})
    person = of_somebody(email="analyst@acme.test")
    Person.objects.create(user=person, user_name=person.email, user_name_key=person.email, external_id="e1")
    group = Group.objects.create(name="Group", name_key="group")
    return {"user_id": Membership.objects.get(user=person).id, "group_id": group.id}


def person_of_scim() -> Mapping[str, str]:
    return {"resource_id": provisioned()["user_id"]}


def group_of_scim() -> Mapping[str, str]:
    return {"resource_id": provisioned()["group_id"]}


def patch(path: str, value: Any) -> dict[str, Any]:
    operations = [{"op": "replace", "path": path, "value": value}]
    return {"schemas": [f"{MESSAGES}:PatchOp"], "Operations": operations}


CORE, MESSAGES = "urn:ietf:params:scim:schemas:core:2.0", "urn:ietf:params:scim:api:messages:2.0"
HOOK = {
    "connector": "webhook",
    "name": "Hook",
    "settings": {"url": "https://hooks.example.com/x"},
    "min_severity": "high",
    "events": ["finding.opened"],
}
KONG = {"connector": "kong", "name": "Kong", "settings": {"admin_url": "https://kong.example.com"}}
LOG = b'203.0.113.9 - - [27/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "x"\n'


def upload(ids: Mapping[str, str]) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("access.log", LOG), "host": "shop.example.com"}


def a_year(ids: Mapping[str, str]) -> str:
    return (NOW() + timedelta(days=30)).isoformat()


WRITES: dict[str, Write] = {
    "POST alert-destinations": Write(HOOK),
    "PATCH alert-destinations/{pk}": Write({"name": "Renamed"}),
    "DELETE alert-destinations/{pk}": Write(),
    "POST alert-destinations/{pk}/test": Write(),
    "POST alert-deliveries/{pk}/resend": Write(),
    "POST blocks": Write(
        lambda ids: {"preview_id": ids["preview"], "stage": "count", "reason": {"kind": "manual", "text": "x"}}, a_preview
    ),
    "POST blocks/undo-all": Write(prepare=a_block),
    "POST blocks/{pk}/approve": Write({}, lambda: a_block(status="awaiting_approval", needs_approval=True, asked_by="x")),
    "POST blocks/{pk}/extend": Write({"ttl_seconds": 7200}, a_block),
    "POST blocks/{pk}/promote": Write(prepare=a_block),
    "POST blocks/{pk}/undo": Write(prepare=a_block),
    "POST protected-networks": Write({"cidr": "198.51.100.0/24", "label": "Office", "kind": "office"}),
    "DELETE protected-networks/{pk}": Write(),
    "POST connections": Write(KONG),
    "PATCH connections/{pk}": Write({"name": "Renamed"}),
    "DELETE connections/{pk}": Write(),
    "POST connections/{pk}/check": Write(),
    "POST connections/{pk}/disable": Write(),
    "POST connections/{pk}/enable": Write(prepare=a_disabled_connection),
    "POST connections/{pk}/roll-out": Write({}, an_organization),
    "POST connections/{pk}/rotate-token": Write(),
    "POST connections/{pk}/sync": Write(),
    "POST runners": Write({"name": "Beside Kong"}),
    "POST runners/{pk}/renew": Write(),
    "DELETE runners/{pk}": Write(),
    "PATCH threats/{pk}": Write({"status": "closed", "reason": "Known tester"}),
    "PATCH findings/{pk}": Write({"status": "false_positive", "reason": "A test"}),
    "POST findings/{finding_id}/verify": Write(prepare=a_checked_finding),
    "POST imports": Write(upload, files=True),
    "PATCH services/{pk}": Write({"name": "Renamed"}),
    "POST account/sessions/end-others": Write(prepare=own_session),
    "DELETE account/sessions/{pk}": Write(prepare=own_session),
    "POST account/password": Write({"current_password": PASSWORD, "new_password": "another correct horse staple 7"}),
    "POST account/email": Write({"email": "new@acme.test"}),
    "POST invitations": Write({"email": "new@acme.test", "role": "viewer"}, verified),
    "DELETE invitations/{pk}": Write(),
    "POST invitations/{pk}/resend": Write(prepare=verified),
    "POST job-failures/{pk}/retry": Write(prepare=a_failure),
    "POST archives": Write(),
    "POST tenant/deletion": Write({"name": "Acme"}),
    "DELETE tenant/deletion": Write(prepare=a_deletion),
    "POST members": Write({"email": "new@acme.test", "role": "viewer"}),
    "PATCH members/{pk}": Write({"role": "viewer"}, another_member),
    "DELETE members/{pk}": Write(prepare=another_member),
    "POST members/{pk}/clear-factors": Write(prepare=member_with_factor),
    "POST members/{pk}/end-sessions": Write(prepare=another_member),
    "POST sso/scim/tokens": Write(lambda ids: {"name": "Directory", "expires_at": a_year(ids)}),
    "DELETE sso/scim/tokens/{pk}": Write(),
    "POST sso/scim/tokens/{pk}/rotate": Write(),
    "DELETE sso/scim": Write(),
    "PATCH session": Write({"name": "Olivia", "theme": "dark"}),
    "PATCH sign-in-policy": Write({"second_factor": "admins"}, owner_with_factor),
    "PATCH sso/providers/{pk}": Write({"name": "Renamed"}),
    "DELETE sso/providers/{pk}": Write(),
    "POST sso/domains": Write({"name": "new.example.com"}),
    "DELETE sso/domains/{pk}": Write(),
    "DELETE sso/links/{pk}": Write(),
    "PATCH sso/policy": Write({"default_role": "analyst"}),
    "PATCH tenant": Write({"name": "Acme Limited"}),
    "POST tokens": Write(lambda ids: {"name": "t", "scopes": ["findings.read"], "expires_at": a_year(ids)}),
    "DELETE tokens/{pk}": Write(),
    "POST scim/v2/Users": Write(
        {"schemas": [f"{CORE}:User"], "userName": "new@acme.test", "emails": [{"value": "new@acme.test"}]},
        provisioned,
        "scim",
    ),
    "PUT scim/v2/Users/{resource_id}": Write(
        {"schemas": [f"{CORE}:User"], "userName": "analyst@acme.test", "displayName": "Renamed"}, person_of_scim, "scim"
    ),
    "PATCH scim/v2/Users/{resource_id}": Write(patch("active", False), person_of_scim, "scim"),
    "DELETE scim/v2/Users/{resource_id}": Write(None, person_of_scim, "scim"),
    "PATCH raw-window": Write({"hours": 24}),
    "POST scim/v2/Groups": Write({"schemas": [f"{CORE}:Group"], "displayName": "New"}, provisioned, "scim"),
    "PUT scim/v2/Groups/{resource_id}": Write(
        {"schemas": [f"{CORE}:Group"], "displayName": "Renamed"}, group_of_scim, "scim"
    ),
    "PATCH scim/v2/Groups/{resource_id}": Write(patch("displayName", "Renamed"), group_of_scim, "scim"),
    "DELETE scim/v2/Groups/{resource_id}": Write(None, group_of_scim, "scim"),
}  # fmt: skip

#: Addresses that leave no entry, and why that is right.
UNRECORDED: dict[str, str] = {
    "POST blocks/preview": "changes nothing: a simulation",
    "POST ingest/{connection_id}": "calls pushed by a vendor by the thousand; totals stand on the connection",
    "POST runner/work": "a runner asks for work, every other second; when it was last heard of stands on the runner",
    "POST runner/answers": "the answer to a request of ours, for the worker that waits",
    "POST audit/verify": "changes nothing in the database",
    "POST account/password/reset": "anyone may ask; the password changes, on record, by the mailed link only",
    "POST account/email/verification": "a mail is sent; the address counts as verified, on record, by its link only",
    "POST invitation/open": "shows an invitation to who holds its link",
    "POST session": "signing in: the sign-in log (GET /sign-ins)",
    "DELETE session": "signing out of one's own browser",
    "POST session/step-up": "showing who one is: the sign-in log",
    "POST session/handoff": "the first session after a sign-up: the sign-in log",
    "POST sso/{provider_id}/start": "signing in: nothing of the workspace changes",
    "POST sso/{provider_id}/callback": "signing in: the sign-in log",
    "POST sso/{provider_id}/finish": "signing in: the sign-in log; who is made a member by it is on record",
    "POST sso/{provider_id}/metadata": "answers GET only",
    "POST _allauth/browser/v1/auth/2fa/authenticate": "signing in: the sign-in log",
    "POST _allauth/browser/v1/auth/2fa/reauthenticate": "showing who one is: the sign-in log",
    "POST _allauth/browser/v1/auth/webauthn/authenticate": "signing in: the sign-in log",
    "POST _allauth/browser/v1/auth/webauthn/reauthenticate": "showing who one is: the sign-in log",
    "POST _allauth/browser/v1/auth/webauthn/login": "signing in: the sign-in log",
}

FACTORS = "tests/tenants/accounts/test_factors.py"
SSO = "tests/tenants/sso/test_settings.py"
AUTHENTICATORS = "_allauth/browser/v1/account/authenticators"
#: Addresses whose valid request needs a whole ceremony: the file that drives it, and the entry it looks for.
ELSEWHERE: dict[str, tuple[str, str]] = {
    "POST account/password/reset/confirm": ("tests/tenants/accounts/test_passwords.py", "password.reset"),
    "POST account/email/confirm": ("tests/tenants/accounts/test_passwords.py", "email."),
    "POST runner/enrol": ("tests/controlplane/runners/test_runner.py", "runner.enrol"),
    "POST invitation/accept": ("tests/tenants/members/test_invitations.py", "invitation."),
    "POST sso/providers": (SSO, "sso.provider.add"),
    "POST sso/providers/{pk}/refresh": ("tests/tenants/audit/test_every_write.py", "sso.provider.refresh"),
    "POST sso/domains/{pk}/verify": (SSO, "sso.domain.verify"),
    f"POST {AUTHENTICATORS}/totp": (FACTORS, "factor."),
    f"DELETE {AUTHENTICATORS}/totp": (FACTORS, "factor."),
    f"POST {AUTHENTICATORS}/webauthn": (FACTORS, "factor."),
    f"PUT {AUTHENTICATORS}/webauthn": (FACTORS, "factor."),
    f"DELETE {AUTHENTICATORS}/webauthn": (FACTORS, "factor."),
    f"POST {AUTHENTICATORS}/recovery-codes": (FACTORS, "factor."),
}
