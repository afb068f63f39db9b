"""Cloud Audit Logs, admin activity: two entries per operation, its beginning and its end, as compute writes them.

Source: "Cloud Audit Logs", "Understanding audit logs" (operation.first and .last), Cloud Armor "Audit logging" (methods).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.google.discovery import Call

_TYPES = {
    "securityPolicies": ("network_security_policy", "policy_name"),
    "backendServices": ("gce_backend_service", "backend_service_name"),
    "urlMaps": ("gce_url_map", "url_map_name"),
}
_DENIED = 7


@dataclass(frozen=True)
class Caller:
    """Who asked: account, address, user agent."""

    email: str
    address: str
    agent: str


@dataclass(frozen=True)
class Audit:
    """Writes the audit log of one project."""

    logs: LogStore
    project: str

    def begin(self, call: Call, resource: str, caller: Caller, operation: str) -> Callable[[], None]:
        """The entry of a change's beginning; what is returned writes that of its end."""
        about = {"id": operation, "producer": "compute.googleapis.com"}
        self._write(call, resource, caller, {"operation": {**about, "first": True}}, request=True)
        return lambda: self._write(call, resource, caller, {"operation": {**about, "last": True}})

    def denied(self, call: Call, resource: str, caller: Caller, permission: str) -> None:
        """The one entry of a change that IAM refused."""
        status = {"code": _DENIED, "message": f"Required '{permission}' permission for '{resource}'"}
        self._write(call, resource, caller, {"severity": "ERROR"}, request=True, status=status)

    def _write(
        self,
        call: Call,
        resource: str,
        caller: Caller,
        extra: dict[str, Any],
        *,
        request: bool = False,
        status: dict[str, Any] | None = None,
    ) -> None:
        service, _, method = call.method.partition(".")
        collection = resource.split("/")[-2]
        kind, label = _TYPES.get(collection, ("gce_resource", "resource_name"))
        payload: dict[str, Any] = {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": caller.email},
            "requestMetadata": {"callerIp": caller.address, "callerSuppliedUserAgent": caller.agent},
            "serviceName": f"{service}.googleapis.com",
            "methodName": f"v1.{service}.{method}",
            "resourceName": resource,
        }
        if status:
            payload["status"] = status
        if request:
            payload["request"] = {
                "@type": f"type.googleapis.com/{call.method}",
                **(call.body or {}),
                **call.query,
            }
        self.logs.write(
            {
                "protoPayload": payload,
                "resource": {
                    "type": kind,
                    "labels": {
                        "project_id": self.project,
                        "location": "global",
                        label: resource.split("/")[-1],
                    },
                },
                "severity": "NOTICE",
                "logName": f"projects/{self.project}/logs/cloudaudit.googleapis.com%2Factivity",
                **extra,
            }
        )
