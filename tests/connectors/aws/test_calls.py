"""Pulling calls: every event once, across pulls, crashes, late arrivals and both kinds of log."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.aws.calls import Calls
from connectors.base.errors import ConnectorError
from connectors.base.model import Completeness, ConfigSnapshot, Section, Stage, WafPolicy
from tests.faults.clocks import Clock

FORMAT = (
    '{"requestId":"$context.requestId","t":"$context.requestTimeEpoch","ip":"$context.identity.sourceIp",'
    '"m":"$context.httpMethod","path":"$context.path","status":"$context.status"}'
)
ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/main/11111111-1111-4111-8111-111111111111"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:"


def snapshot(
    *, waf: str = "", group: str = "/aws/apigateway/shop", log_format: str = FORMAT
) -> ConfigSnapshot:
    stage = Stage(
        "a1/prod",
        "a1",
        "prod",
        access_log=f"{LOGS}{group}:*" if group else "",
        access_log_format=log_format if group else None,
        waf_ref=ACL if waf else "",
    )
    policies = (WafPolicy(ACL, "main", "allow", log_destinations=(waf,)),) if waf else ()
    sections = (Section("stages", Completeness.COMPLETE),)
    return ConfigSnapshot("aws", "1", "a", stages=(stage,), waf_policies=policies, sections=sections)


def now_ms() -> int:
    return int(time.time() * 1000)


def access(request_id: str, at: int, path: str = "/prod/orders/1", status: int = 200) -> str:
    return json.dumps(
        {
            "requestId": request_id,
            "t": str(at),
            "ip": "198.51.100.7",
            "m": "GET",
            "path": path,
            "status": str(status),
        }
    )


def waf(request_id: str, at: int, stage: str = "prod") -> str:
    request = {
        "clientIp": "198.51.100.7",
        "country": "DE",
        "headers": [],
        "uri": "/prod/orders/1",
        "args": "a=1",
        "httpVersion": "HTTP/1.1",
        "httpMethod": "GET",
        "requestId": request_id,
    }
    return json.dumps(
        {
            "timestamp": at,
            "webaclId": ACL,
            "action": "ALLOW",
            "terminatingRuleId": "Default_Action",
            "httpSourceName": "APIGW",
            "httpSourceId": f"1:a1:{stage}",
            "httpRequest": request,
        }
    )


def put(estate, group: str, *events: tuple[int, str]) -> None:
    logs = estate.admin("logs")
    try:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": at, "message": text} for at, text in sorted(events)],
    )


class Puller:
    """Pulls repeatedly, keeping the cursor as the platform would; ``later`` moves the clock (seconds)."""

    def __init__(self, estate, declared: ConfigSnapshot) -> None:
        self.estate, self.declared = estate, declared
        self.cursor: dict = {}
        self.later = 0.0

    def calls(self) -> list[dict]:
        reader = Calls(
            self.estate.settings(),
            self.estate.egress,
            session=self.estate.session(),
            clock=lambda: datetime.now(UTC) + timedelta(seconds=self.later + 1),
        )
        rows: list[dict] = []
        for batch, cursor in reader.read_calls(json.loads(json.dumps(self.cursor)), self.declared):
            rows += reader.normalise(batch).table.to_pylist()
            self.cursor = dict(cursor)
        return rows


def ids(rows: list[dict]) -> list[str]:
    return sorted(row["call_id"] for row in rows)


def test_every_line_is_read_once_across_pulls_and_late_ones_too(moto):
    at = now_ms()
    put(
        moto,
        "/aws/apigateway/shop",
        (at - 5000, access("r1", at - 5000)),
        (at - 4000, access("r2", at - 4000)),
    )
    puller = Puller(moto, snapshot())
    assert ids(puller.calls()) == ["r1", "r2"]
    assert puller.calls() == []
    time.sleep(
        1.1
    )  # the next events must arrive after the first pull's end, which the test's clock put 1 s ahead
    put(
        moto,
        "/aws/apigateway/shop",
        (at - 4500, access("late", at - 4500)),
        (now_ms(), access("r3", now_ms())),
    )
    assert ids(puller.calls()) == ["late", "r3"]


def test_events_younger_than_the_settling_time_wait(moto):
    at = now_ms()
    put(moto, "/aws/apigateway/shop", (at, access("r1", at)))
    puller = Puller(moto, snapshot())
    puller.later = -60
    assert puller.calls() == []
    puller.later = 0
    assert ids(puller.calls()) == ["r1"]


def test_a_request_in_both_logs_is_one_call(moto):
    at = now_ms()
    put(
        moto,
        "/aws/apigateway/shop",
        (at - 2000, access("r1", at - 2100)),
        (at - 1000, access("r2", at - 1000)),
    )
    put(moto, "aws-waf-logs-main", (at - 2100, waf("r1", at - 2100)), (at - 900, waf("only-waf", at - 900)))
    puller = Puller(moto, snapshot(waf=f"{LOGS}aws-waf-logs-main"))
    rows = {row["call_id"]: row for row in puller.calls()}
    assert sorted(rows) == ["r1", "r2"]
    assert (rows["r1"]["status"], rows["r1"]["query"], rows["r1"]["country"]) == (200, "a=1", "DE")
    assert rows["r2"]["query"] is None
    puller.later = 61
    assert ids(puller.calls()) == ["only-waf"]
    puller.later = 122
    assert puller.calls() == []


def test_a_waf_record_of_a_stage_without_access_log_is_a_call_at_once(moto):
    at = now_ms()
    put(moto, "aws-waf-logs-main", (at - 900, waf("w1", at - 900)))
    puller = Puller(moto, snapshot(waf=f"{LOGS}aws-waf-logs-main", group=""))
    rows = puller.calls()
    assert ids(rows) == ["w1"]
    assert rows[0]["waf_action"] == "ALLOW"


def test_waf_files_in_s3_are_read_and_merged(moto):
    s3 = moto.admin("s3")
    s3.create_bucket(
        Bucket="aws-waf-logs-shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    at = now_ms()
    period = datetime.fromtimestamp(at / 1000 // 300 * 300, UTC)
    key = f"AWSLogs/123456789012/WAFLogs/eu-west-1/main/{period:%Y/%m/%d/%H/%M}/x.log.gz"
    body = gzip.compress("\n".join((waf("r1", at - 900), waf("w2", at - 800, "other"))).encode())
    s3.put_object(Bucket="aws-waf-logs-shop", Key=key, Body=body)
    put(moto, "/aws/apigateway/shop", (at - 900, access("r1", at - 900)))
    puller = Puller(moto, snapshot(waf="arn:aws:s3:::aws-waf-logs-shop"))
    first = puller.calls()  # files come late, so the access line waits; the other stage's record does not
    assert ids(first) == ["w2"]
    puller.later = 430
    rows = puller.calls()
    assert ids(rows) == ["r1"]
    assert rows[0]["query"] == "a=1"
    assert rows[0]["status"] == 200


def test_a_pull_that_stops_half_way_loses_nothing(moto):
    at = now_ms()
    days = [at - 86_400_000 * day for day in range(6)]
    put(
        moto,
        "/aws/apigateway/shop",
        *[(moment, access(f"d{day}", moment)) for day, moment in enumerate(days)],
    )
    puller = Puller(moto, snapshot())
    reader = Calls(
        moto.settings(),
        moto.egress,
        session=moto.session(),
        clock=lambda: datetime.now(UTC) + timedelta(seconds=1),
    )
    seen: list[str] = []
    for batch, cursor in reader.read_calls({}, puller.declared):
        seen += reader.normalise(batch).table["call_id"].to_pylist()
        puller.cursor = json.loads(json.dumps(cursor))
        if len(seen) >= 2:
            break  # the process dies here
    assert "pull" in puller.cursor
    seen += ids(puller.calls())
    assert sorted(seen) == [f"d{day}" for day in range(6)]


def test_a_source_that_fails_keeps_its_place_and_the_others_go_on(moto):
    at = now_ms()
    put(moto, "/aws/apigateway/shop", (at - 900, access("r1", at - 900)))
    puller = Puller(moto, snapshot(waf=f"{LOGS}aws-waf-logs-missing"))
    with pytest.raises(ConnectorError, match="log group"):
        puller.calls()
    assert list(puller.cursor["until"]) == ["logs:eu-west-1:/aws/apigateway/shop"]
    put(moto, "aws-waf-logs-missing", (at - 800, waf("w1", at - 800, "other")))
    assert "w1" in ids(puller.calls())


def test_stages_that_share_a_log_group_are_told_apart_by_their_formats(moto):
    other = '{"rid":"$context.requestId","api":"$context.apiId","at":"$context.requestTimeEpoch","r":"$context.routeKey"}'
    declared = snapshot()
    second = Stage(
        "b2/$default", "b2", "$default", access_log=f"{LOGS}/aws/apigateway/shop", access_log_format=other
    )
    declared = ConfigSnapshot("aws", "1", "a", stages=(*declared.stages, second), sections=declared.sections)
    at = now_ms()
    text = json.dumps({"rid": "r2", "api": "b2", "at": str(at - 800), "r": "GET /pets"})
    put(moto, "/aws/apigateway/shop", (at - 900, access("r1", at - 900)), (at - 800, text))
    rows = {row["call_id"]: row for row in Puller(moto, declared).calls()}
    assert (rows["r1"]["path"], rows["r2"]["path"], rows["r2"]["gateway"]) == (
        "/prod/orders/1",
        "/pets",
        "b2",
    )
    assert rows["r1"]["gateway"] == "a1"


def test_a_waf_file_read_before_is_not_fetched_again(moto):
    s3 = moto.admin("s3")
    s3.create_bucket(
        Bucket="aws-waf-logs-shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    at = now_ms()
    period = datetime.fromtimestamp(at / 1000 // 300 * 300, UTC)
    key = f"AWSLogs/123456789012/WAFLogs/eu-west-1/main/{period:%Y/%m/%d/%H/%M}/x.log.gz"
    s3.put_object(Bucket="aws-waf-logs-shop", Key=key, Body=gzip.compress(waf("w1", at - 900).encode()))
    puller = Puller(moto, snapshot(waf="arn:aws:s3:::aws-waf-logs-shop", group=""))
    assert ids(puller.calls()) == ["w1"]
    puller.later = 600
    puller.calls()
    moto.egress.sent.clear()
    puller.later = 900
    assert puller.calls() == []
    assert [sent.url for sent in moto.egress.sent if "x.log.gz" in sent.url] == []


def test_a_damaged_waf_file_is_an_error_that_names_it_and_no_silence(moto):
    s3 = moto.admin("s3")
    s3.create_bucket(
        Bucket="aws-waf-logs-shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    period = datetime.fromtimestamp(now_ms() / 1000 // 300 * 300, UTC)
    key = f"AWSLogs/123456789012/WAFLogs/eu-west-1/main/{period:%Y/%m/%d/%H/%M}/bad.log.gz"
    s3.put_object(Bucket="aws-waf-logs-shop", Key=key, Body=gzip.compress(bytes(range(256)))[:200])
    with pytest.raises(ConnectorError, match=r"bad\.log\.gz is damaged"):
        Puller(moto, snapshot(waf="arn:aws:s3:::aws-waf-logs-shop", group="")).calls()


def test_nothing_to_read_is_no_error(moto):
    assert Puller(moto, ConfigSnapshot("aws", "1", "a")).calls() == []


@pytest.mark.parametrize("ahead", [180, -180, 3 * 3600])
def test_what_arrives_is_read_whatever_our_clock_says(moto, tmp_path, ahead):
    """Two pulls by a process whose clock is wrong; what arrives between them is AWS's to date."""
    clock = Clock(tmp_path)
    clock.set(ahead)

    def pull(cursor: dict) -> dict:
        command = [sys.executable, "-m", "tests.connectors.aws.pull_once", moto.url]
        done = subprocess.run(
            command, input=json.dumps(cursor), env=os.environ | clock.environment, capture_output=True, text=True, check=True
        )  # fmt: skip
        return json.loads(done.stdout)

    at = now_ms() - 5000
    put(moto, "/aws/apigateway/shop", (at, access("before", at)))
    time.sleep(1.1)  # AWS tells its time in whole seconds
    first = pull({})
    assert first["ids"] == ["before"]
    put(moto, "/aws/apigateway/shop", (now_ms(), access("between", now_ms())))
    time.sleep(1.1)
    clock.set(0)
    assert pull(first["cursor"])["ids"] == ["between"]
