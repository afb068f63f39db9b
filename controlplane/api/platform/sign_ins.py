"""Who signed in and who tried, and who must have a second factor."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from tenants.accounts import queries, services
from tenants.accounts.types import SecondFactor


class SignInEntrySerializer(serializers.Serializer[Any]):
    """One try to sign in; `email` as it was typed, `user` when it is somebody's."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    email = serializers.CharField()
    user = serializers.CharField(source="user_id", allow_null=True)
    by = serializers.CharField()
    outcome = serializers.CharField()
    address = serializers.CharField()
    agent = serializers.CharField()


class SignInPolicySerializer(serializers.Serializer[Any]):
    """Who must have a second factor: nobody, admins (and owners), or everyone who signs in with a password."""

    second_factor = serializers.ChoiceField([choice.value for choice in SecondFactor])


class SignInViewSet(ApiViewSet):
    """The sign-in log; kept for 90 days."""

    permission_classes = [HasPermission("audit.read")]
    serializer_class = SignInEntrySerializer

    @extend_schema(
        operation_id="sign_ins_list",
        parameters=[OpenApiParameter(name, str) for name in ("user", "outcome")],
        responses=SignInEntrySerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Return tries, newest first."""
        wanted = {name: request.query_params.get(name, "") for name in ("user", "outcome")}
        return self.page(queries.sign_ins(**wanted))


class SignInPolicyView(ApiView):
    """The workspace's rule on second factors."""

    permission_classes = [HasPermission("tenant.write")]
    permission_by_action = {"get": "members.read"}
    step_up = ("patch",)

    @extend_schema(operation_id="sign_in_policy_read", responses=SignInPolicySerializer)
    def get(self, request: Request) -> Response:
        """Return the rule."""
        return Response({"second_factor": services.second_factor_for().value})

    @extend_schema(
        operation_id="sign_in_policy_change", request=SignInPolicySerializer, responses=SignInPolicySerializer
    )
    def patch(self, request: Request) -> Response:
        """Change the rule; 409 when you have no second factor yourself."""
        body = SignInPolicySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by = str(request.user.pk or "")
        chosen = services.require_second_factor(body.validated_data["second_factor"], by)
        return Response({"second_factor": chosen.value})


router = Router()
router.register("sign-ins", SignInViewSet, basename="sign-in")
urlpatterns = [path("sign-in-policy", SignInPolicyView.as_view(), name="sign-in-policy")]
