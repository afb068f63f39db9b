"""What `manage.py new connector` writes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.base import registry
from connectors.scaffold import REPOSITORY, ScaffoldError, write_connector

CONFORMS = """
import sys
import connectors
connectors.__path__.append(sys.argv[1])
from connectors.base import registry
from connectors.testkit import conformance
manifest = registry.manifests()["acme"]
for check in ("manifest", "settings", "setup", "implementations"):
    getattr(conformance, f"check_{check}")(manifest)
assert "acme" not in registry.offered()
"""


def test_a_new_connector_conforms_as_it_is_written_and_is_not_offered_yet(tmp_path):
    write_connector("acme", "Acme Gateway", tmp_path)
    checked = subprocess.run(
        [sys.executable, "-c", CONFORMS, str(tmp_path / "connectors")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(REPOSITORY / "pyproject.toml"), str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("key", "title"),
    [("Acme", "Acme"), ("a-b", "Acme"), ("../x", "Acme"), ("", "Acme"), ("class", "Acme"), ("acme", 'A"me')],
)
def test_a_name_that_is_none_writes_nothing_and_says_so(tmp_path, key, title):
    with pytest.raises(ScaffoldError, match="Nothing was written"):
        write_connector(key, title, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_never_written_over(tmp_path):
    first, *_ = write_connector("acme", "Acme", tmp_path)
    first.write_text("ours")
    with pytest.raises(ScaffoldError, match="is there already"):
        write_connector("acme", "Acme", tmp_path)
    assert first.read_text() == "ours"


def test_every_connector_of_the_catalogue_can_do_something():
    assert all(manifest.capabilities for manifest in registry.offered().values())
