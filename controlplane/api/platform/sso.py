"""Settings of single sign-on: providers, domains, links, policy; and what the sign-in page may know."""

from dataclasses import asdict
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, Open
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from tenants.sso import queries, services
from tenants.sso.types import SENTENCES, Protocol

MANAGE = "sso.manage"
_WRITES = {"client_secret": "", "metadata": ""}


class ProviderSerializer(serializers.Serializer[Any]):
    """An identity provider. `client_secret` and `metadata` are taken and never shown."""

    id = serializers.CharField(read_only=True)
    protocol = serializers.ChoiceField([protocol.value for protocol in Protocol])
    name = serializers.CharField(max_length=80)
    creates_members = serializers.BooleanField(required=False, default=True)
    settings = serializers.DictField()
    client_secret = serializers.CharField(
        write_only=True, required=False, max_length=2000, allow_blank=True, trim_whitespace=False
    )
    metadata = serializers.CharField(write_only=True, required=False, max_length=1_000_000, allow_blank=True)
    secret_set = serializers.BooleanField(read_only=True)
    discovered = serializers.DictField(read_only=True)
    discovered_at = serializers.DateTimeField(read_only=True, allow_null=True)
    enabled = serializers.BooleanField(read_only=True)
    tested = serializers.DictField(read_only=True, allow_null=True)
    problem = serializers.DictField(read_only=True, allow_null=True)
    people = serializers.IntegerField(read_only=True)
    addresses = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    def get_addresses(self, row: Any) -> dict[str, str]:
        """Addresses to copy into the provider's own settings."""
        request = self.context["request"]
        return asdict(services.addresses(f"{request.scheme}://{request.get_host()}", row.id))


class ProviderChangeSerializer(serializers.Serializer[Any]):
    """What may change of a provider; what is left out stays."""

    name = serializers.CharField(max_length=80, required=False)
    creates_members = serializers.BooleanField(required=False)
    settings = serializers.DictField(required=False)
    client_secret = serializers.CharField(
        write_only=True, required=False, max_length=2000, allow_blank=True, trim_whitespace=False
    )
    metadata = serializers.CharField(write_only=True, required=False, max_length=1_000_000, allow_blank=True)
    enabled = serializers.BooleanField(required=False)


class DomainSerializer(serializers.Serializer[Any]):
    """An e-mail domain and the TXT record that proves it."""

    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=253)
    record_name = serializers.SerializerMethodField()
    record_value = serializers.SerializerMethodField()
    verified_at = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)

    def get_record_name(self, row: Any) -> str:
        """Name of the TXT record."""
        return services.record_name(row.name)

    def get_record_value(self, row: Any) -> str:
        """Value of the TXT record."""
        return services.record_value(row.challenge)


class LinkSerializer(serializers.Serializer[Any]):
    """Which subject of a provider is which member."""

    id = serializers.CharField()
    provider = serializers.CharField()
    user = serializers.CharField()
    email = serializers.EmailField()
    subject = serializers.CharField()
    last_sign_in_at = serializers.DateTimeField(allow_null=True)


class RuleSerializer(serializers.Serializer[Any]):
    """A group of the identity provider and the role its people get."""

    group = serializers.CharField(max_length=200)
    role = serializers.CharField(max_length=12)


class PolicySerializer(serializers.Serializer[Any]):
    """The policy of the workspace; what is left out stays."""

    required = serializers.BooleanField(required=False)  # type: ignore[assignment]
    break_glass = serializers.CharField(max_length=32, required=False, allow_blank=True)
    default_role = serializers.CharField(max_length=12, required=False)
    rules = RuleSerializer(many=True, required=False)


class OfferSerializer(serializers.Serializer[Any]):
    """A way to sign in."""

    id = serializers.CharField()
    name = serializers.CharField()
    href = serializers.CharField()


class SignInPageSerializer(serializers.Serializer[Any]):
    """What the sign-in page shows; `problem` is the sentence for `?problem=`, if that is a code we know."""

    required = serializers.BooleanField()  # type: ignore[assignment]
    providers = OfferSerializer(many=True)
    problem = serializers.CharField(allow_null=True)


class ProviderViewSet(ApiViewSet):
    """Identity providers of the workspace. Only an owner manages them."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = ProviderSerializer

    @extend_schema(operation_id="sso_providers_list", responses=ProviderSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the providers, oldest first."""
        return self.page(queries.providers())

    @extend_schema(operation_id="sso_providers_read", responses=ProviderSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one provider."""
        return self._one(pk)

    @extend_schema(operation_id="sso_providers_add", responses={201: ProviderSerializer})
    def create(self, request: Request) -> Response:
        """Add a provider: its own description is read now; it stays off until a test sign-in worked."""
        given = _WRITES | self.validated(request)
        made = services.create_provider(
            given.pop("protocol"), given.pop("name"), given.pop("settings"), **given
        )
        return self._one(made, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="sso_providers_change", request=ProviderChangeSerializer, responses=ProviderSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a provider, or switch it on (after a test that worked) or off."""
        body = ProviderChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        switch = given.pop("enabled", None)
        if given:
            services.change_provider(pk, **given)
        if switch is not None:
            services.switch_provider(pk, switch)
        return self._one(pk)

    @extend_schema(operation_id="sso_providers_refresh", request=None, responses=ProviderSerializer)
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: str) -> Response:
        """Read the provider's own description again."""
        services.refresh_provider(pk)
        return self._one(pk)

    @extend_schema(operation_id="sso_providers_remove", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a provider; sessions it began end."""
        services.remove_provider(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _one(self, provider_id: str, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(queries.provider(provider_id)).data, status=code)


class DomainViewSet(ApiViewSet):
    """E-mail domains of the workspace."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = DomainSerializer

    @extend_schema(operation_id="sso_domains_list", responses=DomainSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the domains, newest first."""
        return self.page(queries.domains())

    @extend_schema(operation_id="sso_domains_add", responses={201: DomainSerializer})
    def create(self, request: Request) -> Response:
        """Add a domain; it counts once its TXT record was seen."""
        made = services.add_domain(self.validated(request)["name"])
        return Response(self.get_serializer(queries.domain(made)).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="sso_domains_verify", request=None, responses=DomainSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Look for the TXT record; 409 when it is not there."""
        services.verify_domain(pk)
        return Response(self.get_serializer(queries.domain(pk)).data)

    @extend_schema(operation_id="sso_domains_remove", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a domain; its people cannot sign in by a provider any more."""
        services.remove_domain(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LinkViewSet(ApiViewSet):
    """Which subject of a provider is which member."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = LinkSerializer

    @extend_schema(operation_id="sso_links_list", responses=LinkSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the links, newest first."""
        return self.page(queries.links())

    @extend_schema(operation_id="sso_links_remove", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a link; the next sign-in goes by the e-mail address again."""
        services.unlink(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PolicyView(ApiView):
    """The policy of the workspace."""

    permission_classes = [HasPermission(MANAGE)]

    @extend_schema(operation_id="sso_policy_read", responses=PolicySerializer)
    def get(self, request: Request) -> Response:
        """Return the policy."""
        return Response(_policy())

    @extend_schema(operation_id="sso_policy_change", request=PolicySerializer, responses=PolicySerializer)
    def patch(self, request: Request) -> Response:
        """Change the policy; new rules count for everyone at once."""
        body = PolicySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        if "rules" in given:
            given["rules"] = [(rule["group"], rule["role"]) for rule in given["rules"]]
        services.change_policy(**given)
        return Response(_policy())


class SignInPageView(ApiView):
    """What somebody who is not signed in may know."""

    authentication_classes = []
    permission_classes = [Open("the sign-in page is shown before anyone is signed in")]

    @extend_schema(
        operation_id="sso_sign_in_page",
        parameters=[OpenApiParameter("problem", str)],
        responses=SignInPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the buttons of the sign-in page."""
        offers = [{"id": key, "name": name, "href": f"/sso/{key}/start"} for key, name in queries.offered()]
        problem = SENTENCES.get(request.query_params.get("problem", ""))
        return Response({"required": services.policy().required, "providers": offers, "problem": problem})


def _policy() -> dict[str, Any]:
    view = services.policy()
    return asdict(view) | {"rules": [{"group": group, "role": role} for group, role in view.rules]}


router = Router()
router.register("sso/providers", ProviderViewSet, basename="sso-provider")
router.register("sso/domains", DomainViewSet, basename="sso-domain")
router.register("sso/links", LinkViewSet, basename="sso-link")
urlpatterns = [
    path("sso/policy", PolicyView.as_view(), name="sso-policy"),
    path("sso/sign-in", SignInPageView.as_view(), name="sso-sign-in"),
]
