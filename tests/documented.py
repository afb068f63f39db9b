"""Commands of our documents, run as they are printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BLOCKING = Path(__file__).parents[1] / "docs" / "blocking.md"


def commands(vendor: str) -> list[str]:
    """The documented command blocks of a vendor's offline undo, in order."""
    return [
        block
        for block in re.findall(r"```bash\n(.*?)```", BLOCKING.read_text(), re.DOTALL)
        if block.startswith(f"# {vendor}: ")
    ]


def run(script: str, folder: Path, **variables: str) -> None:
    """Run one block with these variables set; skip where its tools are not installed."""
    missing = [tool for tool in ("bash", "jq", "curl") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"this machine has no {', '.join(missing)}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
