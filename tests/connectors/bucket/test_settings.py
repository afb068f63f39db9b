"""What can be entered, which prefixes it means, and what a customer is told to do."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.base.capabilities import Grant
from connectors.bucket.access import Access
from connectors.bucket.manifest import BucketSettings
from connectors.bucket.prefixes import is_wanted, prefixes_between
from connectors.bucket.setup import texts
from connectors.testkit.doubles.azureblob.sas import make_token
from tests.connectors.bucket.world import ACCOUNT, CONTAINER, KEY, NOON, waf_file

GOOD = {
    "provider": "s3", "bucket": "acme-logs", "region": "eu-west-1", "access_key_id": "AKIA1", "secret_access_key": "s",
}  # fmt: skip


@pytest.mark.asvs("2.2.1")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"bucket": "s3://acme"}, "name alone"),
        ({"region": ""}, "region"),
        ({"secret_access_key": None}, "both are needed"),
        ({"prefixes": ["/logs"]}, "slash"),
        ({"prefixes": ["logs/{day}/"]}, "{day}"),
        ({"prefixes": []}, "at least 1"),
        ({"format": "aws.nothing"}, "one of"),
        ({"format": "file.openapi"}, "one of"),
        ({"endpoint": "ftp://x"}, "https"),
        ({"endpoint": "https://u:p@x"}, "password"),
        ({"provider": "azure"}, "endpoint"),
        ({"provider": "azure", "endpoint": "https://a.blob.core.windows.net"}, "sas_token"),
        ({"sas_token": "https://a.blob.core.windows.net/c?sv=1&sig=2"}, "token alone"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(changes, told):
    with pytest.raises(ValidationError, match=told):
        BucketSettings(**{**GOOD, **changes})


def test_a_pasted_token_may_begin_with_a_question_mark():
    settings = BucketSettings(
        provider="azure",
        bucket="insights-logs-frontdooraccesslog",
        endpoint="https://a.blob.core.windows.net/",
        sas_token=" ?sv=2021-12-02&sp=rl&sig=abc%3D",
    )
    assert settings.sas_token is not None
    assert settings.sas_token.get_secret_value() == "sv=2021-12-02&sp=rl&sig=abc%3D"
    assert "abc%3D" not in repr(settings)


def test_dates_in_a_prefix_become_days_or_hours():
    start, end = NOON - 86_400, NOON
    assert list(prefixes_between("a/{yyyy}/{mm}/{dd}/", start, end)) == ["a/2026/10/01/", "a/2026/10/02/"]
    hours = list(prefixes_between("y={yyyy}/m={mm}/d={dd}/h={hh}/", NOON - 7200, NOON))
    assert hours == [f"y=2026/m=10/d=02/h={hour}/" for hour in (10, 11, 12)]
    assert list(prefixes_between("{yyyy}", start, end)) == ["2026"]
    assert list(prefixes_between("plain/", start, end)) == ["plain/"]


def test_a_pattern_without_a_slash_is_about_the_name_alone():
    assert is_wanted("a/b.log.gz", "*.log.gz")
    assert not is_wanted("a/b.log.gz", "a*")
    assert is_wanted("a/b.log.gz", "a/*.gz")


def test_setup_texts_are_those_of_the_chosen_store():
    titles = {text.title.partition(":")[0] for text in texts({}, {})}
    assert titles == {"AWS", "R2", "MinIO", "Google", "Azure", "Prefixes"}
    chosen = texts(BucketSettings(**GOOD), {})
    assert {text.title.partition(":")[0] for text in chosen} == {"AWS", "R2", "MinIO", "Prefixes"}
    assert all(text.access == "read" for text in chosen)
    policy = next(text.body for text in chosen if text.title == "AWS: policy only")
    assert "acme-logs" in policy
    assert "s3:Put" not in policy


def _grants(container, egress, permissions: str) -> dict[str, Grant]:
    token = make_token(KEY, ACCOUNT, CONTAINER, permissions)
    rows = Access(container.settings(sas_token=token), egress, clock=lambda: NOON).check()
    return {row.action: row.grant for row in rows}


@pytest.mark.parametrize("filled", [True, False])
def test_at_azure_each_letter_of_the_token_is_tested(container, egress, filled):
    if filled:
        container.put("a.log", waf_file(0, 1), NOON - 60)
    assert _grants(container, egress, "rl") == {"list": Grant.GRANTED, "read": Grant.GRANTED}
    assert _grants(container, egress, "l") == {"list": Grant.GRANTED, "read": Grant.DENIED}
    assert _grants(container, egress, "r") == {"list": Grant.DENIED, "read": Grant.GRANTED}


def test_the_end_of_a_token_and_letters_too_many_are_told(container, egress):
    token = make_token(KEY, ACCOUNT, CONTAINER, "rwl", "2027-01-01T00:00:00Z")
    listing = Access(container.settings(sas_token=token), egress, clock=lambda: NOON).check()[0]
    assert "2027-01-01 00:00 UTC" in listing.detail
    assert "(w)" in listing.detail
