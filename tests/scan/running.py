"""The running product under wapiti, a black-box scanner: with a session at a workspace, without one at the base domain.

The product runs on a throw-away data folder as behind an HTTPS proxy, so that the scanner sees production's headers.
"""

import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import urllib3

from controlplane.demo import product
from controlplane.demo.customer import Customer, StepFailed
from controlplane.demo.estate import free_port
from controlplane.demo.processes import Processes
from tests.samples import DECK, LOGS, OPENAPI
from tests.scan.findings import OUTPUT, REPOSITORY, Finding, Outcome, tool

#: What needs a place in the internet to call back (ssrf, xxe, log4shell) is left out: tests/connectors/egress proves SSRF.
ATTACKS = "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,xss"
#: Would end the scan's own session or the workspace, or ask for a factor it has not.
LEFT_OUT = (
    "session*", "tenant/deletion*", "tenant/sign-in-policy*", "account/sessions*", "account/password", "members/*", "scim*",
)  # fmt: skip
SECONDS_PER_ATTACK = 60
#: A busy machine starts slowly.
START_SECONDS = 300
MANAGE = str(REPOSITORY / "manage.py")


def scan() -> list[Outcome]:
    """Both hosts."""
    with _running() as (port, data):
        customer = Customer(port, "scanned", scheme="https")
        customer.sign_up("Scanned", "owner@scanned.test", "plain lantern orchid 7")
        _fill(customer)
        document = _with_real_ids(customer, customer.call("GET", "/api/v1/openapi.json"))
        description = data / "openapi.json"
        description.write_text(json.dumps(document))
        cookies = "; ".join(f"{name}={value}" for name, value in customer.cookies.items())
        signed_in = [f"Cookie: {cookies}", f"X-CSRFToken: {customer.csrf}"]
        starts = [path for path, item in document["paths"].items() if "get" in item and "{" not in path]
        inside = _wapiti("workspace", f"http://scanned.localhost:{port}", signed_in, description, starts)
        ended = (
            "" if _signed_in(customer) else "the session ended during the scan; what came after was refused"
        )
        inside = replace(inside, unknown=inside.unknown or ended)
        outside = _wapiti(
            "base domain", f"http://localhost:{port}", [], None, ["/signup", "/api/v1/signup/slug?slug=x"]
        )
        return [inside, outside, _failures(data / "logs" / "web.log")]


def _signed_in(customer: Customer) -> bool:
    try:
        return bool(customer.call("GET", "/api/v1/session"))
    except StepFailed:
        return False


@contextmanager
def _running() -> Iterator[tuple[int, Path]]:
    with tempfile.TemporaryDirectory(prefix="portcullis-scan-") as name:
        data, port = Path(name), free_port()
        settings = {
            "PORTCULLIS_DATA": str(data), "PORTCULLIS_PUBLIC_URL": f"http://{{tenant}}.localhost:{port}",
            "PORTCULLIS_HTTPS": "1", "PORTCULLIS_BEHIND_PROXY": "1", "PORTCULLIS_STEP_UP_MINUTES": "600",
        }  # fmt: skip
        processes = Processes(data / "logs", settings)
        try:
            processes.run("migrate", MANAGE, "migrate_all")
            processes.start("web", MANAGE, "serve", "--port", str(port))
            processes.wait("web", lambda: _ready(port), START_SECONDS)
            processes.start("worker", MANAGE, "worker")
            processes.start("scheduler", MANAGE, "scheduler")
            yield port, data
        finally:
            processes.stop()
            product.stop_database(data)


def _ready(port: int) -> bool:
    """Whether the product serves, its slowest document included."""
    for path in ("/readyz", "/", "/api/v1/signup/slug?slug=scanned"):
        try:
            answer = urllib3.request(
                "GET",
                f"http://127.0.0.1:{port}{path}",
                headers={"host": f"localhost:{port}", "x-forwarded-proto": "https"},
                timeout=60,
                retries=False,
            )
        except urllib3.exceptions.HTTPError:
            return False
        if answer.status != 200:
            return False
    return True


def _fill(customer: Customer) -> None:
    """Something to see: calls, routes, findings and threats from sample files."""
    headers = {
        "host": f"{customer.slug}.localhost:{customer.port}", "x-csrftoken": customer.csrf,
        "x-forwarded-proto": "https", "referer": f"https://{customer.slug}.localhost:{customer.port}/",
        "cookie": "; ".join(f"{name}={value}" for name, value in customer.cookies.items()),
    }  # fmt: skip
    files = [LOGS["kong.http_log"], ("shop.json", json.dumps(OPENAPI).encode()), ("kong.yaml", DECK.encode())]
    for name, content in files:
        customer.pool.request(
            "POST",
            f"http://127.0.0.1:{customer.port}/api/v1/imports",
            headers=headers,
            fields={"file": (name, content)},
        )
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        states = {row["state"] for row in customer.call("GET", "/api/v1/imports")["data"]}
        if states <= {"done", "failed"} and customer.call("GET", "/api/v1/findings")["data"]:
            return
        time.sleep(1)
    raise RuntimeError("the sample files were not read in three minutes")


def _with_real_ids(customer: Customer, document: dict[str, Any]) -> dict[str, Any]:
    """The description with the ids of things that are there in its addresses, so that they are attacked and not a 404."""
    paths = {}
    for path, item in document["paths"].items():
        head, brace, rest = path.partition("{")
        found: list[dict[str, Any]] = []
        if brace and "get" in document["paths"].get(head.rstrip("/"), {}):
            found = (customer.call("GET", head.rstrip("/")) or {}).get("data", [])
        named = rest.partition("}")
        real = bool(found) and "{" not in named[2] and "id" in found[0]
        paths[f"{head}{found[0]['id']}{named[2]}" if real else path] = (
            _without(item, named[0]) if real else item
        )
    return document | {"paths": paths}


def _without(item: dict[str, Any], name: str) -> dict[str, Any]:
    """An address's operations without the parameter that is filled in."""
    return {
        method: operation
        | {"parameters": [each for each in operation.get("parameters", []) if each.get("name") != name]}
        for method, operation in item.items()
    }


def _wapiti(where: str, url: str, headers: list[str], description: Path | None, starts: list[str]) -> Outcome:
    report = OUTPUT / f"wapiti-{where.replace(' ', '-')}.json"
    report.unlink(missing_ok=True)
    command = [
        tool("wapiti"), "-u", f"{url}/", "--scope", "domain", "-m", ATTACKS, "-f", "json", "-o", str(report),
        "--flush-session", "--no-bugreport", "--max-attack-time", str(SECONDS_PER_ATTACK), "--max-scan-time", "60",
        "-d", "3", "--tasks", "2", "-v", "0", "-t", "20",
    ]  # fmt: skip
    for header in [*headers, "X-Forwarded-Proto: https", f"Referer: {url.replace('http:', 'https:')}/"]:
        command += ["-H", header]
    for path in starts:
        command += ["-s", url + path]
    for path in LEFT_OUT:
        command += ["-x", f"{url}/api/v1/{path}"]
    if description is not None:
        command += ["--swagger", str(description)]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).with_name("loopback")), "HOME": home}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=3600
        )
    (OUTPUT / f"{report.stem}.log").write_text(done.stdout + done.stderr)
    if not report.exists():
        return Outcome(
            f"wapiti, {where}", "nothing", unknown=f"the scanner failed: {done.stderr.strip()[-300:]}"
        )
    document: dict[str, Any] = json.loads(report.read_text())
    findings = tuple(
        Finding("wapiti", kind, f"{row.get('method')} {row.get('path')}", str(row.get("info"))[:200])
        for part in ("vulnerabilities", "anomalies")
        for kind, rows in document.get(part, {}).items()
        for row in rows
    )
    seen = document.get("infos", {}).get("crawled_pages_nbr", "?")
    return Outcome(
        f"wapiti, {where}", f"{seen} addresses, {ATTACKS.count(',') + 1} kinds of attack", findings
    )


def _failures(log: Path) -> Outcome:
    """Whatever the scanner sent, nothing of ours may have failed unexpectedly."""
    (OUTPUT / "web.log").write_bytes(log.read_bytes())
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    requests = [line for line in lines if line.get("event") == "request"]
    answered = Counter(f"{line['status'] // 100}xx" for line in requests)
    failed = [line for line in requests if line["status"] >= 500]
    findings = tuple(
        Finding("log", str(line["status"]), f"{line['method']} {line['path']}", "") for line in failed
    )
    shares = ", ".join(f"{count} {kind}" for kind, count in sorted(answered.items()))
    return Outcome("our log", f"{len(requests)} requests during the scans ({shares})", findings)
