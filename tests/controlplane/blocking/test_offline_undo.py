"""The documented offline undo, run as it is printed in docs/blocking.md, against the doubles."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from controlplane.blocking import services
from controlplane.blocking.types import Person
from tests.controlplane.blocking.conftest import ATTACKER, REGION, Aws, Kong
from tests.controlplane.blocking.test_failures import AUTHOR, REASON, make
from tests.documented import commands, run


@pytest.mark.parametrize("theirs", [False, True], ids=["own_list", "customers_list"])
def test_kong_is_as_it_was_after_the_documented_commands(kong: Kong, tmp_path: Path, theirs: bool) -> None:
    added = None
    if theirs:
        listed = {"name": "ip-restriction", "config": {"deny": ["192.0.2.66"]}, "tags": ["theirs"]}
        added = kong.admin("POST", "/plugins", listed)
    before = kong.dump()
    make(kong, ATTACKER, "198.18.64.0/24", "2001:d00::/48")
    preview = services.preview(
        kong.draft(match={"methods": ["GET"], "path_templates": ["/catalog/search"]}), "responder"
    )
    services.approve(services.create(preview.id, "block", REASON, AUTHOR).id, services_owner())
    assert kong.push().error is None
    assert ATTACKER in kong.dump()
    (script,) = commands("kong")
    run(script, tmp_path, KONG=kong.double.control_url, AUTH="Kong-Admin-Token: t0ken")
    assert kong.dump() == before
    if added is not None:
        kong.admin("DELETE", f"/plugins/{added['id']}")
    services.undo_all("")


def services_owner() -> Person:
    """Somebody else than the author."""
    return Person("owner", "usr_2")


def test_aws_is_as_it_was_after_the_documented_commands(aws: Aws, tmp_path: Path) -> None:
    if shutil.which("aws") is None:
        pytest.skip("this machine has no aws")
    before = aws.dump()
    targets = [{"connection_id": aws.connection, "ref": aws.ref}]
    draft = {"match": {"networks": [ATTACKER]}, "action": "block", "ttl_seconds": 3600, "targets": targets}
    services.create(services.preview(draft, "responder").id, "block", REASON, AUTHOR)
    assert services.reconcile(aws.connection, aws.ref).error is None
    assert "portcullis-" in aws.dump()
    name, identifier = aws.ref.split("/")[-2:]
    for script in commands("aws"):
        run(
            script,
            tmp_path,
            REGION=REGION,
            SCOPE="REGIONAL",
            ACL_NAME=name,
            ACL_ID=identifier,
            AWS_ENDPOINT_URL=aws.double.control_url,
            AWS_ACCESS_KEY_ID="AKIAACMEADMIN0000001",
            AWS_SECRET_ACCESS_KEY="x",
        )
    assert aws.dump() == before
