"""The whole sample company: started, used, blocked, stopped."""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
import urllib3
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.serving import listen, wsgi
from controlplane.demo.customer_iam import create_role
from controlplane.demo.estate import Estate, EstateOptions, launch

HTTP = urllib3.PoolManager(retries=False, timeout=10)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A running company without traffic of its own and without AWS' API rates."""
    data = Path(tmp_path_factory.mktemp("acme"))
    running = launch(EstateOptions(data, rate_scale=0, log_interval_s=0.2, traffic=False))
    yield running
    running.stop()


def aws(estate: Estate, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=estate.aws["endpoint_url"],
        region_name=estate.aws["region"],
        aws_access_key_id=estate.aws["admin_access_key_id"],
        aws_secret_access_key=estate.aws["admin_secret_access_key"],
    )


def ask_aws(estate: Estate, path: str, address: str, host: str = "api.acme.example", **headers: str) -> int:
    sent = {"Host": host, "X-Double-Client-Ip": address, **headers}
    return int(HTTP.request("GET", estate.aws["data_url"] + path, headers=sent).status)


def ask_kong(estate: Estate, path: str, address: str, host: str = "shop.acme.example") -> int:
    sent = {"Host": host, "X-Real-IP": address}
    return int(HTTP.request("GET", estate.kong["proxy_url"] + path, headers=sent).status)


def eventually(look: Callable[[], Any], within_s: float = 10.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found
    return found


def waf_records(estate: Estate) -> list[dict[str, Any]]:
    s3, bucket = aws(estate, "s3"), "aws-waf-logs-acme-prod"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    bodies = [gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return [orjson.loads(line) for body in bodies for line in body.splitlines()]


def test_a_request_appears_in_access_log_and_waf_log(estate: Estate) -> None:
    assert ask_aws(estate, "/customers/1001?q=1%27%20OR%201%3D1--", "203.0.113.99") == 200

    def logged() -> list[dict[str, Any]]:
        return [r for r in waf_records(estate) if r["httpRequest"]["clientIp"] == "203.0.113.99"]

    found = eventually(logged)[0]
    assert found["httpRequest"]["args"] == "q=1%27%20OR%201%3D1--"
    assert [hit["ruleId"] for hit in found["nonTerminatingMatchingRules"]] == [
        "AWS-AWSManagedRulesSQLiRuleSet"
    ]
    logs = aws(estate, "logs")

    def lines() -> list[dict[str, Any]]:
        events = logs.filter_log_events(
            logGroupName="/aws/apigateway/orders-prod", filterPattern="203.0.113.99"
        )
        return [json.loads(event["message"]) for event in events["events"]]

    line = eventually(lines)[0]
    assert (line["status"], line["resourcePath"]) == ("200", "/customers/{customerId}")
    assert line["requestId"] == found["httpRequest"]["requestId"]


def test_an_ip_set_blocks_at_once_and_its_removal_unblocks(estate: Estate) -> None:
    waf, attacker = aws(estate, "wafv2"), "203.0.113.66"
    assert ask_aws(estate, "/health", attacker) == 200
    created = waf.create_ip_set(
        Name="blocked", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=[f"{attacker}/32"]
    )["Summary"]
    acl = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]
    place = {"Name": acl["Name"], "Id": acl["Id"], "Scope": "REGIONAL"}
    current = waf.get_web_acl(**place)
    kept = {key: current["WebACL"][key] for key in ("DefaultAction", "VisibilityConfig")}
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "blocked"}
    block = {"Name": "blocked", "Priority": 0, "Action": {"Block": {}}, "VisibilityConfig": visible}
    block["Statement"] = {"IPSetReferenceStatement": {"ARN": created["ARN"]}}
    rules = current["WebACL"]["Rules"]
    waf.update_web_acl(**place, **kept, Rules=[block, *rules], LockToken=current["LockToken"])
    assert ask_aws(estate, "/health", attacker) == 403
    assert ask_aws(estate, "/health", "203.0.113.67") == 200
    token = waf.get_web_acl(**place)["LockToken"]
    waf.update_web_acl(**place, **kept, Rules=rules, LockToken=token)
    assert ask_aws(estate, "/health", attacker) == 200


def test_kong_blocks_and_pushes_its_log(estate: Estate) -> None:
    received: list[dict[str, Any]] = []

    def take(request: Request) -> Response:
        received.extend(orjson.loads(request.get_data()))
        return Response(status=200)

    server = listen(wsgi(take), 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    plugins = f"{estate.kong['admin_url']}/plugins"
    queue = {"max_batch_size": 50, "max_coalescing_delay": 0.2}
    config = {"http_endpoint": f"http://127.0.0.1:{server.port}/", "queue": queue}
    log = HTTP.request("POST", plugins, json={"name": "http-log", "config": config}).json()
    deny = HTTP.request(
        "POST", plugins, json={"name": "ip-restriction", "config": {"deny": ["203.0.113.66"]}}
    ).json()
    assert ask_kong(estate, "/catalog/products/1", "203.0.113.66") == 403
    HTTP.request("DELETE", f"{plugins}/{deny['id']}")
    assert ask_kong(estate, "/catalog/products/1", "203.0.113.66") == 200
    eventually(lambda: len(received) >= 2)
    HTTP.request("DELETE", f"{plugins}/{log['id']}")
    server.shutdown()
    server.server_close()
    assert [(r["response"]["status"], r["source"]) for r in received] == [(403, "exit"), (200, "upstream")]


def test_the_customers_role_can_be_assumed_by_the_platform_only_with_its_external_id(estate: Estate) -> None:
    statement = {"Effect": "Allow", "Action": "wafv2:List*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = create_role(estate.aws, "made", estate.aws["platform_principal_arn"], "ext-1", policy)
    make: Any = boto3.client
    sts = make(
        "sts",
        endpoint_url=estate.aws["endpoint_url"],
        region_name=estate.aws["region"],
        aws_access_key_id=estate.aws["platform_access_key_id"],
        aws_secret_access_key=estate.aws["platform_secret_access_key"],
    )
    assert sts.assume_role(RoleArn=arn, RoleSessionName="ok", ExternalId="ext-1")["Credentials"]
    with pytest.raises(sts.exceptions.ClientError):
        sts.assume_role(RoleArn=arn, RoleSessionName="ko", ExternalId="ext-2")


def test_traffic_flows_through_both_gateways_and_is_counted(estate: Estate, tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    command = [
        sys.executable,
        "-m",
        "controlplane.demo.traffic",
        "--rate",
        "30",
        "--status-file",
        str(status),
    ]
    command += ["--aws-url", estate.aws["data_url"], "--kong-url", estate.kong["proxy_url"]]
    process = subprocess.Popen(command)
    try:

        def busy() -> dict[str, Any] | None:
            shown: dict[str, Any] = (
                orjson.loads(status.read_bytes()) if status.exists() else {"populations": {}}
            )
            enough = {"web", "mobile", "monitor", "partner-globex"} <= set(shown["populations"])
            return shown if enough else None

        populations = eventually(busy, 20)["populations"]
    finally:
        process.terminate()
        assert process.wait(10) == 0
    assert populations["partner-globex"]["statuses"] == {"2xx": populations["partner-globex"]["requests"]}


def test_stopping_ends_every_process(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "controlplane.demo.estate",
        "up",
        "--data",
        str(tmp_path),
        "--no-traffic",
    ]
    with (tmp_path / "out").open("wb") as output:
        launcher = subprocess.Popen(command, stdout=output)
    state = eventually(lambda: (tmp_path / "out").read_bytes().strip().endswith(b"}"), 40)
    state = orjson.loads((tmp_path / "estate.json").read_bytes())
    subprocess.run(
        [sys.executable, "-m", "controlplane.demo.estate", "down", "--data", str(tmp_path)], check=True
    )
    assert launcher.wait(15) == 0
    for pid in state["pids"].values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    port = int(state["kong"]["admin_url"].rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not (tmp_path / "estate.json").exists()
