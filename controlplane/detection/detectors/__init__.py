"""Detectors, found by file: each module has ``DETECTOR``. All are pure: calls in, evidence out."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from controlplane.detection.types import Detector


@cache
def detectors() -> dict[str, Detector]:
    """Every detector by id."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__))
    found = [getattr(importlib.import_module(f"{__name__}.{name}"), "DETECTOR", None) for name in names]
    return {detector.id: detector for detector in found if isinstance(detector, Detector)}
