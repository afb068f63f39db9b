"""Query a Log Analytics workspace: one table, one window of ingestion time, whole records.

Source: Azure Monitor Log Analytics query API. Its limits are 500,000 rows and 64 MB an answer and 200 queries in 30 s;
what it cuts off it marks as a partial error. We ask for fewer rows at once, so that an answer is whole or known not to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.azure.client import refuse
from connectors.azure.entra import SignIn
from connectors.azure.manifest import AzureSettings
from connectors.base.errors import VendorAnswerError
from connectors.base.identity import Identity
from connectors.egress import Egress

#: The most rows of one answer we take.
ROWS: Final = 20_000
#: Which records are read from which table.
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "AzureDiagnostics": (
        "FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog", "FrontdoorAccessLog",
        "FrontdoorWebApplicationFirewallLog", "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog",
    ),
    "AGWAccessLogs": (),
    "AGWFirewallLogs": (),
}  # fmt: skip


class TooManyRows(VendorAnswerError):
    """The window holds more than one answer does: a shorter one has to be asked for."""


class Workspace:
    """The workspace of the settings; ``most`` is how many rows of a table are taken at once."""

    def __init__(
        self, settings: AzureSettings, egress: Egress, identity: Identity | None = None, *, most: int = ROWS
    ) -> None:
        self._most = most
        self._url = f"{settings.logs_url}/v1/workspaces/{settings.workspace_id}/query"
        self._egress = egress
        self._sign_in = SignIn(settings, egress, settings.logs_url, identity)

    def records(self, table: str, first: datetime, last: datetime) -> list[bytes]:
        """The records of a table taken in from ``first`` to ``last``, both included, each as a JSON object.

        A table that never got a record does not exist, which is no failure. Raises ``TooManyRows``.
        """
        steps = [
            table,
            f"where ingestion_time() between (datetime({_time(first)}) .. datetime({_time(last)}))",
        ]
        if CATEGORIES[table]:
            names = ", ".join(f'"{name}"' for name in CATEGORIES[table])
            steps.append(f"where Category in ({names})")
        rows = self.query(" | ".join([*steps, f"take {self._most}", "project record = pack_all(true)"]))
        if len(rows) >= self._most:
            raise TooManyRows(f"{table} took in {self._most} records or more between {first} and {last}.")
        return [_record(row) for row in rows]

    def now(self) -> datetime:
        """What time it is at the workspace, which dates what it takes in: a clock of ours may be wrong."""
        rows = self.query("print now()")
        try:
            found = datetime.fromisoformat(str(rows[0][0]))
        except (IndexError, ValueError) as error:
            raise VendorAnswerError("Log Analytics did not tell what time it is.") from error
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def query(self, text: str) -> list[list[Any]]:
        """The rows of a query's answer."""
        for again in (True, False):
            answer = self._egress.request(
                "POST",
                self._url,
                headers={
                    "authorization": f"Bearer {self._sign_in.token()}",
                    "content-type": "application/json",
                },
                content=orjson.dumps({"query": text}),
            )
            if answer.status != 401 or not again:
                break
            self._sign_in.forget()
        if answer.status == 400 and b"Failed to resolve table" in answer.content:
            return []
        if answer.status >= 300:
            refuse(answer, "POST query")
        return _rows(answer.json())


def _rows(document: Any) -> list[list[Any]]:
    if not isinstance(document, dict):
        raise VendorAnswerError("Log Analytics' answer was not a JSON object.")
    if document.get("error"):
        code = document["error"].get("code") if isinstance(document["error"], dict) else document["error"]
        raise TooManyRows(f"Log Analytics gave only a part of the answer ({code}).")
    tables = document.get("tables")
    if not isinstance(tables, list) or not tables or not isinstance(tables[0], dict):
        raise VendorAnswerError("Log Analytics' answer holds no table.")
    rows = tables[0].get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, Sequence) and row for row in rows):
        raise VendorAnswerError("Log Analytics' answer holds no rows.")
    return rows


def _record(row: Sequence[Any]) -> bytes:
    """A property bag comes as a text, in some versions of the API as an object."""
    return row[0].encode() if isinstance(row[0], str) else orjson.dumps(row[0])


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
