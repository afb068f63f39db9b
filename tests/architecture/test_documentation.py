"""The guides point at what exists."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:connectors|tenants|controlplane|tests|docs|benchmarks|frontend)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_points_at_files_that_exist(page: str) -> None:
    """Links are relative to the page; file names in code style are relative to the repository."""
    text = (ROOT / page).read_text()
    folder = (ROOT / page).parent
    links = [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]
    missing = [link for link in links if not (folder / link).exists()]
    missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert missing == []
