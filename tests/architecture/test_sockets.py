"""Only the egress can reach the network: in the source, and while the tests run."""

from __future__ import annotations

import ast
import socket
from pathlib import Path

import pytest

from connectors.egress import Egress, EgressPolicy
from tests import sockets
from tests.connectors.egress.servers import reply, server

REPOSITORY = Path(__file__).resolve().parents[2]
#: Parts of packages that import contracts see only as a whole.
OPENERS = {
    "http.client", "urllib.request", "asyncio.open_connection", "asyncio.create_connection", "asyncio.start_server",
    "multiprocessing.connection", "logging.handlers", "wsgiref.simple_server", "http.server", "django.core.mail",
    "boto3", "botocore.session", "botocore.httpsession", "socket", "ssl", "smtplib", "httpx", "httpcore", "urllib3",
}  # fmt: skip
EXCEPTIONS = {
    "connectors/aws/session.py": {"botocore.session"},
    "tenants/isolation/postgres/cluster.py": {"socket"},
    # Mail of the operator's own server about accounts; no tenant names its address.
    "tenants/accounts": {"django.core.mail"},
}
FREE = ("connectors/egress/", "connectors/testkit/", "controlplane/demo/")


def opened_by(file: str, source: str) -> list[str]:
    """The openers a source file imports without being allowed to."""
    allowed = {name for place, names in EXCEPTIONS.items() if file.startswith(place) for name in names}
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
    return sorted(found & OPENERS - allowed)


@pytest.mark.asvs("13.2.4", "13.2.5", "15.2.5")
def test_no_source_file_but_the_egress_can_open_a_socket() -> None:
    wrong = []
    for package in ("connectors", "tenants", "controlplane"):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            file = str(path.relative_to(REPOSITORY))
            if not file.startswith(FREE):
                wrong += [f"{file} uses {name}" for name in opened_by(file, path.read_text())]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    ["import socket", "from http.client import HTTPSConnection", "import urllib.request", "from urllib import request",
     "import asyncio\nasyncio.open_connection('x', 1)", "from logging.handlers import SysLogHandler", "import ssl"],
)  # fmt: skip
def test_a_source_file_that_could_is_noticed(source: str) -> None:
    assert opened_by("controlplane/findings/services.py", source)


def module_of_the_product(source: str) -> dict[str, object]:
    """Run a source as if it stood in a file of the product."""
    names: dict[str, object] = {}
    exec(compile(source, str(REPOSITORY / "controlplane" / "findings" / "services.py"), "exec"), names)
    return names


@pytest.mark.parametrize(
    "source",
    ["import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)",
     "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{port}/')",
     "import httpx\nhttpx.get('http://127.0.0.1:{port}/')",
     "import socket\nsocket.getaddrinfo('localhost', {port})",
     "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.asvs("13.2.4")
def test_a_module_that_opens_a_socket_while_it_runs_is_noticed(source: str) -> None:
    asked: list[str] = []
    with (
        server(lambda handler: asked.append(handler.path)) as port,
        pytest.raises(Exception, match=r"controlplane/findings/services\.py"),
    ):
        module_of_the_product(source.format(port=port))
    assert sockets.violations
    assert asked == []
    sockets.violations.clear()


def test_the_egress_itself_is_not_noticed() -> None:
    with server(reply(200)) as port, sockets.connections_made() as made:
        Egress(EgressPolicy(allow=frozenset({f"127.0.0.1:{port}"}))).request(
            "GET", f"http://127.0.0.1:{port}/"
        )
    assert made == [("127.0.0.1", port)]
    assert sockets.violations == []


def test_tests_may_open_sockets() -> None:
    with server(reply(200)) as port:
        socket.create_connection(("127.0.0.1", port), 1).close()
    assert sockets.violations == []
