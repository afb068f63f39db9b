"""A Log Analytics workspace: tables with the time rows were taken in, and the part of the query language that is asked.

Source: Azure Monitor Log Analytics query API (``POST /v1/workspaces/{id}/query``), its limits (500,000 rows, 64 MB) and
its partial answers.
"""

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azure.errors import Refusal
from connectors.testkit.doubles.azure.identity import LOGS, Directory
from connectors.testkit.doubles.azure.roles import Roles
from connectors.testkit.doubles.serving import json_response

#: The query API stands beside Resource Manager here, under a path of its own.
QUERY_PATH = "/loganalytics/v1/workspaces/"
TABLES = ("AzureDiagnostics", "AGWAccessLogs", "AGWFirewallLogs")
_TIME = r"datetime\(([^)]+)\)"
_BETWEEN = re.compile(rf"where ingestion_time\(\) between \({_TIME} \.\. {_TIME}\)")
_CATEGORY = re.compile(r'where Category in \(((?:"\w+"(?:, )?)+)\)')

_PACK = "project record = pack_all(true)"

Row = dict[str, Any]


@dataclass
class LogTables:
    """The workspace. ``most`` is how many rows one answer holds; ``absent`` tables never got a row."""

    workspace: str
    directory: Directory
    roles: Roles
    most: int = 500_000
    rows: list[tuple[str, datetime, Row]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, table: str, row: Row, ingested: datetime | None = None) -> None:
        """Take a row in."""
        with self._lock:
            self.rows.append((table, ingested or datetime.now(UTC), row))

    def answer(self, request: Request) -> Response:
        """Answer one query; raises ``Refusal``."""
        principal = self.directory.principal(request, LOGS)
        workspace = request.path.removeprefix(QUERY_PATH).partition("/")[0]
        if request.method != "POST":
            raise Refusal(405, "MethodNotAllowed", "Only POST.")
        if workspace != self.workspace:
            raise Refusal(404, "WorkspaceNotFoundError", "The workspace could not be found.")
        self.roles.check(principal, "Microsoft.OperationalInsights/workspaces/query/read", request.path)
        query = str(orjson.loads(request.get_data()).get("query", ""))
        if query == "print now()":
            now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            return _table([{"name": "print_0", "type": "datetime"}], [[now]], partial=False)
        table, *steps = [step.strip() for step in query.split("|")]
        if table not in TABLES:
            raise _semantic(f"Failed to resolve table or column expression named '{table}'")
        action = f"Microsoft.OperationalInsights/workspaces/query/{table}/read"
        self.roles.check(principal, action, request.path)
        with self._lock:
            found = [(ingested, row) for name, ingested, row in self.rows if name == table]
        packed = bool(steps) and steps[-1] == _PACK
        for step in steps[:-1] if packed else steps:
            found = _step(step, found)
        partial = len(found) > self.most
        return (_packed if packed else _answered)(found[: self.most], partial=partial)


def _step(step: str, found: list[tuple[datetime, Row]]) -> list[tuple[datetime, Row]]:
    if asked := _BETWEEN.fullmatch(step):
        first, last = (datetime.fromisoformat(text) for text in asked.groups())
        return [entry for entry in found if first <= entry[0] <= last]
    if asked := _CATEGORY.fullmatch(step):
        names = set(re.findall(r'"(\w+)"', asked.group(1)))
        return [entry for entry in found if entry[1].get("Category") in names]
    if asked := re.fullmatch(r"take (\d+)", step):
        return found[: int(asked.group(1))]
    raise _semantic(f"The query could not be parsed at '{step}'.")


def _semantic(message: str) -> Refusal:
    return Refusal(400, "BadArgumentError", f"The request had some invalid properties: {message}")


def _answered(found: list[tuple[datetime, Row]], *, partial: bool) -> Response:
    names = list(dict.fromkeys(name for _, row in found for name in row))
    columns = [{"name": name, "type": "datetime" if name == "TimeGenerated" else "string"} for name in names]
    return _table(columns, [[row.get(name) for name in names] for _, row in found], partial=partial)


def _packed(found: list[tuple[datetime, Row]], *, partial: bool) -> Response:
    """One property bag per row, without what is empty; bags are texts in answers."""
    bags = [{name: value for name, value in row.items() if value not in (None, "")} for _, row in found]
    rows = [[orjson.dumps(bag).decode()] for bag in bags]
    return _table([{"name": "record", "type": "dynamic"}], rows, partial=partial)


def _table(columns: list[dict[str, str]], rows: list[list[Any]], *, partial: bool) -> Response:
    body: dict[str, Any] = {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}
    if partial:
        message = "There were some errors when processing your query."
        body["error"] = {"code": "PartialError", "message": message}
    return json_response(body)
