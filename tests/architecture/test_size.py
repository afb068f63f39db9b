"""Size budget: small modules, small functions, a docstring on every module."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("tenants", "controlplane", "connectors")
MODULE_CAP = 500
MODULE_MEDIAN = 120
FUNCTION_CAP = 60
LEFTOVERS = ("TODO", "FIXME", "XXX", "NotImplementedError")


def modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for file in sorted((REPOSITORY / package).rglob("*.py")):
            text = file.read_text()
            if text.strip() and "/migrations/" not in str(file):
                yield str(file.relative_to(REPOSITORY)), text


def test_no_module_is_longer_than_500_lines_and_half_have_120_or_fewer() -> None:
    lengths = {name: text.count("\n") for name, text in modules()}
    assert {name: length for name, length in lengths.items() if length > MODULE_CAP} == {}
    assert median(lengths.values()) <= MODULE_MEDIAN


def test_no_function_is_longer_than_60_lines() -> None:
    long = []
    for name, text in modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_CAP:
                    long.append(f"{name}:{node.lineno} {node.name} {length}")
    assert long == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name, text in modules() if ast.get_docstring(ast.parse(text)) is None] == []


def test_nothing_unfinished_is_left() -> None:
    assert [f"{name}: {word}" for name, text in modules() for word in LEFTOVERS if word in text] == []


def test_every_app_has_a_short_readme() -> None:
    wrong = []
    for layer in ("tenants", "controlplane"):
        for apps in sorted((REPOSITORY / layer).glob("*/apps.py")):
            readme = apps.with_name("README.md")
            if not readme.exists() or readme.read_text().count("\n") > 40:
                wrong.append(str(readme.relative_to(REPOSITORY)))
    assert wrong == []
