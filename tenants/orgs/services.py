"""Create, suspend, resume and delete tenants."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from tenants.accounts.services import (
    check_email,
    check_new_password,
    issue_handoff,
    send_verification,
)
from tenants.audit.services import record, sign_now
from tenants.errors import Conflict, Invalid, NotFound, TooMany
from tenants.isolation.context import no_tenant, require_tenant, tenant_context
from tenants.isolation.routers import OWNER
from tenants.limits import Limit, take
from tenants.members.permissions import Role
from tenants.members.queries import members
from tenants.members.services import add_member
from tenants.orgs.migrating import migration_key
from tenants.orgs.models import SignUpTries, Tenant
from tenants.orgs.provisioning import fill_spares, spares_wanted, take_schema
from tenants.orgs.queries import forget, info
from tenants.orgs.record import note
from tenants.orgs.removal import before_deletion, remove, sweep
from tenants.orgs.types import OrgInfo, Status

__all__ = ["before_deletion"]
SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]\Z")
RESERVED = frozenset(
    [
        "admin",
        "api",
        "app",
        "assets",
        "auth",
        "billing",
        "console",
        "dashboard",
        "docs",
        "help",
        "localhost",
        "login",
        "mail",
        "public",
        "root",
        "sso",
        "static",
        "status",
        "support",
        "system",
        "www",
    ]
)
SIGN_UPS_PER_HOUR = 10
SIGN_UPS = Limit("sign-ups", SIGN_UPS_PER_HOUR, 3600)


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new tenant and the one-time token that signs its owner in."""

    org: OrgInfo
    handoff: str


def create_tenant(name: str, slug: str, owner_email: str, password: str | None) -> OrgInfo:
    """Create a tenant with its schema, role and first owner; all of it or nothing.

    Raises Invalid (name, slug, email, weak password) and Conflict (slug taken). Platform code: call it
    outside any tenant.
    """
    _check(name, slug)
    check_email(owner_email)
    if password is not None:
        check_new_password(password)
    with no_tenant():
        tenant = _make(name.strip(), slug)
        try:
            with tenant_context(tenant), transaction.atomic():
                add_member(owner_email, Role.OWNER, password=password)
                record("tenant.create", tenant.id, after={"name": tenant.name, "slug": tenant.slug})
            _set_status(tenant.id, Status.ACTIVE)
        except BaseException:
            remove(tenant)
            raise
    tenant.status = Status.ACTIVE
    return info(tenant)


def sign_up(organisation: str, slug: str, email: str, password: str, address: str) -> SignedUp:
    """Create a tenant for someone who came to the base domain; at most 10 per hour from one address."""
    _allow_sign_up(address)
    org = create_tenant(organisation, slug, email, password)
    with tenant_context(org.schema_name):
        owner = members()[0]
        with transaction.atomic():
            send_verification(owner.user, owner.email)
        return SignedUp(org, issue_handoff(owner.user))


def slug_problem(slug: str) -> str:
    """Return why a slug cannot be had, or an empty text."""
    if not SLUG.match(slug) or "--" in slug:
        return "3 to 40 characters: lower-case letters, digits and single hyphens inside."
    if slug in RESERVED:
        return "This name is reserved."
    with no_tenant():
        return "This name is taken." if Tenant.objects.filter(slug=slug).exists() else ""


def rename_tenant(name: str) -> OrgInfo:
    """Change the display name of the entered tenant."""
    if not name.strip():
        raise Invalid("invalid-name", "Nothing was changed.", fields={"name": ["May not be empty."]})
    tenant = _entered()
    with _both_connections():
        record("tenant.rename", tenant.id, before={"name": tenant.name}, after={"name": name.strip()})
        Tenant.objects.using(OWNER).filter(id=tenant.id).update(name=name.strip())
    forget()
    tenant.name = name.strip()
    return info(tenant)


def suspend_tenant(tenant_id: str, reason: str) -> None:
    """Stop serving a tenant; its data stays. Its requests answer 403 within seconds everywhere."""
    _change(tenant_id, Status.SUSPENDED, "tenant.suspend", reason)


def resume_tenant(tenant_id: str, reason: str) -> None:
    """Serve a suspended tenant again."""
    _change(tenant_id, Status.ACTIVE, "tenant.resume", reason)


def ask_deletion(typed_name: str, user_id: str) -> OrgInfo:
    """Let the entered tenant be deleted after the grace period; until then everything goes on and can be kept.

    The caller has checked who asks; `typed_name` must be the tenant's name. Raises Invalid, Conflict.
    """
    tenant = _entered()
    if typed_name.strip() != tenant.name:
        problem = {"name": ["Type the workspace's name exactly as it is shown."]}
        raise Invalid("name-differs", "Nothing was deleted.", fields=problem)
    if tenant.delete_after is not None:
        raise Conflict("deletion-asked", "The deletion was asked for already; nothing was changed.")
    due = timezone.now() + timedelta(hours=settings.DELETION_GRACE_HOURS)
    _schedule_deletion(tenant, due, "tenant.delete.ask", "tenant.deletion-asked", user_id)
    return info(tenant)


def keep_tenant(user_id: str) -> OrgInfo:
    """Take back the wish to delete the entered tenant; raises Conflict when there is none."""
    tenant = _entered()
    if tenant.delete_after is None:
        raise Conflict("no-deletion-asked", "No deletion was asked for; nothing was changed.")
    _schedule_deletion(tenant, None, "tenant.delete.cancel", "tenant.deletion-cancelled", user_id)
    return info(tenant)


def upkeep() -> None:
    """Go on with deletions, remove what crashes left; the scheduler calls it."""
    sweep()


def stock() -> bool:
    """Make a spare schema when there are too few for the sign-ups of late; whether one was made. The scheduler calls it."""
    return fill_spares(spares_wanted(settings.SPARE_SCHEMAS), most=1) > 0


def _entered() -> Tenant:
    schema = require_tenant().schema_name
    with no_tenant():
        found: Tenant = Tenant.objects.get(schema_name=schema)
    return found


@contextmanager
def _both_connections() -> Iterator[None]:
    """Commit what the app role wrote (the audit entry), then what the owner wrote: no change without its entry."""
    with transaction.atomic(using=OWNER), transaction.atomic():
        yield


def _schedule_deletion(tenant: Tenant, due: datetime | None, action: str, noted: str, user_id: str) -> None:
    shown = {"delete_after": due.isoformat() if due else None}
    with _both_connections():
        record(action, tenant.id, after=shown)
        Tenant.objects.using(OWNER).filter(id=tenant.id).update(delete_after=due)
        note(noted, tenant.id, tenant.schema_name, by=user_id, due=due.isoformat() if due else "")
    tenant.delete_after = due
    forget()


def delete_tenant(tenant_id: str) -> None:
    """Remove a tenant with everything it has for good, now; for operators, safe to repeat."""
    with no_tenant():
        tenant = Tenant.objects.using(OWNER).filter(id=tenant_id).first()
        if tenant is None:
            return
        _set_status(tenant_id, Status.DELETING)
        tenant.status = Status.DELETING
        remove(tenant)


def _allow_sign_up(address: str) -> None:
    """Count one sign-up of this address; raises TooMany. Counters that are full again are removed."""
    now = timezone.now()
    key = hmac.new(settings.SECRET_KEY.encode(), f"sign-up:{address}".encode(), hashlib.sha256).hexdigest()
    with no_tenant(), connections[OWNER].cursor() as cursor:
        SignUpTries.objects.using(OWNER).filter(due__lt=now).delete()
        wait = take(cursor, SignUpTries._meta.db_table, key, SIGN_UPS, now)
    if wait:
        raise TooMany(
            "too-many-sign-ups",
            "Too many workspaces were made from your address; no workspace was made.",
            retry_after=wait,
        )


def _make(name: str, slug: str) -> Tenant:
    try:
        with transaction.atomic(using=OWNER):
            tenant: Tenant = Tenant.objects.using(OWNER).create(
                schema_name=take_schema(),
                schema_key=migration_key(),
                slug=slug,
                name=name,
                status=Status.CREATING,
            )
    except IntegrityError:
        raise Conflict("slug-taken", f"The name {slug!r} is taken; choose another one.") from None
    return tenant


def _change(tenant_id: str, status: Status, action: str, reason: str) -> None:
    with no_tenant():
        tenant = Tenant.objects.filter(id=tenant_id).first()
        if tenant is None:
            raise NotFound("no-such-tenant", "There is no tenant with this id.")
        if tenant.status not in (Status.ACTIVE, Status.SUSPENDED):
            raise Conflict("tenant-not-ready", f"The tenant is {tenant.status}; nothing was changed.")
        with tenant_context(tenant):
            with transaction.atomic():
                before, after = {"status": tenant.status}, {"status": status}
                record(action, tenant.id, before=before, after=after, reason=reason)
            sign_now()  # jobs of a suspended tenant wait
        _set_status(tenant_id, status)


def _set_status(tenant_id: str, status: Status) -> None:
    Tenant.objects.using(OWNER).filter(id=tenant_id).update(status=status)
    forget()


def _check(name: str, slug: str) -> None:
    fields = {}
    if not name.strip():
        fields["organisation"] = ["May not be empty."]
    problem = slug_problem(slug)
    if problem == "This name is taken.":
        raise Conflict("slug-taken", f"The name {slug!r} is taken; choose another one.")
    if problem:
        fields["slug"] = [problem]
    if fields:
        raise Invalid("invalid-organisation", "No workspace was made.", fields=fields)
