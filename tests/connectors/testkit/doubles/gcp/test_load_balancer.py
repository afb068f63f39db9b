"""The load balancers of the Google Cloud double decide and log as Cloud Armor documents it."""

from __future__ import annotations

from typing import Any

import pytest

EVERYONE = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
#: What a client gets when no rule stands in the way: no backend runs here.
PASSED = 502


def ranges(*texts: str) -> dict[str, Any]:
    return {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": list(texts)}}


def expression(text: str) -> dict[str, Any]:
    return {"expr": {"expression": text}}


def last(project) -> dict[str, Any]:
    """The last request's log entry."""
    found = project.entries('resource.type="http_load_balancer"', orderBy="timestamp desc", pageSize=1)
    entry: dict[str, Any] = found["entries"][0]
    return entry


def test_a_denied_address_gets_403_and_others_pass(project):
    project.rule(priority=7, action="deny(403)", match=ranges("203.0.113.0/24"))
    assert project.ask(address="203.0.113.9") == 403
    entry = last(project)
    assert entry["jsonPayload"]["statusDetails"] == "denied_by_security_policy"
    assert entry["jsonPayload"]["enforcedSecurityPolicy"]["priority"] == 7
    assert project.ask(address="203.0.112.9") == PASSED


def test_the_smallest_priority_that_fits_ends_the_evaluation(project):
    project.rule(priority=5, action="allow", match=ranges("203.0.113.9/32"))
    project.rule(priority=7, action="deny(403)", match=ranges("203.0.113.0/24"))
    assert project.ask(address="203.0.113.9") == PASSED
    assert project.ask(address="203.0.113.8") == 403


def test_a_previewed_rule_is_only_logged(project):
    project.rule(priority=7, action="deny(403)", preview=True, match=EVERYONE)
    assert project.ask() == PASSED
    assert last(project)["jsonPayload"]["previewSecurityPolicy"]["outcome"] == "DENY"


@pytest.mark.parametrize(
    ("text", "hit", "missed"),
    [
        ("request.path.matches(R'^/a/[^/]+$')", {"path": "/a/1"}, {"path": "/a/1/2"}),
        ("request.method == 'DELETE' && request.path == '/a'", {"path": "/a", "method": "DELETE"}, {"path": "/a"}),
        ("has(request.headers['x-a']) && request.headers['x-a'].lower() == 'b'", {"X_A": "B"}, {"X_A": "c"}),
        ("request.headers['x-a'] != 'b'", {"X_A": "c"}, {}),
        ("origin.region_code == 'KP' || origin.asn == 7", {"X_Double_Asn": "7"}, {"X_Double_Asn": "8"}),
        ("origin.tls_ja4_fingerprint == 't13d'", {"X_Double_Ja4": "t13d"}, {"X_Double_Ja4": "t12d"}),
        ("!inIpRange(origin.ip, '203.0.113.0/24')", {"address": "192.0.2.1"}, {"address": "203.0.113.1"}),
        ("request.path.urlDecode() == '/admin'", {"path": "/%61dmin"}, {"path": "/%62dmin"}),
        ("evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})", {"path": "/?q=1%20union%20select"}, {}),
    ],
)  # fmt: skip
def test_an_expression_decides(project, text, hit, missed):
    answer = project.rule(priority=7, action="deny(404)", match=expression(text))
    assert answer.status_code == 200, answer.get_json()
    assert project.ask(**hit) == 404
    assert project.ask(**missed) == PASSED


def test_a_throttle_lets_as_many_pass_as_it_says_and_ends_the_evaluation(project):
    limits = {
        "conformAction": "allow",
        "exceedAction": "deny(429)",
        "rateLimitThreshold": {"count": 2, "intervalSec": 3600},
        "enforceOnKeyConfigs": [{"enforceOnKeyType": "IP"}],
    }
    project.rule(priority=5, action="throttle", match=EVERYONE, rateLimitOptions=limits)
    project.rule(priority=7, action="deny(403)", match=EVERYONE)
    statuses = [project.ask(address="203.0.113.1") for _ in range(3)]
    assert statuses == [PASSED, PASSED, 429]
    assert project.ask(address="203.0.113.2") == PASSED


def test_a_challenge_redirects_to_recaptcha(project):
    options = {"type": "GOOGLE_RECAPTCHA"}
    project.rule(priority=7, action="redirect", match=EVERYONE, redirectOptions=options)
    assert project.ask() == 302
    assert last(project)["jsonPayload"]["enforcedSecurityPolicy"]["configuredAction"] == "GOOGLE_RECAPTCHA"
