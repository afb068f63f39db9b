"""apigeelint is really run on what was read of a proxy; where it is not, nothing is called clean."""

from __future__ import annotations

import pytest

from connectors.apigee import lint
from connectors.apigee.bundle import opened
from connectors.apigee.config import Config
from connectors.apigee.lint import RULES, LintUnavailable, slips
from connectors.base.errors import VendorAnswerError
from connectors.testkit.doubles.apigee.bundles import bundle, flow, on, proxy_endpoint, step, target_endpoint

TARGET = target_endpoint("<URL>https://t.example/</URL>")
FAULT = '<RaiseFault name="RF"><FaultResponse/></RaiseFault>'
KEY = '<VerifyAPIKey name="VK"><APIKey ref="request.header.k"/></VerifyAPIKey>'


def looked_over(endpoint, policies):
    documents = {"proxies/default": endpoint, "targets/default": TARGET}
    archive = bundle(
        "apiproxy", "p", documents | {f"policies/{name}": text for name, text in policies.items()}
    )
    return slips(opened(archive, "p"), "p")


@pytest.fixture(autouse=True)
def installed():
    try:
        lint.program()
    except LintUnavailable as error:
        pytest.skip(error.what)


def test_a_proxy_without_slips_has_none():
    endpoint = proxy_endpoint("/a", step("VK"), flow("F", on("/", "GET")))
    assert looked_over(endpoint, {"VK": KEY}) == ()


@pytest.mark.parametrize(
    ("rule", "endpoint", "policies"),
    [
        (
            "FL001",
            proxy_endpoint("/a", "", flow("All") + flow("Private", on("/x", "GET"), step("VK"))),
            {"VK": KEY},
        ),
        (
            "CC008",
            proxy_endpoint("/a", "", flow("A", on("/x", "GET")) + flow("B", on("/x", "GET"), step("VK"))),
            {"VK": KEY},
        ),
        ("ST008", proxy_endpoint("/a", step("RF") + step("VK")), {"VK": KEY, "RF": FAULT}),
        (
            "CC006",
            proxy_endpoint("/a", step("VK", '(request.verb = "GET") and (request.verb = "POST")')),
            {"VK": KEY},
        ),
        (
            "PO022",
            proxy_endpoint("/a", step("Q")),
            {
                "Q": '<Quota name="Q"><Allow count="2"/><Interval>1</Interval><TimeUnit>hour</TimeUnit>'
                "<Distributed>false</Distributed></Quota>"
            },
        ),
    ],
)
def test_a_weakness_is_told_with_its_document(rule, endpoint, policies):
    found = {slip.rule: slip for slip in looked_over(endpoint, policies)}
    assert rule in found, found
    assert found[rule].meaning == RULES[rule]
    assert found[rule].document.endswith(".xml")
    assert "/tmp" not in found[rule].document


def test_names_from_a_bundle_are_never_paths(tmp_path):
    policies = {"VK": KEY.replace('name="VK"', f'name="../../../{tmp_path}/out"')}
    looked_over(proxy_endpoint("/a", "", flow("F")), policies)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_tells_slips_per_proxy_only_when_it_was_asked_to(gateway):
    plain = Config(gateway.settings(), gateway.egress).read_config()
    assert not [entry for entry in plain.settings if entry.name == "apigeelint"]
    asked = Config(gateway.settings(lint=True), gateway.egress).read_config()
    found = {e.ref.partition("/apis/")[2]: e for e in asked.settings if e.name == "apigeelint"}
    assert set(found) == {
        f"{name}#apigeelint" for name in ("payments", "catalog", "accounts", "partners", "legacy")
    }
    assert all(isinstance(entry.value, list) for entry in found.values())
    assert found["partners#apigeelint"].value[0]["rule"] == "PO022"


def test_without_the_program_nothing_is_called_clean(gateway, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    asked = Config(gateway.settings(lint=True), gateway.egress).read_config()
    found = [entry for entry in asked.settings if entry.name == "apigeelint"]
    assert found
    assert all(entry.value is None and "not installed" in entry.evidence["reason"] for entry in found)


def test_a_program_that_says_nothing_readable_is_an_error(monkeypatch, tmp_path):
    fake = tmp_path / "node"
    for text in ("echo no", "echo '[]'", "echo '[{\"filePath\": 1}]'", "exit 1"):
        fake.write_text(f"#!/bin/sh\n{text}\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
        with pytest.raises(VendorAnswerError, match="apigeelint"):
            looked_over(proxy_endpoint("/a", "", flow("F")), {})
