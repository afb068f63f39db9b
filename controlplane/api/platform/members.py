"""Members of the workspace, their roles, and what each role may do."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, granted
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.errors import Invalid
from tenants.members import queries, services
from tenants.members.permissions import (
    ALL,
    PERMISSIONS,
    ROLE_SENTENCES,
    SENTENCES,
    STEP_UP,
    TOKEN_SCOPES,
    Role,
)

ROLES = [role.value for role in Role]


class MemberSerializer(serializers.Serializer[Any]):
    """A person and their role; `active` is false for a suspended one."""

    id = serializers.CharField(read_only=True)
    user = serializers.CharField(read_only=True)
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    role = serializers.ChoiceField(ROLES)
    active = serializers.BooleanField(read_only=True)
    second_factor = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class RoleSerializer(serializers.Serializer[Any]):
    """The role a member shall have."""

    role = serializers.ChoiceField(ROLES)


class RoleTableSerializer(serializers.Serializer[Any]):
    """A role, what it is for and what it may do."""

    role = serializers.CharField()
    sentence = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())


class MemberSessionsEndedSerializer(serializers.Serializer[Any]):
    """How many sessions of a member were ended."""

    ended = serializers.IntegerField()


class PermissionSerializer(serializers.Serializer[Any]):
    """A permission in a sentence, who has it, and whether a token may have it or a change needs step-up."""

    name = serializers.CharField()
    sentence = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    for_tokens = serializers.BooleanField()
    step_up = serializers.BooleanField()


class MemberViewSet(ApiViewSet):
    """List, add, change and remove members."""

    permission_classes = [HasPermission("members.read")]
    permission_by_action = dict.fromkeys(
        ("create", "partial_update", "destroy", "clear_factors", "end_sessions"), "members.write"
    )
    serializer_class = MemberSerializer

    @extend_schema(operation_id="members_list", responses=MemberSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the members, oldest first."""
        return self.page(queries.members())

    @extend_schema(operation_id="members_read", responses=MemberSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one member."""
        return Response(self.get_serializer(queries.member(pk)).data)

    @extend_schema(operation_id="members_add", responses={201: MemberSerializer})
    def create(self, request: Request) -> Response:
        """Add a person without a mail: they sign in by single sign-on, or ask for a password. Else: invitations."""
        if "password" in request.data:
            problem = {"password": ["Nobody chooses another person's password; send an invitation."]}
            raise Invalid("password-not-taken", "No member was added.", fields=problem)
        given = self.validated(request)
        made = services.add_member(given["email"], given["role"], name=given["name"], holder=granted(request))
        return Response(self.get_serializer(queries.member(made)).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="members_change_role", request=RoleSerializer, responses=MemberSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a member's role."""
        body = RoleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_role(pk, body.validated_data["role"], granted(request))
        return Response(self.get_serializer(queries.member(pk)).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a member; their sessions end at once."""
        services.remove_member(pk, granted(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="members_clear_factors", request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"], url_path="clear-factors")
    def clear_factors(self, request: Request, pk: str) -> Response:
        """Remove the second factors of a member who lost them; make sure first that it is them who ask."""
        services.clear_member_factors(pk, granted(request))
        return Response(self.get_serializer(queries.member(pk)).data)

    @extend_schema(
        operation_id="members_end_sessions", request=None, responses={200: MemberSessionsEndedSerializer}
    )
    @action(detail=True, methods=["post"], url_path="end-sessions")
    def end_sessions(self, request: Request, pk: str) -> Response:
        """Sign a member out everywhere; they can sign in again."""
        return Response({"ended": services.end_member_sessions(pk, granted(request))})


class RoleViewSet(ApiViewSet):
    """The roles and what each may do."""

    permission_classes = [HasPermission("members.read")]
    serializer_class = RoleTableSerializer

    @extend_schema(operation_id="roles_list", responses=RoleTableSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return every role with its permissions."""
        return self.page(
            [
                {
                    "role": role.value,
                    "sentence": ROLE_SENTENCES[role],
                    "permissions": sorted(PERMISSIONS[role]),
                }
                for role in Role
            ]
        )


class PermissionViewSet(ApiViewSet):
    """The permissions, each in a sentence."""

    permission_classes = [HasPermission("members.read")]
    serializer_class = PermissionSerializer

    @extend_schema(operation_id="permissions_list", responses=PermissionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return every permission with the roles that have it."""
        return self.page(
            [
                {
                    "name": name,
                    "sentence": SENTENCES[name],
                    "roles": [role.value for role in Role if name in PERMISSIONS[role]],
                    "for_tokens": name in TOKEN_SCOPES,
                    "step_up": name in STEP_UP,
                }
                for name in sorted(ALL)
            ]
        )


router = Router()
router.register("members", MemberViewSet, basename="member")
router.register("roles", RoleViewSet, basename="role")
router.register("permissions", PermissionViewSet, basename="permission")
