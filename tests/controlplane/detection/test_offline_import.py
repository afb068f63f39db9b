"""Detectors and the offline analysis run without Django."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_offline_analysis_imports_and_finds_detectors_without_django() -> None:
    program = (
        "import sys, controlplane.cli.offline\n"
        "from controlplane.detection.detectors import detectors\n"
        "assert len(detectors()) >= 9\n"
        "loaded = [name for name in sys.modules if name.split('.')[0] in ('django', 'rest_framework')]\n"
        "assert not loaded, loaded[:3]\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
