"""Reads of provisioning: SCIM resources for the provider, counts and events for the administrator."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import CharField, Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from scim2_models import (
    InvalidFilterException,
    ListResponse,
    Meta,
    NotFoundException,
    ResponseParameters,
    ScimFilter,
    SearchRequest,
)

from tenants.scim import filters, resources
from tenants.scim.models import Event, Group, GroupMember, Person, Token
from tenants.scim.types import GroupView, Status
from tenants.sso.services import policy

PAGE: Final = 100
LONGEST_FILTER: Final = 1000
MOST_COMPARED: Final = 1000
_SEARCH: Final[dict[Any, type[SearchRequest[Any]]]] = {
    resources.User: SearchRequest[resources.User],
    resources.Group: SearchRequest[resources.Group],
}
_SHOWN: Final[dict[Any, type[ResponseParameters[Any]]]] = {
    resources.User: ResponseParameters[resources.User],
    resources.Group: ResponseParameters[resources.Group],
}
_LIST: Final[dict[Any, Any]] = {
    resources.User: ListResponse[resources.User],
    resources.Group: ListResponse[resources.Group],
}
NAMES: Final = ("filter", "attributes", "excludedAttributes", "startIndex", "count")


def search(model: type[Any], given: Mapping[str, str]) -> SearchRequest[Any]:
    """Read the parameters of a list; raises ValidationError and InvalidFilterException."""
    if len(given.get("filter", "")) > LONGEST_FILTER:
        raise InvalidFilterException(detail=f"The filter is longer than {LONGEST_FILTER} characters.")
    chosen = {name: given[name] for name in NAMES if given.get(name)}
    return _SEARCH[model].model_validate(chosen)


def shown(model: type[Any], given: Mapping[str, str]) -> ResponseParameters[Any]:
    """Read which attributes of one resource are wanted; raises ValidationError."""
    chosen = {name: given[name] for name in NAMES[1:3] if given.get(name)}
    return _SHOWN.get(model, ResponseParameters).model_validate(chosen)


def people() -> "QuerySet[Any]":
    """Return every member, active or not, provisioned or not, oldest first."""
    rows: QuerySet[Any] = get_user_model().objects.filter(membership__isnull=False)
    found: QuerySet[Any] = (
        rows.select_related("membership", "provisioned")
        .annotate(
            shown_user_name=Coalesce("provisioned__user_name_key", "email", output_field=CharField()),
            shown_changed_at=Coalesce("provisioned__changed_at", "created_at"),
            shown_name=Coalesce("provisioned__display_name", "name"),
        )
        .order_by("membership__id")
    )
    return found


def person_row(member_id: str) -> Any:
    """Return one member's row; raises NotFoundException."""
    row = people().filter(membership__id=member_id).first()
    if row is None:
        raise NotFoundException(detail="There is no user with this id.")
    return row


def user(member_id: str, base: str) -> resources.User:
    """Return one SCIM user; raises NotFoundException."""
    return as_users([person_row(member_id)], base)[0]


def users(wanted: SearchRequest[Any], base: str) -> "ListResponse[Any]":
    """Return one page of SCIM users."""
    rows = people()
    if wanted.filter is not None:
        rows = rows.filter(filters.query(wanted.filter, filters.USER))
    if not filters.selects_values(wanted.filter):
        total, start, size = rows.count(), wanted.start_index or 1, _size(wanted)
        found = as_users(rows[start - 1 : start - 1 + size], base)
        return _page(resources.User, found, total, start)
    candidates = as_users(rows[: MOST_COMPARED + 1], base)
    if len(candidates) > MOST_COMPARED:
        raise InvalidFilterException(detail="The filter fits too many users to compare their values.")
    exact = ScimFilter[resources.User](str(wanted.filter))
    fitting = [row for row in candidates if exact.match(row)]
    start = wanted.start_index or 1
    return _page(resources.User, fitting[start - 1 : start - 1 + _size(wanted)], len(fitting), start)


def as_users(rows: Iterable[Any], base: str) -> list[resources.User]:
    """Turn members' rows into SCIM users, with their groups."""
    members = list(rows)
    groups: dict[str, list[resources.UserGroup]] = {}
    belonging = GroupMember.objects.filter(user_id__in=[row.pk for row in members]).select_related("group")
    for entry in belonging.order_by("group_id"):
        groups.setdefault(entry.user_id, []).append(
            resources.UserGroup(
                value=entry.group_id, ref=f"{base}/Groups/{entry.group_id}", display=entry.group.name
            )
        )
    return [_as_user(row, groups.get(row.pk, []), base) for row in members]


def group_row(group_id: str) -> Group:
    """Return one group's row; raises NotFoundException."""
    row = Group.objects.filter(id=group_id).first()
    if row is None:
        raise NotFoundException(detail="There is no group with this id.")
    return row


def group(group_id: str, base: str, *, members: bool = True) -> resources.Group:
    """Return one SCIM group; raises NotFoundException."""
    return as_groups([group_row(group_id)], base, members=members)[0]


def groups(wanted: SearchRequest[Any], base: str) -> "ListResponse[Any]":
    """Return one page of SCIM groups."""
    rows = Group.objects.order_by("id")
    if wanted.filter is not None:
        rows = rows.filter(filters.query(wanted.filter, filters.GROUP)).distinct()
    total, start, size = rows.count(), wanted.start_index or 1, _size(wanted)
    found = as_groups(rows[start - 1 : start - 1 + size], base, members=wants_members(wanted))
    return _page(resources.Group, found, total, start)


def wants_members(wanted: ResponseParameters[Any]) -> bool:
    """Whether the members of groups are to be read at all: providers ask without them."""
    named = [str(path).rpartition(":")[2].lower() for path in wanted.attributes or []]
    left_out = [str(path).rpartition(":")[2].lower() for path in wanted.excluded_attributes or []]
    return "members" not in left_out and (not named or any(name.startswith("members") for name in named))


def as_groups(rows: Iterable[Group], base: str, *, members: bool) -> list[resources.Group]:
    """Turn groups' rows into SCIM groups."""
    found = list(rows)
    inside: dict[str, list[resources.GroupPerson]] = {}
    if members:
        entries = GroupMember.objects.filter(group__in=found, user__membership__isnull=False).order_by("id")
        for group_id, member_id in entries.values_list("group_id", "user__membership__id"):
            inside.setdefault(group_id, []).append(
                resources.GroupPerson(value=member_id, ref=f"{base}/Users/{member_id}", type="User")
            )
    return [
        resources.Group(
            id=row.id,
            external_id=row.external_id or None,
            display_name=row.name,
            members=inside.get(row.id),
            meta=Meta(
                resource_type="Group",
                created=row.created_at,
                last_modified=row.changed_at,
                location=f"{base}/Groups/{row.id}",
                version=f'W/"{row.version}"',
            ),
        )
        for row in found
    ]


def discovered(found: Sequence[Any], wanted: str) -> Any:
    """Return the entry with this id; raises NotFoundException."""
    for row in found:
        if str(row.id).lower() == wanted.lower():
            return row
    raise NotFoundException(detail="There is nothing with this id.")


def tokens() -> "QuerySet[Token]":
    """Return the SCIM tokens, ended ones too; secrets are not in them."""
    return Token.objects.all()


def events() -> "QuerySet[Event]":
    """Return what was asked for and what came of it."""
    return Event.objects.select_related("token")


def groups_with_roles() -> list[GroupView]:
    """Return the groups with how many are in them and the role the tenant's rules make of each alone."""
    counted = Group.objects.annotate(
        people=Count("belonging", filter=Q(belonging__user__membership__isnull=False))
    )
    rules = {name.casefold(): role for name, role in reversed(policy().rules)}
    return [
        GroupView(row.id, row.name, row.people, rules.get(row.name.casefold()))
        for row in counted.order_by("name_key")
    ]


def status() -> Status:
    """Return how provisioning stands."""
    live = Token.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).count()
    rows: QuerySet[Any] = get_user_model().objects.filter(membership__isnull=False)
    done, failed = Event.objects.filter(status__lt=300), Event.objects.filter(status__gte=400)
    return Status(
        active=live > 0,
        tokens=live,
        users=rows.count(),
        provisioned=rows.filter(provisioned__isnull=False).count(),
        suspended=rows.filter(is_active=False).count(),
        groups=Group.objects.count(),
        last_request_at=Token.objects.aggregate(at=Max("last_used_at"))["at"],
        last_change_at=done.aggregate(at=Max("at"))["at"],
        last_error_at=failed.aggregate(at=Max("at"))["at"],
    )


def _size(wanted: SearchRequest[Any]) -> int:
    return PAGE if wanted.count is None else min(wanted.count, resources.MOST_RESULTS)


def _page(model: type[Any], found: Sequence[Any], total: int, start: int) -> "ListResponse[Any]":
    made: ListResponse[Any] = _LIST[model](
        total_results=total, start_index=start, items_per_page=len(found), resources=list(found)
    )
    return made


def _as_user(row: Any, groups: list[resources.UserGroup], base: str) -> resources.User:
    person: Person | None = getattr(row, "provisioned", None)
    made = resources.User.model_validate(
        {**person.attributes, "userName": person.user_name}
        if person is not None
        else {
            "userName": row.email,
            "displayName": row.name or None,
            "emails": [{"value": row.email, "type": "work", "primary": True}],
        }
    )
    made.id, made.active, made.groups = row.membership.id, row.is_active, groups or None
    if person is not None:
        made.external_id = person.external_id or None
    made.meta = Meta(
        resource_type="User",
        created=row.created_at,
        last_modified=row.shown_changed_at,
        location=f"{base}/Users/{made.id}",
    )
    made.meta.version = _version(made)
    return made


def _version(made: resources.User) -> str:
    """A weak validator of everything a provider can see of the user."""
    text = made.model_dump_json(exclude={"meta"})
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
