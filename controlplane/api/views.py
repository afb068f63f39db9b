"""Base classes of every REST view: our defaults on DRF's APIView and GenericViewSet."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from controlplane.api.idempotency import IdempotencyMixin
from controlplane.api.parameters import refuse_nul


class _Checked(IdempotencyMixin):
    """What every address refuses before its own code runs."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, check permissions, then the characters of the address."""
        super().initial(request, *args, **kwargs)
        refuse_nul(request, kwargs)


class ApiView(_Checked, APIView):  # type: ignore[misc]
    """One address. `permission_by_action` may name a permission per method (`get`, `post`)."""

    permission_by_action: ClassVar[Mapping[str, str]] = {}
    #: Methods that need fresh proof of who sits there whatever their permission (`controlplane.api.permissions`).
    step_up: ClassVar[Collection[str]] = ()
    #: Methods that need none although their permission does, with the reason.
    without_step_up: ClassVar[Mapping[str, str]] = {}


class ApiViewSet(_Checked, GenericViewSet):  # type: ignore[type-arg, misc]
    """A resource's addresses. Answer from services and queries; `page` lists."""

    permission_by_action: ClassVar[Mapping[str, str]] = {}
    step_up: ClassVar[Collection[str]] = ()
    without_step_up: ClassVar[Mapping[str, str]] = {}
    ordering: str | Sequence[str] = "-id"
    lookup_value_regex = "[^/]+"

    def page(self, items: "QuerySet[Any] | Sequence[Any]", **serializer_options: Any) -> Response:
        """Return one page of these items through the view's serializer."""
        chosen: Any = self.paginate_queryset(items)
        return self.get_paginated_response(self.get_serializer(chosen, many=True, **serializer_options).data)

    def validated(self, request: Request) -> Any:
        """Return the request body checked by the view's serializer; DRF's 400 otherwise."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
