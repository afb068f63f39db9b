"""Strict documents: every member known, of its type, within its limits. A shape is data; ``check`` reads it."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.testkit.doubles.azure.errors import invalid

Check = Callable[[Any, str], None]


def one_of(*values: str) -> Check:
    """One of the values of an enumeration, in any case (Azure compares them so)."""
    known = {value.lower() for value in values}

    def check(found: Any, where: str) -> None:
        if not isinstance(found, str) or found.lower() not in known:
            raise invalid(
                f"Error converting value {found!r} at '{where}': it is not one of {', '.join(values)}."
            )

    return check


def text(most: int = 4096, least: int = 0) -> Check:
    """A text of limited length."""

    def check(found: Any, where: str) -> None:
        if not isinstance(found, str) or not least <= len(found) <= most:
            raise invalid(f"The value at '{where}' must be a text of {least} to {most} characters.")

    return check


def number(least: int = 0, most: int = 2**31 - 1) -> Check:
    """A whole number within bounds."""

    def check(found: Any, where: str) -> None:
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise invalid(f"The value {found!r} at '{where}' must be a number from {least} to {most}.")

    return check


def flag(found: Any, where: str) -> None:
    """True or false."""
    if not isinstance(found, bool):
        raise invalid(f"The value at '{where}' must be true or false.")


def anything(found: Any, where: str) -> None:
    """A member that is not looked into."""


def several(inner: Check, most: int, least: int = 0) -> Check:
    """A list of limited length."""

    def check(found: Any, where: str) -> None:
        if not isinstance(found, list) or not least <= len(found) <= most:
            raise invalid(f"The list at '{where}' must have {least} to {most} entries.")
        for number_, entry in enumerate(found):
            inner(entry, f"{where}[{number_}]")

    return check


def members(shape: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """An object with known members only; null counts as left out."""

    def check(found: Any, where: str) -> None:
        if not isinstance(found, dict):
            raise invalid(f"The value at '{where}' must be an object.")
        for name, value in found.items():
            if name not in shape:
                raise invalid(
                    f"Could not find member '{name}' on object at '{where}'.", "InvalidRequestFormat"
                )
            if value is not None:
                shape[name](value, f"{where}.{name}" if where else name)
        for name in required:
            if found.get(name) is None:
                raise invalid(f"Required property '{name}' not found at '{where}'.", "InvalidRequestFormat")

    return check
