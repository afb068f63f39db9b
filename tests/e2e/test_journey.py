"""From nothing to a blocked attacker in a browser, with curl and with the vendors' own clients.

The tests are the steps of one journey and run in this order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import urllib3

from controlplane.demo.customer_iam import create_role
from tests.e2e.browser import PASSWORD, Person
from tests.e2e.stack import Stack
from tests.e2e.vendor import call_orders, call_shop, kong_state, until, waf_state

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
EMAIL = "owner@acme.example"
#: Its requests never succeed: as those of a known-good caller, a handful of them would ask for a second person.
ATTACKER = "198.18.77.77"
LET_THROUGH, BLOCKED = (404, 401), (403, 403)
KEPT: dict[str, Any] = {}


def base(stack: Stack) -> str:
    return f"http://acme.localhost:{stack.product.port}"


def api(stack: Stack, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """What curl would do with a token."""
    headers = {
        "host": f"acme.localhost:{stack.product.port}",
        "authorization": f"Bearer {token or KEPT['token']}",
    }
    if body is not None:
        headers["content-type"] = "application/json"
    answer = urllib3.request(
        method,
        f"http://127.0.0.1:{stack.product.port}/api/v1{path}",
        headers=headers,
        body=None if body is None else json.dumps(body).encode(),
        retries=False,
        timeout=60,
    )
    return answer.status, answer.json() if answer.data else None


def policy_text(owner: Person, group: str) -> dict[str, Any]:
    """The policy document shown for one role."""
    owner.page.get_by_role("combobox", name="What to set up").or_(
        owner.page.get_by_label("What to set up")
    ).first.click()
    owner.page.get_by_role("option", name=re.compile(group)).click()
    owner.page.get_by_role("tab", name="policy only").click()
    text = owner.page.get_by_role("tabpanel", name="policy only").locator("pre").first.inner_text()
    found: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def test_signing_up_makes_a_workspace_on_its_own_address(stack: Stack, owner: Person) -> None:
    owner.go(stack.root)
    assert owner.show("landing") == []
    owner.fill("Organisation", "Acme")
    owner.page.get_by_label("Workspace address").fill("acme")
    owner.fill("E-mail", EMAIL)
    owner.fill("Password", PASSWORD)
    owner.sees("Available")
    owner.press("Create the workspace")
    owner.page.wait_for_url(f"{base(stack)}/**")
    owner.sees("Overview")
    assert owner.show("overview-empty") == []


def mails_about(stack: Stack, subject: str) -> list[EmailMessage]:
    """What arrived in the mailbox with these words in its subject."""
    found = [message_from_bytes(file.read_bytes(), policy=default) for file in stack.mails.glob("mail-*.eml")]
    return [mail for mail in found if subject in str(mail["subject"])]


def test_the_owner_proves_their_address_by_the_mailed_link(stack: Stack, owner: Person) -> None:
    [sent] = until("a mail", lambda: mails_about(stack, "Confirm your e-mail address for Acme"), 60)
    [link] = re.findall(r"https?://\S+", sent.get_content())
    address, _, secret = link.partition("#")
    assert (sent["to"], address) == (EMAIL, f"{base(stack)}/account/email")
    answer = owner.page.evaluate(
        """async (token) => {
            const post = {method: 'POST', body: JSON.stringify({token}), headers: {'content-type': 'application/json'}};
            await fetch('/api/v1/account/email/confirm', post);
            return (await (await fetch('/api/v1/session')).json()).user;
        }""",
        secret.strip(),
    )
    assert (answer["email"], answer["email_verified"]) == (EMAIL, True)


def test_alerts_are_asked_for_and_the_signing_secret_is_shown_once(stack: Stack, owner: Person) -> None:
    owner.go(f"{base(stack)}/settings/tokens")
    made = owner.page.evaluate(
        """async ([smtp, hook]) => {
            const session = await (await fetch('/api/v1/session')).json();
            const post = async (path, body) => (await fetch('/api/v1' + path, {method: 'POST', body: JSON.stringify(body),
                headers: {'content-type': 'application/json', 'x-csrftoken': session.csrf_token}})).json();
            const mail = {host: '127.0.0.1', port: smtp, security: 'none', sender: 'p@acme.example', to: ['o@acme.example']};
            await post('/alert-destinations', {connector: 'email', name: 'Team', settings: mail, min_severity: 'critical'});
            return post('/alert-destinations', {connector: 'webhook', name: 'Automation', min_severity: 'critical',
                settings: {url: `http://127.0.0.1:${hook}/hook`}});
        }""",
        [stack.smtp, stack.webhook],
    )
    KEPT["webhook_secret"] = made["generated"]["secret"]
    owner.go(f"{base(stack)}/alerts")
    owner.sees("Automation")
    assert owner.show("alerts") == []
    assert KEPT["webhook_secret"] not in owner.page.content()


def test_aws_is_connected_by_a_role_and_a_missing_permission_is_named(stack: Stack, owner: Person) -> None:
    aws = stack.estate.aws
    owner.go(f"{base(stack)}/connections/new")
    assert owner.show("catalogue") == []
    owner.page.get_by_role("button", name=re.compile("Connect A(WS|mazon)")).first.click()
    owner.fill("Name", "AWS production")
    owner.press("Continue")
    owner.sees("External id")
    owner.setting("account_id", aws["account_id"])
    owner.tags("Regions", aws["region"])
    owner.press("Advanced settings")
    owner.setting("endpoint_url", aws["endpoint_url"])
    owner.tags("Access-log groups", "*")
    owner.setting("settle_seconds", "2")
    owner.setting("waf_file_delay_seconds", "10")
    owner.press("Save and fill in the texts")
    owner.page.wait_for_timeout(1500)
    external_id = owner.copies("external id")
    read = policy_text(owner, "^Read role")
    write = policy_text(owner, "^Blocking role")
    principal = aws["platform_principal_arn"]
    without = json.loads(json.dumps(read).replace('wafv2:GetWebACL"', 'wafv2:Nothing"'))
    role = create_role(aws, "portcullis-read", principal, external_id, json.dumps(without))
    blocking = create_role(aws, "portcullis-blocking", principal, external_id, json.dumps(write))
    owner.setting("role_arn", role)
    owner.setting("blocking_role_arn", blocking)
    assert owner.show("wizard") == []
    owner.press("Save and check")
    owner.page.get_by_role("button", name="Continue with what is granted").wait_for(timeout=60_000)
    missing = owner.page.get_by_role("main").inner_text()
    assert "wafv2:GetWebACL" in missing
    assert "denied" in missing.lower()
    assert owner.show("permission-missing") == []
    create_role(aws, "portcullis-read", principal, external_id, json.dumps(read))
    owner.press("Check again")
    owner.page.get_by_role("button", name="Read the configuration").wait_for(timeout=60_000)
    assert owner.show("permissions-granted") == []
    owner.press("Read the configuration")
    owner.page.get_by_role("link", name="See the endpoints").click(timeout=60_000)


def test_kong_is_connected_and_pushes_its_calls(stack: Stack, owner: Person) -> None:
    owner.go(f"{base(stack)}/connections/new")
    owner.page.get_by_role("button", name=re.compile("Connect Kong")).first.click()
    owner.fill("Name", "Kong production")
    owner.press("Continue")
    owner.page.get_by_role("button", name="Copy ingest token").wait_for()
    config = {
        "http_endpoint": owner.copies("ingest url"),
        "headers": {"Authorization": f"Bearer {owner.copies('ingest token')}"},
        "queue": {"max_batch_size": 200, "max_coalescing_delay": 2},
    }
    owner.setting("admin_url", stack.estate.kong["admin_url"])
    owner.press("Save and check")
    owner.page.get_by_role("button", name="Read the configuration").click(timeout=60_000)
    plugin = {"name": "http-log", "tags": ["portcullis-logs"], "config": config}
    answer = urllib3.request("POST", f"{stack.estate.kong['admin_url']}/plugins", json=plugin)
    assert answer.status == 201, answer.data
    owner.page.get_by_role("link", name="See the endpoints").click(timeout=60_000)


def test_endpoints_are_listed_and_the_filter_survives_a_reload(stack: Stack, owner: Person) -> None:
    owner.go(f"{base(stack)}/endpoints?q=orders")
    owner.sees("/orders/")
    owner.page.reload()
    owner.sees("/orders/")
    assert "orders" in owner.page.url
    assert owner.page.get_by_text("/payments").count() == 0
    assert owner.show("endpoints") == []
    owner.page.locator('a[href*="/endpoints/ep_"]').filter(has_text="{orderId}").first.click()
    owner.sees("Authentication")
    owner.page.wait_for_timeout(1500)
    assert owner.show("endpoint") == []


def test_findings_of_many_checks_carry_evidence_and_a_fix(stack: Stack, owner: Person) -> None:
    owner.go(f"{base(stack)}/findings?severity=critical,high")
    owner.sees("Admin API", 120)
    assert owner.show("findings") == []
    owner.page.get_by_role("link", name=re.compile("JWT expiry")).first.click()
    owner.sees("Why it matters")
    owner.sees("claims_to_verify")
    assert owner.show("finding") == []


def test_a_token_is_shown_once_and_works_with_plain_http(stack: Stack, owner: Person) -> None:
    owner.go(f"{base(stack)}/settings/tokens")
    assert owner.show("tokens") == []
    owner.proves(PASSWORD)
    made = owner.page.evaluate(
        """async () => {
            const session = await (await fetch('/api/v1/session')).json();
            const post = async (body) => (await fetch('/api/v1/tokens', {method: 'POST', body: JSON.stringify(body),
                headers: {'content-type': 'application/json', 'x-csrftoken': session.csrf_token}})).json();
            const soon = new Date(Date.now() + 86400000).toISOString();
            const reads = ['inventory.read', 'findings.read', 'threats.read', 'blocks.read'];
            return [await post({name: 'reader', scopes: reads, expires_at: soon}),
                    await post({name: 'robot', scopes: [...reads, 'blocks.preview', 'blocks.push'], expires_at: soon})];
        }"""
    )
    KEPT["reader"], KEPT["token"] = made[0]["token"], made[1]["token"]
    for path in ("/endpoints?limit=5", "/findings?limit=5", "/threats?limit=5"):
        status, body = api(stack, "GET", path, token=KEPT["reader"])
        assert status == 200, body
        assert "data" in body
    status, body = api(stack, "POST", "/blocks/preview", {}, token=KEPT["reader"])
    assert (status, body["status"]) == (403, 403)
    checks = set()
    for severity in ("critical", "high", "medium", "low"):
        checks |= {
            row["check"] for row in api(stack, "GET", f"/findings?severity={severity}&limit=200")[1]["data"]
        }
    assert len(checks) >= 12, checks


def test_attackers_appear_with_a_score_that_adds_up(stack: Stack, owner: Person) -> None:
    def severe() -> list[dict[str, Any]]:
        rows = api(stack, "GET", "/threats?status=open&limit=50")[1]["data"]
        return [row for row in rows if row["severity"] == "critical"]

    threat = until("a critical threat", severe, 240)[0]
    actor = api(stack, "GET", f"/actors/{threat['actor']['id']}")[1]
    assert abs(sum(part["decayed"] for part in actor["contributions"]) - actor["score"]) < 0.11
    assert actor["timeline"]
    owner.go(f"{base(stack)}/threats")
    owner.sees("Credential stuffing")
    assert owner.show("threats") == []
    owner.go(f"{base(stack)}/actors/{actor['id']}")
    owner.page.wait_for_timeout(1500)
    assert owner.show("actor") == []


def test_a_critical_threat_went_out_by_mail_and_signed_webhook(stack: Stack) -> None:
    def arrived(pattern: str) -> list[Path]:
        return sorted(stack.mails.glob(pattern))

    until("a mail", lambda: mails_about(stack, "[critical]"), 60)
    kept = json.loads(until("a webhook", lambda: arrived("webhook-*.json"), 60)[0].read_text())
    headers = kept["headers"]
    key = base64.b64decode(KEPT["webhook_secret"].removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{kept['body']}".encode()
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert f"v1,{expected}" in headers["webhook-signature"].split()


def test_a_block_that_hits_a_partner_is_refused_with_reasons(stack: Stack, owner: Person) -> None:
    def partner() -> str | None:
        for row in api(stack, "GET", "/endpoints?q=/partners/&limit=20")[1]["data"]:
            for call in api(stack, "GET", f"/endpoints/{row['id']}/calls?limit=20")[1]["data"]:
                if str(call.get("consumer") or "").startswith("partner-"):
                    return str(call["client_ip"])
        return None

    address = until("a partner's call", partner, 120)
    start_block(owner, base(stack), f"{address}/32", "A partner by mistake")
    owner.press("Check the gates")
    owner.sees("A gate refuses this block")
    owner.sees("cut off")
    assert owner.page.get_by_role("button", name="Continue").is_disabled()
    assert owner.show("gates-refuse") == []


def start_block(owner: Person, address: str, network: str, reason: str) -> None:
    """Fill the first step and run the preview."""
    owner.go(f"{address}/blocks/new")
    owner.tags("Networks", network)
    owner.fill("Reason", reason)
    owner.page.wait_for_timeout(1000)
    for box in owner.page.get_by_role("checkbox").all():
        box.check()
    owner.press("Run the preview")
    owner.page.get_by_role("button", name="Check the gates").wait_for(timeout=90_000)


def test_an_attacker_is_counted_blocked_and_undone_exactly(stack: Stack, owner: Person) -> None:
    estate = stack.estate
    before = waf_state(estate), kong_state(estate)
    assert (call_shop(estate, ATTACKER), call_orders(estate, ATTACKER)) == LET_THROUGH
    start_block(owner, base(stack), f"{ATTACKER}/32", "Seen attacking")
    assert owner.show("preview") == []
    owner.press("Check the gates")
    assert owner.show("gates-pass") == []
    owner.press("Continue")
    assert owner.show("confirm") == []
    owner.proves(PASSWORD)
    owner.press("Start counting")
    owner.page.wait_for_url("**/blocks/blk_*")
    KEPT["block"] = owner.page.url.rpartition("/")[2]
    owner.page.get_by_role("button", name="Promote to block").wait_for(timeout=90_000)
    assert (call_shop(estate, ATTACKER), call_orders(estate, ATTACKER)) == LET_THROUGH
    owner.press("Promote to block")
    owner.page.get_by_role("dialog").get_by_role("button", name="Promote to block").click()
    until(
        "403 at both gateways",
        lambda: (call_shop(estate, ATTACKER), call_orders(estate, ATTACKER)) == BLOCKED,
        90,
    )
    assert call_shop(estate, "198.18.1.1") == LET_THROUGH[0]
    assert any("portcullis" in name for name in waf_state(estate)["sets"])
    assert any(
        "portcullis" in str(plugin["tags"])
        for plugin in kong_state(estate)["plugins"]
        if plugin["name"] != "http-log"
    )
    owner.page.reload()
    owner.page.wait_for_timeout(2000)
    assert owner.show("block") == []
    owner.press("Undo")
    dialog = owner.page.get_by_role("dialog")
    if dialog.count():
        dialog.get_by_role("button", name=re.compile("Undo")).click()
    until(
        "the block's end", lambda: api(stack, "GET", f"/blocks/{KEPT['block']}")[1]["status"] == "undone", 90
    )
    assert (waf_state(estate), kong_state(estate)) == before
    assert (call_shop(estate, ATTACKER), call_orders(estate, ATTACKER)) == LET_THROUGH


def test_a_block_ends_by_itself_although_the_worker_was_killed(stack: Stack) -> None:
    estate = stack.estate
    before = waf_state(estate), kong_state(estate)
    targets = api(stack, "GET", "/blocks/targets")[1]["data"]
    draft = {
        "match": {"networks": [f"{ATTACKER}/32"]},
        "action": "block",
        "ttl_seconds": 60,
        "window_days": 1,
        "targets": [{"connection_id": t["connection_id"], "ref": t["ref"]} for t in targets],
    }
    status, preview = api(stack, "POST", "/blocks/preview", draft)
    assert status == 200, preview
    reason = {"kind": "manual", "text": "Short"}
    status, block = api(
        stack, "POST", "/blocks", {"preview_id": preview["preview_id"], "stage": "block", "reason": reason}
    )
    assert (status, block["status"]) == (201, "pending"), block
    state = lambda: api(stack, "GET", f"/blocks/{block['id']}")[1]  # noqa: E731
    until("403", lambda: call_shop(estate, ATTACKER) == 403, 60, state)
    stack.kill("worker")
    until(
        "the end of its time",
        lambda: api(stack, "GET", f"/blocks/{block['id']}")[1]["expires_at"] < now_text(),
        90,
    )
    assert call_shop(estate, ATTACKER) == 403
    stack.restart("worker")
    until("its end", lambda: api(stack, "GET", f"/blocks/{block['id']}")[1]["status"] == "expired", 90)
    assert (waf_state(estate), kong_state(estate)) == before


def now_text() -> str:
    return datetime.now(UTC).isoformat()


LOG = "\n".join(
    f"198.18.5.{n % 40 + 1} - user{n % 40} [24/Nov/2026:10:{n // 60:02d}:{n % 60:02d} +0000] "
    f'"GET /library/books/{n} HTTP/1.1" 200 512 "-" "Mozilla/5.0" books.example.com 0.020'
    for n in range(300)
)


def test_a_dropped_log_becomes_an_inventory(stack: Stack, owner: Person, tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(LOG + "\nthis is no log line\n")
    owner.go(f"{base(stack)}/imports")
    assert owner.show("imports-empty") == []
    owner.page.locator("input[type=file]").first.set_input_files(str(file))
    if owner.page.get_by_role("button", name=re.compile("^(Import|Upload|Read)")).count():
        owner.page.get_by_role("button", name=re.compile("^(Import|Upload|Read)")).first.click()
    owner.sees("300", 120)
    found = until(
        "an endpoint of the log",
        lambda: api(stack, "GET", "/endpoints?q=/library/books&limit=5")[1]["data"],
        60,
    )
    assert found[0]["template"].startswith("/library/books/{")
    owner.page.wait_for_timeout(1500)
    assert owner.show("import") == []


PAGES = (
    "", "endpoints", "services", "findings", "threats", "blocks", "blocks/protected", "connections", "imports", "alerts",
    "settings/members", "settings/audit",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_sound_in_light_and_dark(
    stack: Stack, owner: Person, night_owl: Person, page: str
) -> None:
    for someone in (owner, night_owl):
        someone.go(f"{base(stack)}/{page}")
        someone.page.wait_for_timeout(1500)
        assert someone.page.get_by_role("heading").count() > 0
        assert someone.show(page.replace("/", "-") or "overview") == []
        assert [problem for problem in someone.problems if "500" in problem or "Error" in problem] == []
