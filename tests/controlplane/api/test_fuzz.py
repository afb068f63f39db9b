"""Whatever is sent to the documented addresses, valid or not, the answer is never a 500."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tenants.isolation.context import tenant_context
from tenants.members.permissions import TOKEN_SCOPES
from tenants.orgs.types import OrgInfo
from tests.clients import bearer
from tests.factories import alerts, blocking, connections, detection, findings, imports, inventory
from tests.live import serving

COMMAND = str(Path(sys.executable).parent / "schemathesis")


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.asvs("2.2.1", "2.2.2", "15.3.5")
def test_no_documented_address_answers_500(committed_db: object, acme: OrgInfo, tmp_path: Path) -> None:
    with tenant_context(acme.schema_name):
        for factory in (connections, inventory, findings, detection, blocking, alerts, imports):
            factory.build()
    token = bearer(acme, sorted(TOKEN_SCOPES))
    with serving() as port:
        done = subprocess.run(
            [
                COMMAND, "run", f"http://127.0.0.1:{port}/api/v1/openapi.json", "--wait-for-schema", "10",
                "--header", f"Host: acme.localhost:{port}", "--header", f"Authorization: {token}",
                "--checks", "not_a_server_error", "--mode", "all", "--phases", "examples,coverage,fuzzing",
                "--generation-with-security-parameters", "false",
                "--max-examples", "6", "--generation-deterministic", "--continue-on-failure", "--workers", "1",
                "--exclude-path", "/api/v1/tokens/{id}", "--no-color", "--request-timeout", "20",
            ],
            capture_output=True, text=True, cwd=tmp_path, timeout=380, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
