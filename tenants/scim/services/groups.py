"""SCIM groups: who is in them, and the role that follows by the workspace's rules. No group makes an owner."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from unicodedata import normalize

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from scim2_models import Context, InvalidValueException, PatchOp, UniquenessException

from tenants.audit.actors import current_actor
from tenants.audit.services import record
from tenants.scim import documents, jobs, members, queries
from tenants.scim.models import Group, GroupMember
from tenants.scim.resources import POLICY
from tenants.scim.resources import Group as ScimGroup
from tenants.scim.services.people import require_version
from tenants.sso.services import SCIM, one_at_a_time, policy, remember_all, settle_all

LONGEST: Final = 254
MOST_GROUPS: Final = 5000
MOST_LISTED: Final = 200  # ids in one audit entry


@transaction.atomic
def create_group(document: Mapping[str, Any]) -> str:
    """Make a group; returns its id."""
    given = _read(document, Context.RESOURCE_CREATION_REQUEST)
    one_at_a_time()
    if Group.objects.count() >= MOST_GROUPS:
        raise InvalidValueException(detail=f"There are {MOST_GROUPS} groups already; nothing was changed.")
    row = Group(**_columns(given))
    _free(row)
    row.save(force_insert=True)
    people = _people(members.named(document.get("members")))
    GroupMember.objects.bulk_create(GroupMember(group=row, user_id=user_id) for user_id in people.values())
    record("scim.group.add", row.id, after=_plain(row) | _listed("members", people))
    _settle(people.values())
    return row.id


@transaction.atomic
def replace_group(group_id: str, document: Mapping[str, Any], if_match: str = "") -> None:
    """Replace what is given; what the document does not name stays as it is."""
    given = _read(document, Context.RESOURCE_REPLACEMENT_REQUEST)
    one_at_a_time()
    row = _current(group_id, if_match)
    inside = _inside(row)
    columns = _columns(given)
    if "external_id" not in given.model_fields_set:
        columns["external_id"] = row.external_id
    named = next((value for name, value in document.items() if name.lower() == "members"), inside)
    _apply(row, columns, inside, set(inside) if named is inside else members.named(named))


@transaction.atomic
def patch_group(group_id: str, document: Mapping[str, Any], if_match: str = "") -> None:
    """Apply a PATCH document; all of it or nothing."""
    operations = documents.operations(document)
    one_at_a_time()
    row = _current(group_id, if_match)
    inside = _inside(row)
    wanted, others = members.patched(set(inside), operations)
    after = queries.as_groups([row], "", members=False)[0]
    if others:
        patch = {"schemas": [str(PatchOp.__schema__)], "Operations": others}
        with POLICY:
            PatchOp[ScimGroup].model_validate(patch, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(after)
    _apply(row, _columns(after), inside, wanted)


@transaction.atomic
def remove_group(group_id: str, if_match: str = "") -> None:
    """Remove a group; its people stay members, with the role their other groups make."""
    one_at_a_time()
    row = _current(group_id, if_match)
    inside = _inside(row)
    row.delete()
    record("scim.group.remove", group_id, before=_plain(row) | _listed("members", inside))
    _settle(inside.values())


def _apply(row: Group, columns: Mapping[str, str], inside: Mapping[str, str], wanted: set[str]) -> None:
    """Bring a group from one state to the other: one audit entry, and the roles of whom it concerns."""
    before = _plain(row)
    added, removed = _people(wanted - set(inside)), {id_: inside[id_] for id_ in set(inside) - wanted}
    renamed = columns["name_key"] != row.name_key
    for column, value in columns.items():
        setattr(row, column, value)
    if _plain(row) == before and not added and not removed:
        return
    if renamed:
        _free(row)
    Group.objects.filter(id=row.id).update(**columns, version=F("version") + 1, changed_at=timezone.now())
    GroupMember.objects.filter(group=row, user_id__in=removed.values()).delete()
    GroupMember.objects.bulk_create(GroupMember(group=row, user_id=user_id) for user_id in added.values())
    listed = _listed("added", added) | _listed("removed", removed)
    record("scim.group.change", row.id, before=before, after=_plain(row) | listed)
    # Who may lose something comes first.
    _settle([*removed.values(), *(inside.values() if renamed else ()), *added.values()])


def _settle(user_ids: Iterable[str]) -> None:
    """Remember the groups of these people anew, and give them the role that follows.

    Each change of a role is an entry of the audit trail, for which all other writers wait: the first hundred are made in
    the request, the others in portions right after it.
    """
    names: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    belonging = GroupMember.objects.filter(user_id__in=list(names)).values_list("user_id", "group__name")
    for user_id, name in belonging:
        names[user_id].append(name)
    remember_all(SCIM, names)
    if settle_all(names, policy(), SCIM, most=jobs.AT_ONCE):
        actor = current_actor()
        jobs.settle_roles.enqueue(actor.id, actor.name)


def _inside(row: Group) -> dict[str, str]:
    """Who is in a group: member id → user id."""
    rows = GroupMember.objects.filter(group=row, user__membership__isnull=False)
    return dict(rows.values_list("user__membership__id", "user_id"))


def _people(wanted: Iterable[str]) -> dict[str, str]:
    """Resolve member ids to user ids; raises InvalidValueException when one is nobody's here."""
    ids = set(wanted)
    found = dict(queries.people().filter(membership__id__in=ids).values_list("membership__id", "pk"))
    unknown = sorted(ids - set(found))
    if unknown:
        raise InvalidValueException(
            detail=f"{len(unknown)} of the members are no users here, the first is {unknown[0][:64]!r}; "
            "nothing was changed."
        )
    return found


def _current(group_id: str, if_match: str) -> Group:
    row = queries.group_row(group_id)
    require_version(if_match, f'W/"{row.version}"')
    return row


def _free(row: Group) -> None:
    if Group.objects.filter(name_key=row.name_key).exclude(id=row.id).exists():
        raise UniquenessException(detail="Another group has this displayName already; nothing was changed.")


def _read(document: Mapping[str, Any], context: Context) -> ScimGroup:
    """Read all but the members, of which there may be thousands."""
    given = {name: value for name, value in document.items() if name.lower() != "members"}
    with POLICY:
        return ScimGroup.model_validate(given, scim_ctx=context)


def _columns(given: ScimGroup) -> dict[str, str]:
    name, external_id = (given.display_name or "").strip(), given.external_id or ""
    if not name:
        raise InvalidValueException(detail="displayName is empty; nothing was changed.")
    if any(len(text) > LONGEST or not text.isprintable() for text in (name, external_id)):
        raise InvalidValueException(
            detail=f"A text is longer than {LONGEST} characters or has control characters; nothing was changed."
        )
    key = normalize("NFC", normalize("NFC", name).lower())
    return {"name": name, "name_key": key, "external_id": external_id}


def _plain(row: Group) -> dict[str, Any]:
    return {"name": row.name, "external_id": row.external_id}


def _listed(what: str, people: Mapping[str, str]) -> dict[str, Any]:
    """How many people, and which, as far as an entry should hold."""
    return {what: sorted(people)[:MOST_LISTED], f"{what}_count": len(people)} if people else {}
