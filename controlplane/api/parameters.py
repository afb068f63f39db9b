"""Values from the query string, checked before anything is read."""

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a query parameter, moved into its bounds; 400 when it is no whole number."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 12:
        raise ValidationError({name: ["A whole number is needed."]})
    return max(least, min(most, int(text)))


def refuse_nul(request: Request, kwargs: dict[str, object]) -> None:
    """Raise 400 when an address or its query holds a NUL character, which no stored text can hold."""
    for name, value in [*kwargs.items(), *((n, v) for n, vs in request.query_params.lists() for v in vs)]:
        if "\x00" in f"{name}{value}":
            raise ValidationError({name.replace("\x00", ""): ["NUL characters are not allowed."]})
