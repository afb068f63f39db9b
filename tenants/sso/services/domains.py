"""E-mail domains, proved by a TXT record that only the domain's owner can publish."""

import re
import secrets
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from connectors.egress import ConnectorError
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound, Unavailable
from tenants.sso.models import Domain

LABEL = "_portcullis-challenge"
MOST_DOMAINS = 100
_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z")
_LOOKUP = "connectors.egress.names.txt_records"


def record_name(domain: str) -> str:
    """Name of the TXT record that proves a domain."""
    return f"{LABEL}.{domain}"


def record_value(challenge: str) -> str:
    """Value of the TXT record that proves a domain."""
    return f"portcullis={challenge}"


def add_domain(name: str) -> str:
    """Add an unproved domain and return its id; raises Invalid and Conflict."""
    try:
        plain = name.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        plain = ""
    if not _NAME.match(plain):
        raise Invalid(
            "bad-domain", "Nothing was added.", fields={"name": ["Enter a domain such as example.com."]}
        )
    if Domain.objects.count() >= MOST_DOMAINS:
        raise Conflict("too-many-domains", f"There are {MOST_DOMAINS} domains already; nothing was added.")
    try:
        with transaction.atomic():
            row = Domain.objects.create(name=plain, challenge=secrets.token_hex(16))
            record("sso.domain.add", row.id, after={"name": plain})
    except IntegrityError:
        raise Conflict("domain-known", f"{plain} is in the list already; nothing was added.") from None
    return row.id


def verify_domain(domain_id: str) -> None:
    """Look the TXT record up and mark the domain proved; raises Conflict when the record is not there."""
    row = _domain(domain_id)
    lookup: Callable[[str], Sequence[str]] = import_string(getattr(settings, "SSO_TXT_LOOKUP", _LOOKUP))
    try:
        found = lookup(record_name(row.name))
    except ConnectorError as error:
        raise Unavailable("name-servers-silent", error.sentence()) from error
    if record_value(row.challenge) not in [text.strip() for text in found]:
        seen = f"{len(found)} other TXT records were" if found else "no TXT record was"
        raise Conflict(
            "record-not-found",
            f"At {record_name(row.name)} {seen} found; the domain is not verified. "
            "Publish the record and try again; name servers may need an hour.",
        )
    if row.verified_at is None:
        with transaction.atomic():
            Domain.objects.filter(id=row.id).update(verified_at=timezone.now())
            record("sso.domain.verify", row.id, after={"name": row.name})


def remove_domain(domain_id: str) -> None:
    """Remove a domain; its people cannot sign in by a provider any more."""
    row = _domain(domain_id)
    with transaction.atomic():
        row.delete()
        record("sso.domain.remove", domain_id, before={"name": row.name})


def proved(email: str) -> bool:
    """Whether the address is in a proved domain; sub-domains are domains of their own."""
    name = email.rpartition("@")[2].lower()
    return Domain.objects.filter(name=name, verified_at__isnull=False).exists()


def _domain(domain_id: str) -> Domain:
    row = Domain.objects.filter(id=domain_id).first()
    if row is None:
        raise NotFound("no-such-domain", "There is no domain with this id.")
    return row
