"""The login at PostgreSQL needs no password that lasts: one of the moment for each session, or a certificate."""

import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trustme
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pytest_django.plugin import DjangoDbBlocker

from tenants.isolation.credentials import NoCredential, fresh_password
from tenants.isolation.postgres.cluster import Cluster
from tenants.isolation.roles import APP_ROLE, DATABASE, OWNER_ROLE

MINTING = Path(__file__).with_name("minting.py")
SECRET = "shown-nowhere-8412"
PRODUCT = """
import django; django.setup()
from django.db import connections
from tenants.orgs.services import create_tenant
from tenants.queue.broker import make_broker

print(create_tenant("Acme", "acme", "owner@acme.test", None).slug)
broker = make_broker([])
for _ in range(2):
    with broker.pool.connection() as session:
        assert session.execute("SELECT session_user").fetchone() == ("portcullis_app",)
        session.close()
broker.close()
connections.close_all()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server whose roles these tests may give other passwords."""
    folder = Path("/var/tmp") / f"portcullis-credentials-{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    made = Cluster(folder / "postgres", fast=True)
    made.start()
    yield made
    made.stop()
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _sessions_of_its_own(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def settings(cluster: Cluster, **more: Any) -> dict[str, Any]:
    """Django's settings of a connection as the app role, without a password."""
    address = cluster.address()
    return {
        "ENGINE": "tenants.isolation.backend", "NAME": DATABASE, "USER": APP_ROLE,
        "HOST": address.folder, "PORT": str(address.port), **more,
    }  # fmt: skip


def connected(values: dict[str, Any]) -> Any:
    """A fresh connection of the product."""
    return ConnectionHandler({"default": values})["default"]


def who(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return str(cursor.fetchone()[0])


def change(cluster: Cluster, password: str) -> None:
    """Give the app role another password."""
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    with psycopg.connect(**cluster.address().dsn("postgres", "postgres"), autocommit=True) as session:  # type: ignore[arg-type]
        session.execute(statement.format(sql.Identifier(APP_ROLE), sql.Literal(password)))


@pytest.mark.asvs("13.2.1")
def test_each_new_session_asks_for_its_password_and_an_old_session_outlives_its_own(
    cluster: Cluster, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    command = [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", str(said)]
    first, second = (connected(settings(cluster, PASSWORD_COMMAND=command)) for _ in range(2))
    for password, connection in (("one", first), ("two", second)):
        change(cluster, password)
        said.write_text(password)
        assert who(connection) == APP_ROLE
    assert who(first) == APP_ROLE, "its session was opened with a password that is void now"
    first.close()
    assert who(first) == APP_ROLE
    first.close()
    said.write_text("one")
    with pytest.raises(OperationalError, match="password authentication failed"):
        who(first)
    second.close()


@pytest.mark.asvs("13.2.1")
def test_a_password_file_is_read_for_each_new_session(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    connection = connected(settings(cluster, PASSWORD="", OPTIONS={"passfile": str(file)}))
    for password in ("three", "four"):
        change(cluster, password)
        file.write_text(f"*:*:*:*:{password}\n")
        file.chmod(0o600)
        assert who(connection) == APP_ROLE
        connection.close()


@pytest.mark.slow
@pytest.mark.asvs("13.2.1")
def test_the_whole_product_works_with_passwords_that_open_one_session(
    cluster: Cluster, tmp_path: Path
) -> None:
    address = cluster.address()
    dsn = tmp_path / "dsn"
    dsn.write_text(make_conninfo("", **address.dsn("postgres", "postgres")))
    url = f"postgresql://{{}}@127.0.0.1:{address.port}/{DATABASE}"
    environment = os.environ | {
        "DATABASE_URL": url.format(APP_ROLE),
        "OWNER_DATABASE_URL": url.format(OWNER_ROLE),
        "PORTCULLIS_DATABASE_PASSWORD_COMMAND": f"{sys.executable} {MINTING} {dsn} {{user}}",
        "PORTCULLIS_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "controlplane.config.settings",
    }
    for command in (["manage.py", "migrate_all"], ["-c", PRODUCT]):
        done = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "acme"
    refused = environment | {"DATABASE_URL": url.format(f"{APP_ROLE}:lasting")}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env=refused, capture_output=True, text=True, check=False
    )
    assert "DATABASE_URL must hold none" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", f"import sys; print('{SECRET}'); sys.exit(3)"],
        [sys.executable, "-c", f"import sys; print('{SECRET}', file=sys.stderr)"],
        ["/nowhere/at/all", SECRET],
    ],
)
def test_a_command_that_gives_none_opens_nothing_and_its_output_is_not_shown(
    cluster: Cluster, command: list[str]
) -> None:
    with pytest.raises(OperationalError) as caught:
        who(connected(settings(cluster, PASSWORD_COMMAND=command)))
    assert isinstance(caught.value, NoCredential)
    assert "no database session was opened" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.asvs("1.2.5")
def test_no_shell_sees_the_command_and_it_knows_which_session_it_is_for() -> None:
    command = [sys.executable, "-c", "import sys; print(sys.argv[1])", "{user}@{host}:{port}/{dbname};$(id)"]
    session = {"user": "u`id`", "host": "h", "port": "1", "dbname": "d"}
    assert fresh_password(command, session) == "u`id`@h:1/d;$(id)"


@pytest.mark.asvs("13.2.1")
def test_a_certificate_is_shown_to_the_server_and_the_server_has_to_show_its_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine = authority.issue_cert(common_name=APP_ROLE)
    (tmp_path / "mine.pem").write_bytes(b"".join(each.bytes() for each in mine.cert_chain_pems))
    mine.private_key_pem.write_to_path(tmp_path / "mine.key")
    (tmp_path / "mine.key").chmod(0o600)
    options = {
        "sslmode": "verify-full", "sslrootcert": str(tmp_path / "ca.pem"), "sslcert": str(tmp_path / "mine.pem"),
        "sslkey": str(tmp_path / "mine.key"), "connect_timeout": "20",
    }  # fmt: skip
    assert shown_to(authority, authority.issue_cert("127.0.0.1"), options) == [APP_ROLE]
    assert shown_to(authority, trustme.CA().issue_cert("127.0.0.1"), options) == []
    assert shown_to(authority, authority.issue_cert("elsewhere.test"), options) == []
    without = {name: value for name, value in options.items() if name not in ("sslcert", "sslkey")}
    assert (
        shown_to(authority, authority.issue_cert("127.0.0.1"), without | {"sslcert": "", "sslkey": ""}) == []
    )


def shown_to(authority: trustme.CA, own: trustme.LeafCert, options: dict[str, str]) -> list[str]:
    """Whose certificates the product showed to a server with this one, which takes no other than the authority's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    shown: list[str] = []

    def serve(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        with plain:
            assert struct.unpack("!ii", plain.recv(8)) == (8, 80877103), "PostgreSQL's request for TLS"
            plain.sendall(b"S")
            try:
                with context.wrap_socket(plain, server_side=True) as session:
                    if session.recv(4):  # the client believes us; its startup message comes
                        subject = dict(part[0] for part in (session.getpeercert() or {})["subject"])  # type: ignore[misc]
                        shown.append(str(subject["commonName"]))
            except OSError:
                pass  # one of both did not believe the other

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        values = {"ENGINE": "tenants.isolation.backend", "NAME": "x", "USER": APP_ROLE, "HOST": "127.0.0.1"}
        port = str(listening.getsockname()[1])
        with pytest.raises(OperationalError):
            who(connected({**values, "PORT": port, "OPTIONS": options}))
        thread.join()
    return shown
