"""S3 as the strict double serves it: signatures verified, IAM evaluated, moto behind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import boto3
import pytest

from connectors.base.capabilities import Grant
from connectors.base.errors import PermissionMissing, SettingsError
from connectors.bucket.access import Access
from connectors.bucket.policy import policy_document
from connectors.bucket.s3 import S3Store, base_url
from connectors.bucket.stores import ObjectUnread
from connectors.egress import Egress
from connectors.testkit.running import Fault, RunningDouble, local_egress, running_double
from tests.connectors.bucket.aws import BUCKET, AwsAccount
from tests.connectors.bucket.world import Door, waf_file


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    options = ["--rate-scale", "0"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as running:
        yield running


@pytest.fixture(scope="module")
def account(double: RunningDouble) -> AwsAccount:
    made = AwsAccount(double.control_url)
    made.open()
    made.put("first/ok.log", waf_file(0, 1))
    return made


@pytest.fixture
def egress(double: RunningDouble) -> Iterator[Egress]:
    made = local_egress(*double.ports, timeout=30)
    yield made
    made.close()
    double.behave()


def pulled(settings, egress) -> Door:
    """What a first pull finds, by the real clock: these objects were written a moment ago."""
    door = Door()
    door.pull(settings, egress, time.time())
    return door


@pytest.mark.asvs("13.2.2")
def test_the_policy_of_the_setup_text_is_enough_and_allows_nothing_else(account, egress):
    account.allow("least/")
    account.put("least/a.log", waf_file(0, 3))
    assert pulled(account.settings(prefixes=["least/"]), egress).orders() == [0, 1, 2]
    with pytest.raises(PermissionMissing, match="ListBucket"):
        pulled(account.settings(prefixes=["first/"]), egress)
    ours = boto3.client(
        "s3", endpoint_url=account.url, aws_access_key_id=account.key_id, aws_secret_access_key=account.secret
    )
    for forbidden in (
        lambda: ours.put_object(Bucket=BUCKET, Key="least/a.log", Body=b""),
        lambda: ours.delete_object(Bucket=BUCKET, Key="least/a.log"),
        lambda: ours.get_object(Bucket=BUCKET, Key="first/ok.log"),
    ):
        with pytest.raises(ours.exceptions.ClientError, match="AccessDenied"):
            forbidden()


def test_a_list_is_read_to_its_last_page_and_from_behind_a_key(account, egress):
    account.allow("many/")
    keys = [f"many/{number:02}" for number in range(11)]
    for key in keys:
        account.put(key, b"x")
    store = S3Store(account.settings(), egress, page=3)
    pages = list(store.objects("many/"))
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert [found.key for page in pages for found in page] == keys
    assert [found.key for page in store.objects("many/", keys[6]) for found in page] == keys[7:]


def test_names_with_spaces_plus_signs_and_other_alphabets_are_read(account, egress):
    account.allow("names/")
    names = ("a b+c%20d.log", "лог/ünï#1?x=y&z.log", "semi;colon/[1].log", "a//b.log", "<tag>&~.log")
    for number, name in enumerate(names):
        account.put(f"names/{name}", waf_file(number, 1))
    door = pulled(account.settings(prefixes=["names/"]), egress)
    assert door.orders() == [0, 1, 2, 3, 4]
    assert not door.quarantined


def test_an_object_written_anew_between_two_ranges_is_not_mixed(account, egress):
    account.allow("changing/")
    account.put("changing/a.log", waf_file(0, 100))
    store = S3Store(account.settings(), egress)
    ((found,),) = store.objects("changing/")
    store.read(found, 0, 10)
    account.put("changing/a.log", waf_file(100, 100))
    with pytest.raises(ObjectUnread) as caught:
        store.read(found, 10, 20)
    assert caught.value.again


def test_good_settings_are_granted_and_what_cannot_be_tried_yet_is_unknown(account, egress):
    account.allow("first/", "none-yet/")
    for prefix, reading in (("first/", Grant.GRANTED), ("none-yet/", Grant.UNKNOWN)):
        rows = Access(account.settings(prefixes=[prefix]), egress).check()
        assert [(row.action, row.grant) for row in rows] == [("list", Grant.GRANTED), ("read", reading)]
    account.allow()
    rows = Access(account.settings(prefixes=["none-yet/"]), egress).check()
    assert [row.grant for row in rows] == [Grant.GRANTED, Grant.GRANTED]


@pytest.mark.asvs("16.5.2")
@pytest.mark.parametrize(
    ("without", "grants"),
    [
        ("s3:ListBucket", {"list": Grant.DENIED, "read": Grant.UNKNOWN}),
        ("s3:GetObject", {"list": Grant.GRANTED, "read": Grant.DENIED}),
    ],
)
def test_a_missing_permission_is_named_with_its_fix(account, egress, without, grants):
    account.allow("first/", without=without)
    rows = {row.action: row for row in Access(account.settings(prefixes=["first/"]), egress).check()}
    assert {action: row.grant for action, row in rows.items()} == grants
    denied = next(row for row in rows.values() if row.grant is Grant.DENIED)
    assert without in denied.detail
    assert without in denied.fix


def test_a_wrong_secret_and_an_unknown_key_are_settings_to_correct(account, egress):
    for changes, code in (
        ({"secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "AKIANOBODY0000000001"}, "InvalidAccessKeyId"),
    ):
        with pytest.raises(SettingsError, match=code):
            Access(account.settings(**changes), egress).check()


def test_a_bucket_in_another_region_is_said_with_the_region(account, egress, double):
    body = "<Error><Code>PermanentRedirect</Code><Message>no</Message></Error>"
    double.order(Fault(301, "ListObjectsV2", body=body, headers={"x-amz-bucket-region": "us-west-2"}))
    with pytest.raises(SettingsError, match="us-west-2"):
        Access(account.settings(), egress).check()


def test_google_is_asked_by_the_same_protocol(account, egress):
    account.allow("first/")
    settings = account.settings(provider="gcs", region="", prefixes=["first/"])
    assert pulled(settings, egress).orders() == [0]


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"endpoint": ""}, "https://acme-logs.s3.eu-west-1.amazonaws.com"),
        ({"endpoint": "", "bucket": "logs.acme"}, "https://s3.eu-west-1.amazonaws.com/logs.acme"),
        ({"endpoint": "", "region": "cn-north-1"}, "https://acme-logs.s3.cn-north-1.amazonaws.com.cn"),
        ({"endpoint": "", "provider": "gcs"}, "https://storage.googleapis.com/acme-logs"),
        ({"endpoint": "https://1.r2.cloudflarestorage.com/"}, "https://1.r2.cloudflarestorage.com/acme-logs"),
    ],
)
def test_every_store_is_asked_at_its_own_address(account, changes, url):
    assert base_url(account.settings(**changes)) == url


def test_the_policy_names_only_the_prefixes_up_to_their_dates():
    listing, reading = policy_document("b", ["alb/{yyyy}/", "waf/"])["Statement"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["alb/*", "waf/*"]}}
    assert reading["Resource"] == ["arn:aws:s3:::b/alb/*", "arn:aws:s3:::b/waf/*"]
