"""Which test names which requirement: read from the source of the tests, so that nothing has to be imported or run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mark:
    """A requirement's id on a test; `node` as pytest names it. A `slow` test runs in `make proof` only."""

    id: str
    node: str
    slow: bool


def marks(root: Path = TESTS) -> list[Mark]:
    """Every `@pytest.mark.asvs(…)` below a folder. Raises ValueError for one that stands on no test or names no text."""
    found: list[Mark] = []
    for file in sorted(root.rglob("test_*.py")):
        tree = ast.parse(file.read_text(), str(file))
        here = list(_of_body(tree.body, file.relative_to(root.parent).as_posix(), _module_marks(tree)))
        written = sum(isinstance(node, ast.Call) and _name(node) == "asvs" for node in ast.walk(tree))
        read = {id(call) for call, _ in here}
        if len(read) != written:
            raise ValueError(f"{file}: a mark stands on something that is no test")
        found += [mark for _, mark in here]
    return found


def _of_body(body: list[ast.stmt], node: str, outer: list[ast.expr]) -> Iterator[tuple[ast.Call, Mark]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
            yield from _of_body(
                statement.body, f"{node}::{statement.name}", [*outer, *statement.decorator_list]
            )
        elif isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
            decorators = [*outer, *statement.decorator_list]
            slow = any(_name(decorator) == "slow" for decorator in decorators)
            for decorator in decorators:
                if isinstance(decorator, ast.Call) and _name(decorator) == "asvs":
                    for text in _texts(decorator, node):
                        yield decorator, Mark(text, f"{node}::{statement.name}", slow)


def _module_marks(tree: ast.Module) -> list[ast.expr]:
    """What `pytestmark = …` says of every test of a file."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in statement.targets
        ):
            value = statement.value
            return list(value.elts) if isinstance(value, (ast.List, ast.Tuple)) else [value]
    return []


def _name(decorator: ast.expr) -> str:
    """`asvs` of `pytest.mark.asvs(…)` and of `pytest.mark.asvs`; empty for anything else."""
    found = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(found, ast.Attribute) and isinstance(found.value, ast.Attribute):
        return found.attr if found.value.attr == "mark" else ""
    return ""


def _texts(call: ast.Call, node: str) -> Iterator[str]:
    for argument in call.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise ValueError(f"{node}: the ids of a mark are texts")
        yield argument.value
