"""The SCIM resources as they are offered: only attributes that are used, so that nothing else is kept.

What a provider sends beyond them is ignored, as RFC 7644 §3.3 allows and every provider relies on.
"""

from functools import cache
from typing import Annotated, Any, Final

from pydantic import Field
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Meta,
    Mutability,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Uniqueness,
)
from scim2_models.resources import service_provider_config as config

MOST_RESULTS: Final = 200
LARGEST: Final = 1024 * 1024  # bytes of a request's body

#: How far a payload may depart from the RFCs: as far as Okta and Entra ID do.
POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An e-mail address; the primary one is the account's, it must be in a verified domain."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class UserGroup(ComplexAttribute):
    """A group the person is in."""

    value: Annotated[str | None, Mutability.read_only] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """A member of the workspace."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    #: Always there and never removed; a document that leaves it out is taken all the same.
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None
    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None


class GroupPerson(ComplexAttribute):
    """A person in a group; groups in groups are not offered."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of the identity provider, which the workspace's rules turn into a role."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[GroupPerson] | None = None


def provider_config(base: str) -> ServiceProviderConfig:
    """What is offered and what is not (RFC 7643 §5)."""
    scheme = config.AuthenticationScheme(
        type=config.AuthenticationScheme.Type.oauthbearertoken,
        name="SCIM token",
        description="A token made by an owner in Settings; it is good for provisioning and nothing else.",
        primary=True,
    )
    return ServiceProviderConfig(
        patch=config.Patch(supported=True),
        bulk=config.Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=config.Filter(supported=True, max_results=MOST_RESULTS),
        change_password=config.ChangePassword(supported=False),
        sort=config.Sort(supported=False),
        etag=config.ETag(supported=True),
        authentication_schemes=[scheme],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{base}/ServiceProviderConfig"),
    )


def resource_types(base: str) -> list[ResourceType]:
    """The resource types with their addresses (RFC 7643 §6)."""
    found = [ResourceType.from_resource(model) for model in (User, Group)]
    for row in found:
        row.meta = Meta(resource_type="ResourceType", location=f"{base}/ResourceTypes/{row.id}")
    return found


def schemas(base: str) -> list[Schema]:
    """The schemas of everything that is answered (RFC 7643 §7)."""
    models = (User, Group, Schema, ResourceType, ServiceProviderConfig)
    found = [model.to_schema() for model in models]
    for row in found:
        row.meta = Meta(resource_type="Schema", location=f"{base}/Schemas/{row.id}")
    return found


@cache
def offered() -> ScimProvider:
    """The service's own description, under which payloads are read."""
    return ScimProvider(models=[User, Group], policy=POLICY)
