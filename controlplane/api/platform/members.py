"""Members of the workspace and their roles."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, granted
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.members import queries, services
from tenants.members.permissions import PERMISSIONS, Role

ROLES = [role.value for role in Role]


class MemberSerializer(serializers.Serializer[Any]):
    """A person and their role."""

    id = serializers.CharField(read_only=True)
    user = serializers.CharField(read_only=True)
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    role = serializers.ChoiceField(ROLES)
    created_at = serializers.DateTimeField(read_only=True)


class NewMemberSerializer(MemberSerializer):
    """A member to add; without a password they must reset it before signing in."""

    password = serializers.CharField(
        max_length=200, trim_whitespace=False, write_only=True, required=False, default=None
    )


class RoleSerializer(serializers.Serializer[Any]):
    """The role a member shall have."""

    role = serializers.ChoiceField(ROLES)


class RoleTableSerializer(serializers.Serializer[Any]):
    """A role and what it may do."""

    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())


class MemberViewSet(ApiViewSet):
    """List, add, change and remove members."""

    permission_classes = [HasPermission("members.read")]
    permission_by_action = dict.fromkeys(("create", "partial_update", "destroy"), "members.write")
    serializer_class = MemberSerializer

    @extend_schema(operation_id="members_list", responses=MemberSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the members, oldest first."""
        return self.page(queries.members())

    @extend_schema(operation_id="members_read", responses=MemberSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one member."""
        return Response(self.get_serializer(queries.member(pk)).data)

    @extend_schema(operation_id="members_add", request=NewMemberSerializer, responses={201: MemberSerializer})
    def create(self, request: Request) -> Response:
        """Add a person to the workspace, with a role within the caller's own rights."""
        body = NewMemberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = services.add_member(
            given["email"],
            given["role"],
            password=given["password"],
            name=given["name"],
            holder=granted(request),
        )
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


class RoleViewSet(ApiViewSet):
    """The roles and what each may do."""

    permission_classes = [HasPermission("members.read")]
    serializer_class = RoleTableSerializer

    @extend_schema(operation_id="roles_list", responses=RoleTableSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return every role with its permissions."""
        return self.page([{"role": role.value, "permissions": sorted(PERMISSIONS[role])} for role in Role])


router = Router()
router.register("members", MemberViewSet, basename="member")
router.register("roles", RoleViewSet, basename="role")
