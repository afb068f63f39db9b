"""apigeelint is really run on what was read of a proxy; where it is not, nothing is called clean."""

from __future__ import annotations

import pytest

from connectors.apigee import lint
from connectors.apigee.bundle import opened
from connectors.apigee.config import Config
from connectors.apigee.lint import RULES, LintUnavailable, slips
from connectors.apigee.reading import Read, read_lint
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


def quota(name, distributed="false"):
    return (
        f'<Quota name="{name}"><Allow count="2"/><Interval>1</Interval><TimeUnit>hour</TimeUnit>'
        f"<Distributed>{distributed}</Distributed></Quota>"
    )


def test_policies_whose_names_differ_only_in_signs_are_told_apart():
    endpoint = proxy_endpoint("/a", step("Q$1") + step("Q_1"))
    found = looked_over(endpoint, {"1": quota("Q$1"), "2": quota("Q_1", "true")})
    assert [(slip.rule, slip.document) for slip in found] == [("PO022", "policies/Q$1.xml")]


@pytest.mark.parametrize("name", ["漢" * 100, "a" * 300, "../x/y"])
def test_a_policy_of_any_name_is_looked_over(name):
    found = looked_over(proxy_endpoint("/a", step(name)), {"1": quota(name)})
    assert [(slip.rule, slip.document) for slip in found] == [("PO022", f"policies/{name}.xml")]


HMAC = '<HMAC name="H"><SecretKey ref="{}"/>{}<VerificationValue ref="x"/></HMAC>'


@pytest.mark.parametrize(
    ("key", "algorithm", "told"),
    [("private.k", "", False), ("request.header.k", "<Algorithm>HMAC-SHA-256</Algorithm>", True)],
)
def test_only_what_the_words_say_is_a_slip(key, algorithm, told):
    found = looked_over(proxy_endpoint("/a", step("H")), {"H": HMAC.format(key, algorithm)})
    assert [slip.rule for slip in found] == (["PO027"] if told else [])


def test_two_flows_of_one_name_have_not_the_same_condition():
    endpoint = proxy_endpoint("/a", "", flow("A", on("/x", "GET")) + flow("A", on("/y", "GET"), step("VK")))
    assert "CC008" not in {slip.rule for slip in looked_over(endpoint, {"VK": KEY})}


def counting_node(monkeypatch, folder, text):
    """A program in the place of Node that notes each run and says ``text``."""
    fake = folder / "node"
    fake.write_text(f"#!/bin/sh\necho x >> {folder}/runs\necho '{text}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return folder / "runs"


def organization(*names):
    """Proxies that were read, each with a bundle of its own."""
    read = Read("o")
    for name in names:
        read.deployments.append({"apiProxy": name, "revision": "1", "environment": "prod"})
        documents = {"proxies/default": proxy_endpoint(f"/{name}", "", flow("F")), "targets/default": TARGET}
        read.bundles[name, "1"] = opened(bundle("apiproxy", name, documents), name)
    return read


def test_proxies_for_which_there_is_no_time_are_unknown_and_what_is_known_is_not_asked_again(
    monkeypatch, tmp_path
):
    runs = counting_node(monkeypatch, tmp_path, '[{"filePath": "proxy.xml", "messages": []}]')
    first = organization("one", "two")
    read_lint(first)
    assert first.linted == {("one", "1"): (), ("two", "1"): ()}
    assert len(runs.read_text().split()) == 2
    later = organization("one", "two", "three")
    read_lint(later, seconds=0)
    assert later.linted["one", "1"] == ()
    assert "in time" in later.linted["three", "1"]
    assert len(runs.read_text().split()) == 2


@pytest.mark.parametrize("line", ['"x"', "[]", "true", "1e999"])
def test_a_line_that_is_no_number_is_none(monkeypatch, tmp_path, line):
    answer = f'[{{"filePath": "proxy.xml", "messages": [{{"ruleId": "TD001", "line": {line}}}]}}]'
    counting_node(monkeypatch, tmp_path, answer)
    (slip,) = slips(organization(f"line-{line}").bundles[f"line-{line}", "1"], "p")
    assert slip.line == 0


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
