"""No format takes another's files: samples of every format are recognised as what they are, whatever the order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base.formats import file_formats
from tests.connectors.azure.test_records import FRONT_DOOR, FRONT_DOOR_WAF, GATEWAY, GATEWAY_WAF
from tests.connectors.cloudarmor.test_requests import ENTRY as LOAD_BALANCER
from tests.connectors.envoy.test_access_logs import DEFAULT, ISTIO, ISTIO_1_8
from tests.connectors.envoy.test_access_logs import JSON as ENVOY_JSON
from tests.connectors.file.test_logs import SHAPES
from tests.connectors.har.test_entries import ENTRY as HAR
from tests.connectors.har.test_entries import archive
from tests.connectors.kong.test_konnect import ROW
from tests.connectors.nginx.test_json_log import ENTRY as NGINX
from tests.connectors.otel.test_spans import OLD, STABLE, export, span

#: How sure nobody else may be.
_CERTAIN = 0.4


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


SAMPLES = [
    ("aws.access_json", SHAPES["aws_http.jsonl"]),
    ("file.clf", SHAPES["nginx.log"]),
    ("apigee.messages", SHAPES["apigee.jsonl"]),
    ("kong.http_log", SHAPES["kong.jsonl"]),
    ("kong.konnect", _json(ROW)),
    ("kong.konnect", _json({"meta": {}, "results": [ROW]})),
    ("cloudarmor.requests", _json(LOAD_BALANCER)),
    ("cloudarmor.requests", json.dumps([LOAD_BALANCER], indent=2).encode()),
    *[("azure.edge", _json(record)) for record in (FRONT_DOOR, FRONT_DOOR_WAF, GATEWAY, GATEWAY_WAF)],
    ("azure.edge", _json({"records": [FRONT_DOOR]})),
    *[("envoy.text", line) for line in (DEFAULT, ISTIO, ISTIO_1_8)],
    ("envoy.json", _json(ENVOY_JSON)),
    ("nginx.json", _json(NGINX)),
    ("otel.spans", _json(export(span(STABLE)))),
    ("otel.spans", _json(export(span(OLD)))),
    ("har.entries", archive(HAR)),
]


@pytest.mark.parametrize(("name", "data"), SAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_is_recognised_as_what_it_is_and_by_no_other_format(name, data):
    scores = {
        other: offered.sniff(data + b"\n" + data, "upload.log") for other, offered in file_formats().items()
    }
    assert scores.pop(name) > 2 * _CERTAIN
    assert [other for other, score in scores.items() if score >= _CERTAIN] == []
