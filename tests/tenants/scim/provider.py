"""The provider's side of the wire: requests as they come over HTTP, answers as JSON."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.clients import TenantClient

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
ROOT = "/scim/v2"


@dataclass
class ScimProvider:
    """Sends requests with its token."""

    client: TenantClient
    token: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send one request and return the answer."""
        data: Any = body if isinstance(body, (bytes, str)) else b"" if body is None else orjson.dumps(body)
        sent: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()
        }
        sent.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        kind = sent.pop("HTTP_CONTENT_TYPE", "application/scim+json")
        return self.client.generic(method, f"{ROOT}{path}", data, content_type=kind, **sent)

    def get(self, path: str, **query: Any) -> Any:
        """Read."""
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def new_user(self, who: str, **more: Any) -> dict[str, Any]:
        """Make a user and return it."""
        answer = self.send("POST", "/Users", person(who, **more))
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    def new_group(self, name: str, *members: str) -> dict[str, Any]:
        """Make a group and return it."""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": id_} for id_ in members]}
        answer = self.send("POST", "/Groups", body)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        """Apply operations."""
        return self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def find(self, email: str) -> dict[str, Any]:
        """The user with this userName."""
        found = self.get("/Users", filter=f'userName eq "{email}"').json()["Resources"]
        assert len(found) == 1, found
        return dict(found[0])


def person(who: str, **more: Any) -> dict[str, Any]:
    """A user document: `ann` becomes ann@acme.test."""
    email = who if "@" in who else f"{who}@acme.test"
    made = {
        "schemas": [USER],
        "userName": email,
        "externalId": f"external-{who}",
        "displayName": who.title(),
        "emails": [{"value": email, "type": "work", "primary": True}],
        "active": True,
    }
    return made | more


def replace(path: str, value: Any) -> dict[str, Any]:
    """One operation."""
    return {"op": "replace", "path": path, "value": value}
