"""Boundaries that import contracts cannot say."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# What one Django app may import of another; `permissions`, `actors`, `fields` and `schema` are values,
# the engine is named read functions, `tenants/isolation`,
# `tenants/errors` and `tenants/ids` are not apps.
SHARED_PARTS = {"services", "queries", "types"}
SHARED_MODULES = {
    "controlplane.connections.schema",
    "controlplane.traffic.engine",
    "tenants.audit.actors",
    "tenants.jobs.events",
    "tenants.members.permissions",
    "tenants.queue.broker",
    "tenants.queue.sql",
    "tenants.vault.fields",
}
EDGE = {"controlplane.api", "controlplane.config", "controlplane.telemetry"}


def apps() -> set[str]:
    return {
        f"{layer}.{file.parent.name}"
        for layer in ("tenants", "controlplane")
        for file in (REPOSITORY / layer).glob("*/apps.py")
    }


def imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name


def sources(*roots: str) -> Iterator[tuple[Path, str]]:
    for root in roots:
        for file in sorted((REPOSITORY / root).rglob("*.py")):
            yield file, ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)


@pytest.mark.asvs("15.2.3")
def test_what_the_wheel_leaves_out_is_needed_by_nothing_in_it() -> None:
    """The sample company and the vendors' doubles run from the repository alone."""
    wheel = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    left_out = tuple(folder.replace("/", ".") for folder in wheel["exclude"])
    assert {"controlplane.demo", "connectors.testkit"} <= set(left_out)
    needed = [
        f"{module}:{line} {name}"
        for file, module in sources(*wheel["packages"])
        if not module.startswith(left_out)
        for line, name in imports(file)
        if name.startswith(left_out)
    ]
    assert needed == []


def test_between_apps_only_services_queries_and_types_are_imported() -> None:
    known, wrong = apps(), []
    for file, module in sources("tenants", "controlplane"):
        own = ".".join(module.split(".")[:2])
        if own not in known or own in EDGE:
            continue
        for line, name in imports(file):
            parts = name.split(".")
            other = ".".join(parts[:2])
            if other == own or other not in known or other in EDGE:
                continue
            part = parts[2] if len(parts) > 2 else ""
            if part not in SHARED_PARTS and not any(name.startswith(shared) for shared in SHARED_MODULES):
                wrong.append(f"{file.relative_to(REPOSITORY)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_rest_modules_do_not_use_the_orm() -> None:
    wrong = []
    for file, module in sources("controlplane"):
        if module.split(".")[-1] != "api" and ".api." not in module.removeprefix("controlplane.api."):
            continue
        text = file.read_text()
        wrong += [
            f"{file.relative_to(REPOSITORY)} uses {word}"
            for word in (".objects.", "transaction.atomic")
            if word in text
        ]
    assert not wrong, "\n".join(wrong)


def test_vendor_folders_never_import_each_other() -> None:
    shared = {"base", "egress", "testkit"}
    wrong = []
    for file, module in sources("connectors"):
        parts = module.split(".")
        own = parts[1]
        if own in shared:
            continue
        for line, name in imports(file):
            other = name.split(".")
            if other[0] == "connectors" and len(other) > 1 and other[1] not in shared | {own, "registry"}:
                wrong.append(f"{file.relative_to(REPOSITORY)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.asvs("13.2.2")
def test_only_provisioning_names_the_owner_connection() -> None:
    allowed = ("tenants.isolation", "tenants.orgs", "controlplane.config")
    wrong = [
        str(file.relative_to(REPOSITORY))
        for file, module in sources("tenants", "controlplane", "connectors")
        if not module.startswith(allowed)
        and any(
            word in file.read_text()
            for word in (
                "using=OWNER",
                "using(OWNER)",
                'connections["owner"]',
                'using="owner"',
                'using("owner")',
            )
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_is_called_utils_helpers_common_or_misc() -> None:
    refused = {"utils", "helpers", "common", "misc", "core"}
    wrong = [
        module
        for _, module in sources("tenants", "controlplane", "connectors")
        if set(module.split(".")) & refused
    ]
    assert not wrong, "\n".join(wrong)
