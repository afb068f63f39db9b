"""A SCIM user is a member: made, changed, suspended, resumed and removed as the identity provider says.

What it cannot do: give a password, make or rename an owner, take the last owner away, bring back somebody an owner of the
workspace suspended, or let in an address outside the workspace's verified domains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final
from unicodedata import normalize

from django.db import transaction
from scim2_models import (
    Context,
    InvalidValueException,
    PatchOp,
    PreconditionFailedException,
    UniquenessException,
)

from tenants.accounts import queries as accounts
from tenants.accounts.services import (
    change_email,
    check_email,
    clear_factors,
    end_sessions,
    set_password,
    update_user,
)
from tenants.audit.queries import entries
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid
from tenants.members.permissions import ALL, Role
from tenants.members.queries import member, member_of_user
from tenants.members.services import (
    add_member,
    readmit_member,
    remove_member,
    resume_member,
    suspend_member,
)
from tenants.scim import documents, queries
from tenants.scim.models import GroupMember, Person
from tenants.scim.resources import POLICY, User
from tenants.sso.services import (
    SCIM,
    end_flows_of,
    forget,
    forget_links,
    one_at_a_time,
    policy,
    proved,
    role_for,
)
from tenants.tokens.services import revoke_tokens_of

LONGEST: Final = 254
MOST_EMAILS: Final = 20
#: Kind of the actor in the audit trail.
ACTOR: Final = "scim"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a SCIM user says, checked and in our words."""

    user_name: str
    external_id: str
    address: str
    name: str
    display_name: str
    attributes: dict[str, Any]
    active: bool

    @property
    def key(self) -> str:
        """The user name as it is compared: without regard to case (RFC 7643 §4.1.1)."""
        return normalize("NFC", normalize("NFC", self.user_name).lower())


@transaction.atomic
def create_user(document: Mapping[str, Any]) -> str:
    """Make a member; returns its id. Somebody who was removed before comes back as a new member."""
    wanted = facts(_read(document, Context.RESOURCE_CREATION_REQUEST))
    email = _usable(wanted.address)
    one_at_a_time()
    Person.objects.filter(user__membership__isnull=True).delete()
    _free(wanted.key)
    present = accounts.person(email)
    role = role_for((), policy())
    if present is None:
        member_id = add_member(email, role, name=wanted.name)
    elif member_of_user(present.id) is not None:
        raise UniquenessException(detail=f"Somebody with the address {email} is a member already.")
    else:
        member_id = _comes_back(present, role)
    user_id = member(member_id).user
    Person.objects.create(user_id=user_id, **_columns(wanted))
    if not wanted.active:
        _suspend(member_id, user_id)
    return member_id


@transaction.atomic
def replace_user(member_id: str, document: Mapping[str, Any], if_match: str = "") -> None:
    """Replace what is given; what the document does not name stays as it is."""
    wanted = _read(document, Context.RESOURCE_REPLACEMENT_REQUEST)
    one_at_a_time()
    before = _current(member_id, if_match)
    after = before.model_copy(deep=True)
    for name in wanted.model_fields_set & {
        "user_name",
        "external_id",
        "name",
        "display_name",
        "active",
        "emails",
    }:
        setattr(after, name, getattr(wanted, name))
    _apply(member_id, before, after)


@transaction.atomic
def patch_user(member_id: str, document: Mapping[str, Any], if_match: str = "") -> None:
    """Apply a PATCH document; all of it or nothing."""
    operations = documents.operations(document)
    documents.few(operations)
    patch = {"schemas": [str(PatchOp.__schema__)], "Operations": operations}
    one_at_a_time()
    before = _current(member_id, if_match)
    after = before.model_copy(deep=True)
    with POLICY:
        PatchOp[User].model_validate(patch, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(after)
    _apply(member_id, before, after)


@transaction.atomic
def remove_user(member_id: str, if_match: str = "") -> None:
    """End a membership: the person is out at once, and gone from every group."""
    one_at_a_time()
    _current(member_id, if_match)
    user_id = member(member_id).user
    GroupMember.objects.filter(user_id=user_id).delete()
    Person.objects.filter(user_id=user_id).delete()
    forget(user_id, SCIM)
    remove_member(member_id, ALL)
    end_flows_of(user_id)


def facts(given: User) -> Facts:
    """Check a SCIM user; raises InvalidValueException with a sentence for the provider's administrator."""
    emails = given.emails or []
    if len(emails) > MOST_EMAILS:
        raise _invalid(f"more than {MOST_EMAILS} emails were sent")
    kept = given.model_dump(include={"name", "display_name", "emails"}, exclude_none=True)
    attributes = {name: value for name, value in kept.items() if name != "schemas" and value}
    for text in (given.user_name, given.external_id, *_texts(attributes)):
        if text is not None and (len(text) > LONGEST or not text.isprintable()):
            raise _invalid(f"a text is longer than {LONGEST} characters or has control characters")
    if not (given.user_name or "").strip():
        raise _invalid("userName is empty")
    return Facts(
        user_name=given.user_name or "",
        external_id=given.external_id or "",
        address=_address(given),
        name=_name(given)[:120],
        display_name=given.display_name or "",
        attributes=attributes,
        active=given.active is not False,
    )


def _apply(member_id: str, before: User, after: User) -> None:
    """Bring a member from one state to the other: one audit entry for its data, one for being in or out."""
    old, new = facts(before), facts(after)
    row = queries.person_row(member_id)
    if new.key != old.key:
        _free(new.key, but=row.pk)
    email = _new_address(row, new.address) if new.address != old.address else row.email
    name = new.name if new.name != old.name else row.name
    known = getattr(row, "provisioned", None)
    columns = _columns(new)
    if known is None or any(getattr(known, column) != value for column, value in columns.items()):
        Person.objects.update_or_create(user_id=row.pk, defaults=columns)
        if name != row.name:
            update_user(row.pk, name=name)
        record(
            "scim.user.change",
            member_id,
            before=_plain(old, row.email, row.name) if known is not None else {"provisioned": False},
            after=_plain(new, email, name),
        )
    if old.active and not new.active:
        _suspend(member_id, row.pk)
    elif new.active and not old.active:
        _resume(member_id, row.pk)


def _new_address(row: Any, address: str) -> str:
    """Give the account another address, and return it; owners keep theirs."""
    email = _usable(address)
    if email == row.email:
        return email
    if row.membership.role == Role.OWNER:
        raise Conflict(
            "owners-address",
            "The address of an owner is not changed by provisioning; nothing was changed. "
            "The owner changes it in the workspace.",
        )
    try:
        return change_email(row.pk, email)
    except Conflict as error:
        raise UniquenessException(detail=error.detail) from None


def _suspend(member_id: str, user_id: str) -> None:
    suspend_member(member_id)
    end_flows_of(user_id)


def _resume(member_id: str, user_id: str) -> None:
    """Let somebody in again whom provisioning suspended, with nothing that was begun before."""
    last = entries(target=member_id, action="member.suspend").order_by("-sequence").first()
    if last is None or last.actor_kind != ACTOR:
        raise Conflict(
            "suspended-here",
            "This person was suspended in the workspace, not by provisioning; nothing was changed. "
            "An owner resumes them in the workspace.",
        )
    _end_leftovers(user_id)
    resume_member(member_id)


def _comes_back(person: Any, role: str) -> str:
    """Make somebody a member again who was removed, with nothing of before.

    The address may have been given to somebody else meanwhile: no password, factor or link of the one before opens it.
    """
    set_password(person, token_urlsafe(48))
    clear_factors(person.id)
    forget_links(person.id)
    _end_leftovers(person.id)
    return readmit_member(person.id, role)


def _end_leftovers(user_id: str) -> None:
    """End what a request that was under way when the person was put out may have left."""
    end_sessions(user_id)
    revoke_tokens_of(user_id)
    end_flows_of(user_id)


def _current(member_id: str, if_match: str) -> User:
    found = queries.user(member_id, "")
    require_version(if_match, (found.meta.version if found.meta is not None else "") or "")
    return found


def require_version(if_match: str, version: str) -> None:
    """Raise 412 unless the version is one of those named (`If-Match`), or none was named."""
    named = [text.strip() for text in if_match.split(",") if text.strip()]
    if named and "*" not in named and version not in named:
        raise PreconditionFailedException(
            detail="It was changed since it was read; nothing was changed. Read it again."
        )


def _free(key: str, but: str = "") -> None:
    """Raise 409 when another member goes by this user name."""
    others = queries.people().filter(shown_user_name=key)
    if (others.exclude(pk=but) if but else others).exists():
        raise UniquenessException(detail="Another user has this userName already; nothing was changed.")


def _read(document: Mapping[str, Any], context: Context) -> User:
    documents.few(document)
    left_out = not any(name.lower() == "active" for name in document)
    with POLICY:
        found = User.model_validate(dict(document) | ({"active": True} if left_out else {}), scim_ctx=context)
    if left_out:
        found.model_fields_set.discard("active")
    return found


def _address(given: User) -> str:
    """The primary e-mail, else the one for work, else the first, else the user name; not yet checked."""
    ranked = sorted(
        (entry for entry in given.emails or [] if entry.value),
        key=lambda entry: (entry.primary is not True, (entry.type or "").lower() != "work"),
    )
    return ((ranked[0].value if ranked else given.user_name) or "").strip()


def _usable(address: str) -> str:
    """Return the address when an account may have it; raises InvalidValueException."""
    try:  # letters beyond ASCII can look like, or turn in lower case into, other ones
        email = check_email(address) if address.isascii() else ""
    except Invalid:
        email = ""
    if not email:
        raise _invalid("neither emails nor userName holds a usable e-mail address", "Map one of them to it.")
    if not proved(email):
        domain = email.rpartition("@")[2]
        raise _invalid(
            f"the domain {domain} is not verified in this workspace", "An owner verifies it in Settings."
        )
    return email


def _name(given: User) -> str:
    parts = given.name
    if given.display_name or parts is None:
        return given.display_name or ""
    return parts.formatted or " ".join(part for part in (parts.given_name, parts.family_name) if part)


def _columns(wanted: Facts) -> dict[str, Any]:
    found = [entry.get("value") for entry in wanted.attributes.get("emails", [])]
    return {
        "user_name": wanted.user_name,
        "user_name_key": wanted.key,
        "external_id": wanted.external_id,
        "display_name": wanted.display_name,
        "attributes": wanted.attributes,
        "addresses": sorted({text.lower() for text in found if text}),
    }


def _plain(given: Facts, email: str, name: str) -> dict[str, Any]:
    return {"user_name": given.user_name, "external_id": given.external_id, "email": email, "name": name}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in inner for text in _texts(part)]


def _invalid(reason: str, action: str = "") -> InvalidValueException:
    return InvalidValueException(
        detail=f"{reason[0].upper()}{reason[1:]}; nothing was changed. {action}".strip()
    )
