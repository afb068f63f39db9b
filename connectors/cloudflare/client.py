"""Speak to Cloudflare's API v4: the envelope, pages to the end, and its refusals as our errors.

Sources: API reference (envelope, paging), typed SDK ``cloudflare`` 5.9 (``result_info`` of each list), "Rate limits"
(1,200 requests in five minutes, then 429 with ``retry-after``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from connectors.base.errors import (
    ConflictError,
    PermissionMissing,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.egress import Egress, EgressResponse

MAX_PAGES: Final = 2000
#: Codes that mean "this token lacks a permission"; other refusals with 403 are about the plan.
_NO_PERMISSION: Final = frozenset({9109, 10000})
#: A token that is not even formed like one is answered 400 with one of these.
_NO_TOKEN: Final = frozenset({6003, 6111, 9106})
_ADVICE: Final = "Check the API token in the connection's settings; make a new one if it was rolled."

Document = dict[str, Any]


class Absent(SettingsError):
    """Cloudflare has no such object for this token."""

    code = "absent"


class PlanRefused(PermissionMissing):
    """Cloudflare refused for another reason than a missing permission: usually the plan does not include it."""

    code = "plan_refused"


class ApiV4:
    """One account, with one token."""

    def __init__(self, settings: CloudflareSettings, egress: Egress) -> None:
        self._base = settings.api_url
        self._token = settings.api_token.get_secret_value() if settings.api_token is not None else ""
        self._egress = egress
        self.account = settings.account_id

    def one(
        self, path: str, scope: str, query: Mapping[str, Any] | None = None, *, absent: bool = False
    ) -> Any:
        """``result`` of a GET. With ``absent``, None when Cloudflare has no such object."""
        answer = self._exchange("GET", _with(path, query), scope, allow=(404,) if absent else ())
        return None if answer is None else answer["result"]

    def pages(
        self, path: str, scope: str, size: int = 0, query: Mapping[str, Any] | None = None
    ) -> list[Document]:
        """Every entry of a list that is paged by number (``size`` a page) or comes whole (``size`` 0)."""
        found: list[Document] = []
        for number in range(1, MAX_PAGES + 1):
            paging = {"page": number, "per_page": size} if size else {}
            answer = self._read(_with(path, {**(query or {}), **paging}), scope)
            entries = _entries(answer, path)
            found += entries
            total = _info(answer).get("total_count")
            if not size or (isinstance(total, int) and len(found) >= total):
                return found
            if isinstance(total, int) and not entries:
                raise VendorAnswerError(
                    f"Cloudflare announced {total} entries of {path} and gave {len(found)}."
                )
            if not isinstance(total, int) and len(entries) < size:
                return found
        raise VendorAnswerError(f"Cloudflare's list {path} did not end after {MAX_PAGES} pages.")

    def after(
        self, path: str, scope: str, query: Mapping[str, Any], cursor: str = ""
    ) -> tuple[list[Document], str]:
        """One page after a cursor ("" for the first) and the next cursor, "" at the end."""
        answer = self._read(_with(path, {**query, **({"cursor": cursor} if cursor else {})}), scope)
        info = _info(answer)
        cursors = info.get("cursors")
        following = cursors.get("after") if isinstance(cursors, Mapping) else info.get("cursor")
        entries = _entries(answer, path)
        if following and not entries:
            raise VendorAnswerError(f"Cloudflare's list {path} has an empty page before its end.")
        return entries, str(following or "")

    def write(self, method: str, path: str, scope: str, document: Any = None) -> Any:
        """``result`` of a POST, PUT, PATCH or DELETE; ``RefusedError`` with Cloudflare's words when it is not taken."""
        answer = self._exchange(method, path, scope, document)
        return None if answer is None else answer["result"]

    def graphql(self, query: str, variables: Mapping[str, Any], scope: str) -> Document:
        """``data`` of a GraphQL query; its errors come with status 200."""
        body = {"query": query, "variables": dict(variables)}
        answer = self._send("POST", "/graphql", body)
        if answer.status != 200:
            self._refuse(answer, "POST /graphql", scope)
        document = _parsed(answer, "POST /graphql")
        errors, data = document.get("errors"), document.get("data")
        if errors:
            said = _said(errors)
            if "not authorized" in said or "authz" in said:
                raise PermissionMissing(
                    f"Cloudflare refused the GraphQL query: {said}", missing=scope, action=_add(scope)
                )
            raise VendorAnswerError(f"Cloudflare refused the GraphQL query: {said}")
        if not isinstance(data, dict):
            raise VendorAnswerError("Cloudflare's GraphQL answer has no data.")
        return data

    def _read(self, path: str, scope: str) -> Document:
        answer = self._exchange("GET", path, scope)
        assert answer is not None, "only allowed statuses give None"
        return answer

    def _exchange(
        self, method: str, path: str, scope: str, document: Any = None, *, allow: tuple[int, ...] = ()
    ) -> Document | None:
        action = f"{method} {path.partition('?')[0]}"
        answer = self._send(method, path, document)
        if answer.status in allow:
            return None
        if not 200 <= answer.status < 300:
            self._refuse(answer, action, scope)
        parsed = _parsed(answer, action)
        if parsed.get("success") is not True or "result" not in parsed:
            raise VendorAnswerError(
                f"Cloudflare's answer to {action} is no success: {_said(parsed.get('errors'))}"
            )
        return parsed

    def _send(self, method: str, path: str, document: Any) -> EgressResponse:
        if not self._token:
            raise SettingsError(
                "This connection has no API token: it only receives what Logpush sends.",
                action="Enter an API token and the account id to read the configuration and to block.",
            )
        headers = {"accept": "application/json", "authorization": f"Bearer {self._token}"}
        content = None
        if document is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(document)
        return self._egress.request(method, self._base + path, headers=headers, content=content)

    @staticmethod
    def _refuse(answer: EgressResponse, action: str, scope: str) -> None:
        """Raise the error that status and code stand for."""
        status, (code, said) = answer.status, _first_error(answer.content)
        if status == 401 or (status == 400 and code in _NO_TOKEN):
            raise SettingsError(f"Cloudflare did not accept the token on {action}.", action=_ADVICE)
        if status == 403 and code in _NO_PERMISSION:
            raise PermissionMissing(
                f"Cloudflare refused {action} for this token.", missing=scope, action=_add(scope)
            )
        if status == 403:
            raise PlanRefused(
                f"Cloudflare refused {action}: {said}",
                missing=scope,
                action=f"Check that the zone's plan includes it and that the token has {scope}.",
            )
        if status == 404:
            raise Absent(
                f"Cloudflare knows nothing at {action}: {said}",
                action="Check the account id and that the token covers this zone.",
            )
        if status == 409:
            raise ConflictError(
                f"Cloudflare refused {action}: {said}", action="Read the state again and retry."
            )
        if status == 429 or status >= 500:
            raise TransientError(f"Cloudflare answered {status} on {action}.")
        raise RefusedError(f"Cloudflare did not accept {action}: {said}", action="The reason is given above.")


def _add(scope: str) -> str:
    return f"Add the permission “{scope}” to the token, for this account and its zones."


def _with(path: str, query: Mapping[str, Any] | None) -> str:
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _parsed(answer: EgressResponse, action: str) -> Document:
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError as error:
        raise VendorAnswerError(
            f"The answer to {action} was not JSON.",
            action="Check that the API address ends in /client/v4 and is not a web page's.",
        ) from error
    if not isinstance(document, dict):
        raise VendorAnswerError(f"The answer to {action} was not a JSON object.")
    return document


def _entries(answer: Document, path: str) -> list[Document]:
    result = answer["result"]
    if result is None:
        return []  # lists without an entry may come as null
    if not isinstance(result, list) or not all(isinstance(entry, dict) for entry in result):
        raise VendorAnswerError(f"Cloudflare's answer to GET {path} has no list of objects.")
    return result


def _info(answer: Document) -> Mapping[str, Any]:
    info = answer.get("result_info")
    return info if isinstance(info, Mapping) else {}


def _first_error(content: bytes) -> tuple[int, str]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return 0, "no explanation."
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code")
    return (code if isinstance(code, int) else 0), _said(errors)


def _said(errors: object) -> str:
    """Cloudflare's own words, shortened."""
    found = [
        str(error.get("message") or error.get("code"))
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
    return "; ".join(found)[:300] or "no explanation."
