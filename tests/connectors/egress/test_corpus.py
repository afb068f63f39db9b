"""No hostile address reaches anything it may not, by whatever door it comes in.

Runs in a network of its own where every address on earth answers (``world.py``); needs Linux with ``unshare`` and
``ip``. Where these are missing the tests say so and are skipped; in CI they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.egress.corpus import corpus, hosts

REPOSITORY = Path(__file__).resolve().parents[3]
UNSHARE = ("unshare", "--map-root-user", "--mount", "--net")


def world(*arguments: str) -> dict[str, Any]:
    """Run the corpus there; gives what the doors did."""
    usable = all(shutil.which(tool) for tool in ("unshare", "ip", "mount"))
    if not usable or subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("CI has to be able to make a network of its own (unshare, ip, user namespaces).")
        pytest.skip("this machine cannot make a network of its own (unshare, ip, user namespaces)")
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.connectors.egress.world", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def judge(answer: dict[str, Any], tried: int) -> None:
    """Nothing was reached, nothing escaped as an unknown error, and honest addresses do answer."""
    assert answer["honest"] > 0, "the honest address was never reached, so nothing is proved"
    for name, door in answer["doors"].items():
        assert door["reached"] == [], (
            f"{name}: {len(door['reached'])} forbidden connections: {door['reached'][:5]}"
        )
        assert door["surprises"] == [], f"{name}: {door['surprises'][:5]}"
        assert door["tried"] == tried, name


def test_the_corpus_is_large_and_every_entry_has_a_reason() -> None:
    assert len(corpus()) >= 500
    assert all(entry.why for entry in corpus())


@pytest.mark.asvs("1.3.6", "13.2.4", "13.2.5", "15.3.2")
def test_no_hostile_url_reaches_a_forbidden_address() -> None:
    judge(world("--doors", "egress"), len(corpus()))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("door", ["webhook", "kong", "aws"])
@pytest.mark.asvs("1.3.6", "13.2.4", "15.3.2")
def test_no_connectors_address_reaches_a_forbidden_one(door: str) -> None:
    judge(world("--doors", door), len(corpus()))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("door", ["smtp", "smtp-starttls", "smtp-tls"])
@pytest.mark.asvs("1.3.6")
def test_no_mail_server_is_a_forbidden_address(door: str) -> None:
    judge(world("--doors", door), len(hosts()))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("broken", "door"),
    [
        ("connects-by-name", "egress"),
        ("checks-only-the-first-address", "egress"),
        ("trusts-the-standard-library", "egress"),
        ("follows-redirects", "egress"),
        ("mail-is-not-checked", "smtp"),
    ],
)
def test_a_build_without_one_safety_is_noticed(broken: str, door: str) -> None:
    answer = world("--doors", door, "--broken", broken)
    with pytest.raises(AssertionError, match="forbidden connections"):
        judge(answer, answer["doors"][door]["tried"])
