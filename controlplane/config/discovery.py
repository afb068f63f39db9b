"""Finds the project's apps and their parts by folder, so that a new app edits nothing central."""

from dataclasses import dataclass
from importlib import import_module
from inspect import isclass
from pathlib import Path

from django.apps import AppConfig

REPOSITORY = Path(__file__).resolve().parents[2]
LAYERS = ("tenants", "controlplane")


@dataclass(frozen=True, slots=True)
class FoundApp:
    """An app of ours: dotted path of its config, and whether its tables are shared or each tenant's."""

    config: str
    name: str
    shared: bool


def find_apps() -> list[FoundApp]:
    """Return every package under `tenants` and `controlplane` that has an `apps.py`, in name order."""
    found = []
    for layer in LAYERS:
        for file in sorted((REPOSITORY / layer).glob("*/apps.py")):
            found.append(_read(f"{layer}.{file.parent.name}"))
    return found


def _read(package: str) -> FoundApp:
    module = import_module(f"{package}.apps")
    configs = [
        value
        for value in vars(module).values()
        if isclass(value) and issubclass(value, AppConfig) and value.__module__ == module.__name__
    ]
    if len(configs) != 1:
        raise ImportError(f"{package}/apps.py must define exactly one AppConfig; it defines {len(configs)}.")
    shared = getattr(configs[0], "tenancy", "tenant") == "shared"
    return FoundApp(f"{module.__name__}.{configs[0].__name__}", package, shared)


def find_api_modules() -> list[str]:
    """Return the dotted names of every `controlplane/<app>/api` module or package, and of the edge's own."""
    names = []
    for folder in sorted((REPOSITORY / "controlplane").iterdir()):
        if (folder / "api.py").exists() or (folder / "api" / "__init__.py").exists():
            names.append(f"controlplane.{folder.name}.api")
    for file in sorted((REPOSITORY / "controlplane" / "api" / "platform").glob("*.py")):
        if file.stem != "__init__":
            names.append(f"controlplane.api.platform.{file.stem}")
    return names
