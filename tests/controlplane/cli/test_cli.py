"""The installed command: files analysed offline, a server asked, failures as one sentence and an exit code."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base.detect import known_formats
from tenants.orgs.types import OrgInfo
from tests.clients import bearer
from tests.live import serving
from tests.samples import ATTACKER, DECK, HOST, LOGS, OPENAPI

COMMAND = str(Path(sys.executable).parent / "portcullis")
SCOPES = ["inventory.read", "findings.read", "threats.read", "blocks.read", "blocks.preview", "imports.write"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's environment without anything of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path / "config"), "COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def start(*arguments: str, typed: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        given = {**environment, **more}
        return subprocess.run(
            [COMMAND, *arguments],
            env=given,
            cwd=tmp_path,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return start


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


def test_help_names_every_command(run):
    shown = run("--help")
    assert shown.returncode == 0
    assert all(
        name in shown.stdout for name in ("import", "endpoints", "findings", "threats", "block", "configure")
    )


@pytest.mark.parametrize("shape", LOGS)
def test_a_log_is_analysed_without_a_server(run, file, shape):
    name, content = LOGS[shape]
    done = run("import", file(f"{name}.gz", gzip.compress(content)), "--offline", "--json", "--host", HOST)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["calls"], report["quarantined"]) == (300, [])
    assert {entry["template"].rpartition("/")[0] for entry in report["endpoints"]} == {"/orders", ""}
    assert ATTACKER in {threat["actor"] for threat in report["threats"]}


def test_without_a_configured_server_the_file_stays_here_and_that_is_said(run, file):
    done = run("import", file(*LOGS["kong.http_log"]))
    assert done.returncode == 0
    assert "nothing is sent" in done.stdout.replace("\n", " ")
    assert "300 calls" in done.stdout


def test_json_is_json_even_when_no_server_is_configured(run, file):
    done = run("import", file(*LOGS["kong.http_log"]), "--json")
    assert json.loads(done.stdout)["calls"] == 300


@pytest.mark.parametrize("name", ["shop.json", "kong.yaml"])
def test_a_document_shows_its_routes(run, file, name):
    content = json.dumps(OPENAPI).encode() if name == "shop.json" else DECK.encode()
    done = run("import", file(name, content), "--offline", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["routes"]) == 2


@pytest.mark.parametrize(("name", "content"), [("photo.jpg", b"\xff\xd8\xff\xe0" * 99), ("empty.log", b"")])
def test_a_file_in_no_known_format_fails_with_one_sentence(run, file, name, content):
    done = run("import", file(name, content), "--offline")
    assert done.returncode == 11
    assert all(title in done.stderr for title in known_formats())
    assert "Traceback" not in done.stderr


def test_a_missing_file_fails_with_one_sentence(run):
    done = run("import", "nowhere.log", "--offline")
    assert done.returncode == 11
    assert "nowhere.log could not be opened" in done.stderr


@pytest.mark.parametrize(
    "command", [["endpoints"], ["findings"], ["threats"], ["block", "list"], ["block", "preview"]]
)
def test_commands_that_need_a_server_say_how_to_configure_one(run, command):
    done = run(*command)
    assert done.returncode == 11
    assert "portcullis configure" in done.stderr


@pytest.mark.asvs("13.3.2")
def test_the_token_is_kept_where_only_its_owner_reads(run, tmp_path):
    kept = tmp_path / "config" / "portcullis" / "config.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    kept.chmod(0o644)
    done = run("configure", "http://acme.localhost:8000/", "--token", "pcl_secret")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == {"url": "http://acme.localhost:8000", "token": "pcl_secret"}
    assert "pcl_secret" not in done.stdout


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": 1}'])
def test_a_damaged_configuration_is_as_good_as_none(run, tmp_path, content):
    kept = tmp_path / "config" / "portcullis" / "config.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    done = run("endpoints")
    assert done.returncode == 11
    assert "portcullis configure" in done.stderr


def test_an_address_that_is_none_is_refused(run):
    assert run("configure", "acme", "--token", "x").returncode == 11


@pytest.fixture
def server(committed_db: object, acme: OrgInfo, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A running server and the environment that names it."""
    token = bearer(acme, SCOPES).removeprefix("Bearer ")
    with serving() as port:
        environment |= {"PORTCULLIS_URL": f"http://acme.localhost:{port}", "PORTCULLIS_TOKEN": token}
        yield environment


def imported(server: dict[str, str], run_jobs: Callable[..., int], *arguments: str) -> Any:
    command = subprocess.Popen(
        [COMMAND, "import", *arguments, "--json"],
        env=server,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while command.poll() is None:
        run_jobs(ahead=10)
        time.sleep(0.1)
    told, failed = command.communicate()
    run_jobs(ahead=10)
    assert command.returncode == 0, failed
    return json.loads(told)


def test_an_import_fills_the_server_and_its_lists(server, run, run_jobs, file):
    assert imported(server, run_jobs, file(*LOGS["kong.http_log"]))["calls"] == 300
    imported(server, run_jobs, file("shop.json", json.dumps(OPENAPI).encode()))
    listed = json.loads(run("endpoints", "--json", **server).stdout)
    assert {"/orders/{id}", "/admin/export"} <= {row["template"] for row in listed}
    assert "/admin/export" in run("endpoints", "--q", "export", **server).stdout
    threats = json.loads(run("threats", "--json", **server).stdout)
    assert ATTACKER in {threat["actor"]["label"] for threat in threats}
    found = run("findings", "--json", "--fail-on", "low", **server)
    assert found.returncode == 3
    assert json.loads(found.stdout)
    assert run("findings", "--status", "resolved", "--fail-on", "info", **server).returncode == 0


def test_refusals_of_the_server_are_sentences(server, run, file):
    refused = run("import", file("photo.jpg", b"\xff\xd8\xff\xe0" * 99), **server)
    assert refused.returncode == 11
    assert "Nothing was stored" in refused.stderr
    assert "request" in refused.stderr
    nowhere = run("block", "preview", "--ip", "198.18.7.7", **server)
    assert nowhere.returncode == 11
    assert "no target to push to" in nowhere.stderr
    assert run("block", "list", **server).stdout.strip() == "No block matches."
    assert run("block", "undo", "blk_unknown", **server).returncode == 11
    missing = run("block", "create", "prv_unknown", "--reason", "test", **server)
    assert missing.returncode == 11
    assert "403" in missing.stderr or "404" in missing.stderr
    wrong = run("endpoints", **server | {"PORTCULLIS_TOKEN": "pcl_wrong"})
    assert wrong.returncode == 11
    assert "401" in wrong.stderr


def test_an_unknown_severity_is_refused_before_the_server_is_asked(run):
    done = run("findings", "--fail-on", "awful", PORTCULLIS_URL="http://127.0.0.1:1", PORTCULLIS_TOKEN="x")
    assert done.returncode == 11
    assert "critical" in done.stderr


def test_a_server_that_does_not_answer_fails_with_one_sentence(run):
    done = run("endpoints", PORTCULLIS_URL="http://127.0.0.1:1", PORTCULLIS_TOKEN="x")
    assert done.returncode == 11
    assert "Traceback" not in done.stderr
