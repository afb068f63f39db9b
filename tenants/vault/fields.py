"""Where sealed values are kept: declared by the column that keeps them, found through the models.

Keys are rotated by sealing every declared value again, so `services.seal` takes no place that is not declared:
a value nobody finds is lost with its key.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]  # Django's fields take no type arguments when they run
else:
    _Text = models.TextField


@dataclass(frozen=True, slots=True)
class Place:
    """One column with sealed values. `field` is what values are bound to, usually the column's own name.

    `key` is a unique column; `row` the one whose value is the row's name in the bond, empty when all rows share the
    empty name.
    """

    table: str
    field: str
    column: str
    key: str
    row: str
    kind: str = "text"


_declared: set[Place] = set()


def declare(place: Place) -> Place:
    """Declare a column of a model that is not ours; a JSON column (kind `jsonb`) may hold sealed values anywhere."""
    _declared.add(place)
    places.cache_clear()
    return place


def declare_passing(table: str, field: str) -> None:
    """Declare values that nobody needs an hour later: they are not sealed again and go with their key."""
    declare(Place(table, field, "", "", ""))


class SealedTextField(_Text):
    """Text the vault sealed, or empty. `bound_to` names the field in the bond when it is not the column."""

    def __init__(self, *args: Any, bound_to: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.bound_to = bound_to

    def deconstruct(self) -> Any:
        """For migrations it is plain text: what seals is no matter of the schema."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options


@cache
def places() -> dict[tuple[str, str], Place]:
    """Return every declared place by table and field."""
    found = set(_declared)
    for model in apps.get_models():
        meta = model._meta
        for field in meta.concrete_fields:
            if isinstance(field, SealedTextField):
                column = str(field.column)
                bound = field.bound_to or column
                unique = str(meta.pk.column)
                found.add(Place(meta.db_table, bound, column, unique, unique))
    return {(place.table, place.field): place for place in found}


def kept_places() -> list[Place]:
    """Return the places whose values are sealed anew when keys are rotated."""
    return [place for place in places().values() if place.column]
