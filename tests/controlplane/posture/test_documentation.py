"""What docs/adding-a-check.md shows works as it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from connectors.base.model import Completeness, ConfigSnapshot, Cors, Section
from controlplane.findings.types import CheckResult, Verdict
from controlplane.posture.types import Facts
from tests.factories.posture import route, snapshot

DOCS = Path(__file__).parents[3] / "docs"


def documented(given: ConfigSnapshot) -> list[CheckResult]:
    text = (DOCS / "adding-a-check.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)\n *```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(dedent(code), "adding-a-check.md", "exec"), names)
    results: list[CheckResult] = names["evaluate"](given, Facts())
    return results


def test_the_documented_check_fails_passes_and_knows_what_it_does_not_know() -> None:
    open_to_any = snapshot("kong", routes=route(cors=Cors(("https://a.example",), headers=("*",))))
    (failed,) = documented(open_to_any)
    assert (failed.check, failed.verdict) == ("cors_any_header", Verdict.FAIL)
    assert failed.evidence[0].document == {"headers": ["*"]}
    assert "content-type" in failed.fix[0].body
    (passed,) = documented(snapshot("kong", routes=route(cors=Cors(("*",), headers=("etag",)))))
    assert passed.verdict is Verdict.PASS
    assert documented(snapshot("kong", routes=route())) == []
    unread = replace(open_to_any, routes=(), sections=(Section("routes", Completeness.UNKNOWN, "403"),))
    assert [result.verdict for result in documented(unread)] == [Verdict.UNKNOWN]
