"""The double of a storage account refuses what the vendor refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode

import pytest
import urllib3

from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.running import RunningDouble, running_double

ACCOUNT, KEY, CONTAINER = "acmelogs", "a2V5IG9mIHRoZSBkb3VibGU=", "logs"
GOOD = make_token(KEY, ACCOUNT, CONTAINER)
LIST = "restype=container&comp=list"


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double("connectors.testkit.doubles.azureblob", ["--page", "2"], ("--port",)) as running:
        blobs = [{"name": name, "content": "aGVsbG8="} for name in ("a", "b c", "d\u0001")]
        urllib3.request("POST", f"{running.control_url}/_double/blobs", body=json.dumps(blobs))
        yield running


def ask(double, path: str, query: str, **headers: str) -> tuple[int, str, str]:
    """Status, error code and body."""
    sent = {
        "x-ms-version": "2021-12-02",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    answer = urllib3.request("GET", f"{double.control_url}/{path}?{query}", headers=sent, retries=False)
    return answer.status, answer.headers.get("x-ms-error-code", ""), answer.data.decode()


def _changed(**changes: str) -> str:
    fields = {name: values[0] for name, values in parse_qs(GOOD).items()}
    return urlencode({**fields, **changes})


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        (LIST, (401, "NoAuthenticationInformation")),
        (f"{LIST}&{_changed(sp='rwl')}", (403, "AuthenticationFailed")),
        (f"{LIST}&{_changed(se='2098-01-01T00:00:00Z')}", (403, "AuthenticationFailed")),
        (f"{LIST}&{make_token(KEY, ACCOUNT, 'other')}", (403, "AuthenticationFailed")),
        (f"{LIST}&{make_token(KEY, ACCOUNT, CONTAINER, expiry='2020-01-01')}", (403, "AuthenticationFailed")),
        (f"{LIST}&{make_token(KEY, ACCOUNT, CONTAINER, 'r')}", (403, "AuthorizationPermissionMismatch")),
        (f"{LIST}&maxresults=0&{GOOD}", (400, "OutOfRangeQueryParameterValue")),
        (f"{LIST}&list-type=2&{GOOD}", (400, "InvalidQueryParameterValue")),
    ],
)
def test_a_request_that_is_not_signed_for_is_refused(double, query, refusal):
    assert ask(double, CONTAINER, query)[:2] == refusal


def test_a_list_goes_on_behind_its_marker_and_encodes_unreadable_names(double):
    first = ask(double, CONTAINER, f"{LIST}&{GOOD}")[2]
    assert "<Name>a</Name>" in first
    assert "<Name>b c</Name>" in first
    marker = first.partition("<NextMarker>")[2].partition("<")[0]
    second = ask(double, CONTAINER, f"{LIST}&marker={marker}&{GOOD}")[2]
    assert '<Name Encoded="true">d%01</Name>' in second
    assert "<NextMarker></NextMarker>" in second


def test_parts_are_read_by_range_and_only_of_the_version_that_is_asked_for(double):
    assert ask(double, f"{CONTAINER}/a", GOOD, Range="bytes=1-2") == (206, "", "el")
    assert ask(double, f"{CONTAINER}/a", GOOD, Range="bytes=9-10")[:2] == (416, "InvalidRange")
    assert ask(double, f"{CONTAINER}/a", GOOD, If_Match='"other"')[:2] == (412, "ConditionNotMet")
    assert ask(double, f"{CONTAINER}/nothing", GOOD)[:2] == (404, "BlobNotFound")
