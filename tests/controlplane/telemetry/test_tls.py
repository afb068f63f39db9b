"""The real web server with a certificate, in its own process: only good TLS reaches it, and nothing answers without."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import override_settings

from controlplane.telemetry.tls import configured
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.controlplane.telemetry.serving import free_port, served
from tests.database import PASSWORD, TestDatabases

HOST = "acme.localhost"
#: Forward secrecy by ECDHE, encryption and authentication in one.
GOOD = {"ECDHE-{}-AES256-GCM-SHA384", "ECDHE-{}-AES128-GCM-SHA256", "ECDHE-{}-CHACHA20-POLY1305"}
#: As in production; the suite's own settings hash cheaply.
HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
GOOD_1_3 = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}


@dataclass(frozen=True)
class Site:
    """A served product: its port, process, authority and the folder of its certificate."""

    port: int
    process: "subprocess.Popen[bytes]"
    authority: trustme.CA
    folder: Path
    log: Path

    def verified(self) -> ssl.SSLContext:
        """What a browser that knows the authority would do."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def serial(self) -> str:
        """The serial number of the certificate that is shown now."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain,
            self.verified().wrap_socket(plain, server_hostname=HOST) as session,
        ):
            return str((session.getpeercert() or {})["serialNumber"])


def issued(authority: trustme.CA, folder: Path, kind: trustme.KeyType = trustme.KeyType.ECDSA) -> None:
    """Put a certificate and its key into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = authority.issue_cert(HOST, "localhost", key_type=kind)
    (folder / "chain.pem").write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    made.private_key_pem.write_to_path(folder / "key.pem")


@contextmanager
def site(
    databases: TestDatabases, folder: Path, kind: trustme.KeyType = trustme.KeyType.ECDSA, **settings: str
) -> Iterator[Site]:
    """The product behind a certificate of an authority made here."""
    authority = trustme.CA(key_type=kind)
    issued(authority, folder / "first", kind)
    live, log = folder / "live", folder / "serve.log"
    live.symlink_to(folder / "first")
    environment = databases.environment(folder / "data") | {
        "PORTCULLIS_TLS_CERTIFICATE": str(live / "chain.pem"),
        "PORTCULLIS_TLS_KEY": str(live / "key.pem"),
        **settings,
    }

    def answers(port: int) -> bool:
        try:
            return bool(Site(port, None, authority, live, log).serial())  # type: ignore[arg-type]
        except OSError:
            return False

    with served(environment, answers, log) as (port, process):
        yield Site(port, process, authority, live, log)


def agreed(port: int, minimum: str, suite: str = "ALL:COMPLEMENTOFALL") -> tuple[str, str] | None:
    """Version and suite that OpenSSL agrees on with the server, offering only these; None when it is refused."""
    chosen = "-ciphersuites" if minimum == "tls1_3" and suite != "ALL:COMPLEMENTOFALL" else "-cipher"
    offered = suite if chosen == "-ciphersuites" else f"{suite}:@SECLEVEL=0"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, f"-{minimum}"]
    done = subprocess.run(
        [*command, chosen, offered], input=b"", capture_output=True, timeout=60, check=False
    )
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("New, TLS"):
            _, version, cipher = line.split(", ")
            return version, cipher.removeprefix("Cipher is ")
    return None


@pytest.mark.slow
@pytest.mark.asvs("12.1.1", "12.2.1")
def test_old_versions_are_refused_and_new_ones_spoken(committed_db: TestDatabases, tmp_path: Path) -> None:
    with site(committed_db, tmp_path) as served_site, old_server(served_site.folder) as old:
        assert agreed(old, "tls1") == ("TLSv1.0", "ECDHE-ECDSA-AES256-SHA"), "this client cannot speak it"
        assert agreed(old, "tls1_1") is not None
        found = {name: agreed(served_site.port, name) for name in ("tls1", "tls1_1", "tls1_2", "tls1_3")}
    assert (found["tls1"], found["tls1_1"]) == (None, None)
    assert found["tls1_2"] == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    assert found["tls1_3"] == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")


@pytest.mark.slow
@pytest.mark.asvs("12.1.2")
@pytest.mark.parametrize("kind", [trustme.KeyType.ECDSA, trustme.KeyType.RSA])
def test_of_all_suites_only_those_with_forward_secrecy_and_authenticated_encryption_are_spoken(
    committed_db: TestDatabases, tmp_path: Path, kind: trustme.KeyType
) -> None:
    listed = ["openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    known = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.strip().split(":")
    older = [name for name in known if not name.startswith("TLS_")]
    assert len(older) > 80
    with site(committed_db, tmp_path, kind) as served_site:
        spoken = {name for name in older if agreed(served_site.port, "tls1_2", name)}
        every = [*GOOD_1_3, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
        newer = {name for name in every if agreed(served_site.port, "tls1_3", name)}
    assert spoken == {name.format(kind.name) for name in GOOD}
    assert newer == GOOD_1_3


@pytest.mark.slow
@pytest.mark.asvs("12.1.1")
def test_the_oldest_version_can_be_raised(committed_db: TestDatabases, tmp_path: Path) -> None:
    with site(committed_db, tmp_path, PORTCULLIS_TLS_MINIMUM="1.3") as served_site:
        assert agreed(served_site.port, "tls1_2") is None
        assert agreed(served_site.port, "tls1_3") is not None


@pytest.mark.slow
@pytest.mark.asvs("12.2.1", "3.3.1", "3.4.1")
def test_without_tls_nothing_answers_and_with_it_browsers_are_held_to_it(
    committed_db: TestDatabases, acme: OrgInfo, tmp_path: Path
) -> None:
    with override_settings(PASSWORD_HASHERS=HASHERS), tenant_context(acme.schema_name):
        owner = get_user_model().objects.get(email="owner@acme.test")
        owner.set_password(PASSWORD)
        owner.save()
    with site(committed_db, tmp_path) as served_site:
        with socket.create_connection(("127.0.0.1", served_site.port), timeout=20) as plain:
            plain.sendall(
                b"GET /api/v1/session HTTP/1.1\r\nHost: acme.localhost\r\nX-Request-Id: sent-in-clear\r\n\r\n"
            )
            heard = b""
            while chunk := plain.recv(4096):
                heard += chunk
        assert b"HTTP/" not in heard
        context = served_site.verified()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", served_site.port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as session,
        ):
            assert session.selected_alpn_protocol() in (None, "http/1.1")
        answers = signed_in(served_site)
        logged = served_site.log.read_text()
    assert '"path": "/api/v1/session"' in logged
    assert "sent-in-clear" not in logged
    cookies: dict[str, str] = {}
    for answer in answers:
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            cookies[name] = rest
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(rest.split("; "))
            assert "Domain" not in rest
    assert set(cookies) == {"__Host-csrftoken", "__Host-portcullis_session"}


@pytest.mark.slow
def test_a_renewed_certificate_is_taken_at_a_signal_and_a_broken_one_is_not(
    committed_db: TestDatabases, tmp_path: Path
) -> None:
    with site(committed_db, tmp_path) as served_site:
        first = served_site.serial()
        issued(served_site.authority, tmp_path / "second")
        (tmp_path / "broken").mkdir()
        for name in ("chain.pem", "key.pem"):
            (tmp_path / "broken" / name).write_text("nothing")

        def renewed(folder: str) -> None:
            link = tmp_path / "next"
            link.symlink_to(tmp_path / folder)
            link.rename(served_site.folder)
            os.kill(served_site.process.pid, signal.SIGHUP)

        renewed("second")
        deadline = time.monotonic() + 120
        while first in (shown := {served_site.serial() for _ in range(10)}):
            assert time.monotonic() < deadline, "the old certificate stayed"
            time.sleep(1)
        renewed("broken")
        while "certificate not renewed" not in served_site.log.read_text():
            assert time.monotonic() < deadline, "the broken certificate was not refused"
            time.sleep(0.2)
        assert {served_site.serial() for _ in range(10)} == shown
        assert len(shown) == 1
        assert served_site.process.poll() is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"TLS_CERTIFICATE": "chain.pem"}, "belong together"),
        ({"TLS_KEY": "key.pem"}, "belong together"),
        ({"TLS_CERTIFICATE": "nothing.pem", "TLS_KEY": "key.pem"}, "cannot be used"),
        ({"TLS_CERTIFICATE": "chain.pem", "TLS_KEY": "other/key.pem"}, "cannot be used"),
        ({"TLS_CERTIFICATE": "chain.pem", "TLS_KEY": "key.pem", "TLS_MINIMUM": "1.1"}, "1.2 and 1.3"),
    ],
)
def test_half_of_a_certificate_serves_nothing(
    committed_db: TestDatabases, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    authority = trustme.CA()
    issued(authority, tmp_path)
    issued(authority, tmp_path / "other")
    placed = {
        name: value if name == "TLS_MINIMUM" else str(tmp_path / value) for name, value in given.items()
    }
    with override_settings(**placed), pytest.raises(CommandError, match=said):
        call_command("serve", port=free_port())
    whole = {"TLS_CERTIFICATE": str(tmp_path / "chain.pem"), "TLS_KEY": str(tmp_path / "key.pem")}
    with override_settings(**whole):
        assert configured() is not None
    assert configured() is None


@contextmanager
def old_server(folder: Path) -> Iterator[int]:
    """A server that speaks the old versions, to show that the client of these tests can."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-cipher", "ALL:@SECLEVEL=0"]
    files = ["-cert", str(folder / "chain.pem"), "-key", str(folder / "key.pem")]
    process = subprocess.Popen([*command, *files], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while agreed(port, "tls1_2") is None:
            assert time.monotonic() < deadline, "openssl s_server does not answer"
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def signed_in(served_site: Site) -> list[http.client.HTTPResponse]:
    """The answers of a browser that opens the session's address and signs in as acme's owner."""
    address = f"https://{HOST}:{served_site.port}"
    answers = []
    headers = {"Host": f"{HOST}:{served_site.port}", "Origin": address, "Referer": f"{address}/"}
    token = ""
    for method, body in (("GET", None), ("POST", {"email": "owner@acme.test", "password": PASSWORD})):
        connection = http.client.HTTPConnection(HOST, served_site.port)
        plain = socket.create_connection(("127.0.0.1", served_site.port), timeout=60)
        connection.sock = served_site.verified().wrap_socket(plain, server_hostname=HOST)
        sent = headers | {"X-CSRFToken": token, "Content-Type": "application/json"}
        connection.request(method, "/api/v1/session", json.dumps(body) if body else None, sent)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        assert answer.status == (401 if method == "GET" else 201), said
        token = said["csrf_token"]
        kept = [cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []]
        headers["Cookie"] = "; ".join(kept)
        answers.append(answer)
        connection.close()
    return answers
