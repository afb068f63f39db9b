"""The signature engine: packs as content, verdicts, field naming, masking, linear time, batch parity."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from controlplane.signatures import (
    Engine,
    PackError,
    RequestParts,
    load_packs,
    parse_pack,
    request_score,
    verdict,
)

RULES = {rule.id: rule for rule in load_packs()}
BENIGN_TEXT = (
    "Please select a plan from the drop-down and update your settings, or delete the old one where needed.",
    "O'Reilly said: \"don't panic\" -- and then he left; it's fine & well (really).",
    "How do I write SELECT name FROM users WHERE id = 5 in our new report tool? I tried and it did not work.",
    'Use <b>bold</b> and <i>italic</i> in the description, and a link to <a href="https://example.com">us</a>.',
    "We use if (x > 1) { return x; } in the code and it does what you would expect from it.",
    "The union of the two groups will select a new leader; 1 or 2 people may order by phone.",
    "Call me at 5 o'clock; I'll cat-sit, find the keys and sleep at your place.",
    "price >= 100 and price <= 200",
    "C:Drive is full, 50% off, 100% cotton, $5 each",
    "Müller & Söhne GmbH, Straße 12; 10115 Berlin",
    "L'été à la plage, c'est l'idéal: on s'y retrouve et l'on rit",
    "https://www.example.com/products/12?color=red&size=m",
    "2026-11-24T04:00:00Z",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "name,-created_at",
    "5'10\" tall",
)


def parts_of(example: Any) -> RequestParts:
    """A request from a pack's example: a string is the value of query parameter q."""
    if isinstance(example, str):
        return RequestParts(query="q=" + quote(example, safe=""))
    headers = tuple((name, value) for name, value in example.get("headers", []))
    return RequestParts(
        example.get("method", "GET"), example.get("path", "/"), example.get("query", ""), headers,
        example.get("body"), example.get("content_type"),
    )  # fmt: skip


def table_of(requests: list[RequestParts]) -> pa.Table:
    """The batch columns of requests without headers other than the user agent."""
    agents = [dict(request.headers).get("User-Agent") for request in requests]
    return pa.table(
        {
            "method": [request.method for request in requests],
            "path": [request.path for request in requests],
            "query": [request.query for request in requests],
            "user_agent": pa.array(agents, pa.string()),
            "body": pa.array([request.body for request in requests], pa.string()),
            "content_type": pa.array([request.content_type for request in requests], pa.string()),
        }
    )


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The shipped engine."""
    return Engine.load()


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_has_examples_and_they_hold(engine: Engine, rule_id: str) -> None:
    rule = RULES[rule_id]
    assert rule.attacks
    assert rule.benign
    for example in rule.attacks:
        assert verdict(engine.evaluate(parts_of(example))) == "attack", example
    for example in rule.benign:
        hits = engine.evaluate(parts_of(example))
        assert verdict(hits) == "benign", (example, hits)
    fired = {hit.rule_id for example in rule.attacks for hit in engine.evaluate(parts_of(example))}
    assert rule_id in fired


@pytest.mark.parametrize("text", BENIGN_TEXT)
@pytest.mark.parametrize("place", ["query", "form", "json"])
def test_ordinary_text_stays_quiet_wherever_it_stands(engine: Engine, text: str, place: str) -> None:
    if place == "query":
        request = RequestParts(path="/api/v1/search", query="q=" + quote(text, safe=""))
    elif place == "form":
        body = "lang=en&comment=" + quote(text, safe="")
        request = RequestParts(
            "POST", "/api/v1/items", body=body, content_type="application/x-www-form-urlencoded"
        )
    else:
        body = pa.scalar(text).as_py().replace("\\", "\\\\").replace('"', '\\"')
        request = RequestParts(
            "POST", "/api/v1/items", body=f'{{"comment": "{body}"}}', content_type="application/json"
        )
    hits = engine.evaluate(request)
    assert verdict(hits) == "benign", hits


def test_a_hit_names_rule_field_and_reason(engine: Engine) -> None:
    body = '{"user": {"name": "x\' union select password from users--"}}'
    hits = engine.evaluate(RequestParts("POST", "/login", body=body, content_type="application/json"))
    best = next(hit for hit in hits if hit.rule_id == "sqli-union-select")
    assert (best.pack, best.attack_class, best.field, best.score) == ("sqli", "sqli", "body.user.name", 90)
    assert best.reason == "UNION SELECT"
    assert "union select" in best.value_excerpt


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ("%252e%252e%252f%252e%252e%252fetc/passwd", "lfi-traversal"),
        ("..%c0%af..%c0%afetc/passwd", "lfi-traversal"),
        ("\\u003cscript\\u003ealert(1)", "xss-script-tag"),
        ("&lt;img src=x onerror=alert(1)&gt;", "xss-event-handler"),
        ("1/*!50000union*//**/select 1", "sqli-union-select"),
        (";c'a't$IFS/etc/passwd", "rce-separator-command"),
        ("＜script＞alert(1)", "xss-script-tag"),
    ],
)
def test_evasions_are_decoded_before_rules_look(engine: Engine, payload: str, wanted: str) -> None:
    hits = engine.evaluate(RequestParts(query="q=" + quote(payload, safe="")))
    assert wanted in {hit.rule_id for hit in hits}


@pytest.mark.parametrize(
    ("request_parts", "field"),
    [
        (RequestParts(path="/.git/config"), "path"),
        (RequestParts(headers=(("User-Agent", "sqlmap/1.7"),)), "header.user-agent"),
        (RequestParts(headers=(("Cookie", "a=1; id=' or 1=1--"),)), "cookie.id"),
        (RequestParts(headers=(("Referer", "${jndi:ldap://x/a}"),)), "header.referer"),
        (RequestParts("POST", "/x", body=b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a/>",
                      content_type="application/xml"), "body"),
    ],
)  # fmt: skip
def test_every_part_of_a_request_is_read(engine: Engine, request_parts: RequestParts, field: str) -> None:
    hits = engine.evaluate(request_parts)
    assert verdict(hits) == "attack"
    assert field in {hit.field for hit in hits}


def test_excerpts_are_short_and_mask_secrets(engine: Engine) -> None:
    value = "password=hunter2secret bob@example.com 4111111111111111 ' union select 1 --" + "x" * 500
    for hit in engine.evaluate(RequestParts(query="q=" + quote(value, safe=""))):
        assert len(hit.value_excerpt) <= 80
        for secret in ("hunter2", "bob@example", "41111111"):
            assert secret not in hit.value_excerpt


def test_scores_add_up_and_stay_within_100(engine: Engine) -> None:
    hits = engine.evaluate(RequestParts(query="q=" + quote("' union select sleep(5) from users--", safe="")))
    assert request_score([]) == 0
    assert max(hit.score for hit in hits) < request_score(hits) <= 100
    assert verdict(hits, threshold=101) == "benign"


@pytest.mark.parametrize(
    "body",
    [
        "{" * 5_000,
        '{"a":' * 400 + "1" + "}" * 400,
        "\x00\xff" * 100,
        "%" * 9_000,
        "--b\r\n" * 500,
        "[" + "1," * 9_000 + "1]",
        "q=\ud800' or 1=1",
    ],
)
def test_hostile_bodies_never_raise(engine: Engine, body: str) -> None:
    for content_type in (
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/xml",
    ):
        hits = engine.evaluate(RequestParts("POST", "/x", body=body, content_type=content_type))
        assert len(hits) <= 50


def test_the_batch_path_reports_what_the_row_path_reports(engine: Engine) -> None:
    requests = [parts_of(example) for rule in RULES.values() for example in (*rule.attacks, *rule.benign)]
    requests = [
        r
        for r in requests
        if {name for name, _ in r.headers} <= {"User-Agent"} and not isinstance(r.body, bytes)
    ]
    batch = engine.evaluate_batch(table_of(requests))
    reported = batch.lists("rule_id").to_pylist()
    for request, rule_ids, score in zip(requests, reported, batch.scores.to_pylist(), strict=True):
        hits = engine.evaluate(request)
        if verdict(hits) == "attack":
            assert sorted(rule_ids) == sorted(hit.rule_id for hit in hits), request
            assert score == pytest.approx(request_score(hits), abs=0.01)


def test_the_gate_lets_ordinary_traffic_pass_unseen(engine: Engine) -> None:
    rnd = random.Random(3)
    rows = [
        RequestParts(
            "GET", f"/api/v1/users/{rnd.randrange(10**6)}", f"page={rnd.randrange(99)}&sort=-name&q=red+shoes"
        )
        for _ in range(500)
    ]
    batch = engine.evaluate_batch(table_of(rows))
    assert batch.hits.num_rows == 0
    assert batch.evaluated == 0
    assert len(batch.scores) == 500


def test_an_empty_batch_and_null_columns_are_fine(engine: Engine) -> None:
    nulls = pa.table(
        {name: pa.array([None, None], pa.string()) for name in ("method", "path", "query", "user_agent")}
    )
    assert engine.evaluate_batch(nulls).scores.to_pylist() == [0.0, 0.0]
    assert engine.evaluate_batch(nulls.slice(0, 0)).hits.num_rows == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: []", "pack"),
        ("{pack: a, attack_class: b, rules: [{id: x}]}", "needs id, title"),
        (
            "{pack: a, attack_class: b, rules: [{id: x, title: t, pattern: '(?=a)', severity: low, score: 5}]}",
            "linear-time",
        ),
        (
            "{pack: a, attack_class: b, rules: [{id: x, title: t, pattern: a, severity: low, score: 500}]}",
            "score",
        ),
        (
            "{pack: a, attack_class: b, rules: [{id: x, title: t, pattern: a, severity: low, score: 5, fields: [nope]}]}",
            "place",
        ),
    ],
)
def test_a_broken_pack_is_refused_with_the_rule_at_fault(text: str, message: str) -> None:
    with pytest.raises(PackError, match=message):
        parse_pack(text)
