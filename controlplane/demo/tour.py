"""The main job, step by step, through the public API: from sign-up to an attacker blocked and the block
undone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from controlplane.demo.customer import Customer, StepFailed
from controlplane.demo.estate import Estate
from controlplane.demo.vendors import Vendor

EMAIL, PASSWORD = "owner@acme.example", "correct-horse-battery-staple"
console = Console(highlight=False)


@dataclass
class Tour:
    """One run of the tour against a running product, estate and other vendors. ``smtp`` and ``webhook`` are ports."""

    customer: Customer
    estate: Estate
    others: Sequence[Vendor]
    smtp: int
    webhook: int

    def connect(self) -> None:
        """Sign up, ask for alerts, protect our own monitoring, connect AWS and Kong."""
        with step("Sign up Acme: its own workspace"):
            self.customer.sign_up("Acme", EMAIL, PASSWORD)
        with step("Send critical threats by e-mail and signed webhook"):
            self._alerts()
        with step("Connect AWS: role made from the text shown, permissions tested one by one"):
            self._checked(self.customer.connect_aws(self.estate))
        with step("Connect Kong: Admin API read, http-log plugin pushes calls"):
            self._checked(self.customer.connect_kong(self.estate))
        for vendor in self.others:
            with step(f"Connect {vendor.offer.name}"):
                offer = vendor.offer
                made = self.customer.connect(offer.connector, offer.name, vendor.settings)
                self._checked(made, offer.untold)

    def discover(self) -> None:
        """Inventory and findings from configuration, then from traffic."""
        with step("Inventory from configuration alone") as say:
            self.customer.wait_for("the first read of every connection", self._all_read, 180)
            counts = self.customer.wait_for("an inventory", lambda: self._counts("endpoints"), 60)
            say(f"{counts['services']} services, {counts['endpoints']} endpoints")
        with step("Findings of the configuration checks") as say:
            counts = self.customer.wait_for("findings", lambda: self._counts("findings_open"), 120)
            say(f"{counts['findings_open']} open, {counts['critical']} critical")
        with step("Threats in the traffic") as say:
            found = self.customer.wait_for("a severe threat", self._threats, 300)
            say("; ".join(f"{t['title']} ({t['severity']}, score {t['score']})" for t in found[:3]))

    def block(self) -> None:
        """Preview, gates, count, block, read-back, the attacker's 403, undo."""
        with step("Gate: a block that would cut off a partner is refused") as say:
            say(self._refused_partner())
        with step("Preview a block of an active attacker on past traffic") as say:
            made = self.customer.wait_for("an attacker that can be blocked", self._preview, 180)
            effect = made["effect"]
            say(
                f"{effect['requests']} past requests hit, {effect['good_requests']} of them known-good; all gates passed"
            )
        addresses = made["draft"]["match"]["networks"]
        with step("Count first, then block; read back at the vendors") as say:
            block = self._create(made["preview_id"])
            say(", ".join(f"{t['name']}: {t['state']}" for t in block["targets"]))
        with step("The attacker is answered 403") as say:
            hits = self.customer.wait_for(
                "a refused request of the attacker", lambda: self._refused(block["id"]), 180
            )
            say(f"{hits['refused']} requests of {addresses[0]} refused so far")
        with step("Undo: every vendor is as it was before") as say:
            self.customer.call("POST", f"/api/v1/blocks/{block['id']}/undo")
            self.customer.wait_for("undo", lambda: self._status(block["id"]) == "undone", 60)
            say("nothing of ours is left at the vendors")

    def _alerts(self) -> None:
        mail = {
            "host": "127.0.0.1",
            "port": self.smtp,
            "security": "none",
            "sender": "portcullis@acme.example",
            "to": [EMAIL],
        }
        hook = {"url": f"http://127.0.0.1:{self.webhook}/hook"}
        for connector, name, settings in (("email", "Security team", mail), ("webhook", "Automation", hook)):
            document = {
                "connector": connector,
                "name": name,
                "settings": settings,
                "min_severity": "critical",
            }
            self.customer.call("POST", "/api/v1/alert-destinations", document)

    def _checked(self, connection_id: str, untold: Sequence[str] = ()) -> None:
        """Test the permissions; what a busy vendor left unknown is asked again, as a person would.

        ``untold`` are those that the vendor does not tell: they stay unknown.
        """
        missing: list[str] = []
        for _ in range(3):
            answer = self.customer.call("POST", f"/api/v1/connections/{connection_id}/check")
            rows = [
                row
                for row in answer["permissions"]
                if row["grant"] != "granted" and not (row["grant"] == "unknown" and row["action"] in untold)
            ]
            missing = [f"{row['action']} {row['grant']}: {row['detail']}" for row in rows]
            if answer["ok"] and not missing:
                return
            if any(row["grant"] == "denied" for row in rows):
                break
        raise StepFailed(f"permissions are missing: {missing or answer.get('error')}")

    def _all_read(self) -> bool:
        rows = self.customer.call("GET", "/api/v1/connections")["data"]
        return all(row["last_sync_at"] for row in rows)

    def _counts(self, name: str) -> dict[str, Any] | None:
        counts: dict[str, Any] = self.customer.call("GET", "/api/v1/overview")["counts"]
        return counts if counts[name] else None

    def _threats(self) -> list[dict[str, Any]]:
        rows = self.customer.call("GET", "/api/v1/threats?status=open&limit=50")["data"]
        return [row for row in rows if row["severity"] in ("high", "critical")]

    def _targets(self) -> list[dict[str, str]]:
        rows = self.customer.call("GET", "/api/v1/blocks/targets")["data"]
        return [
            {"connection_id": row["connection_id"], "ref": row["ref"]} for row in rows if row["can_write"]
        ]

    def _draft(self, networks: list[str]) -> dict[str, Any]:
        return {
            "match": {"networks": networks},
            "action": "block",
            "ttl_seconds": 3600,
            "window_days": 1,
            "targets": self._targets(),
        }

    def _refused_partner(self) -> str:
        calls = self.customer.wait_for("a partner's call", self._partner_address, 120)
        made = self.customer.call("POST", "/api/v1/blocks/preview", self._draft([f"{calls}/32"]))
        refused = [gate for gate in made["gates"] if gate["verdict"] == "refuse"]
        if made["allowed"] or not refused:
            raise StepFailed("the gates let a block of a partner pass")
        return " ".join(str(gate["sentence"]) for gate in refused)

    def _partner_address(self) -> str | None:
        for row in self.customer.call("GET", "/api/v1/endpoints?limit=200")["data"]:
            for call in self.customer.call("GET", f"/api/v1/endpoints/{row['id']}/calls?limit=20")["data"]:
                if str(call.get("consumer") or "").startswith("partner-"):
                    return str(call["client_ip"])
        return None

    def _preview(self) -> dict[str, Any] | None:
        for threat in self._threats():
            actor = self.customer.call("GET", f"/api/v1/actors/{threat['actor']['id']}")
            suggested = actor["suggested_block"]
            if not suggested:
                continue
            made: dict[str, Any] = self.customer.call(
                "POST", "/api/v1/blocks/preview", self._draft(suggested["match"]["networks"])
            )
            if made["allowed"] and not made["needs_approval"]:
                return made
        return None

    def _create(self, preview_id: str) -> dict[str, Any]:
        reason = {"kind": "manual", "text": "Attacker seen by the demo's tour"}
        block = self.customer.call(
            "POST", "/api/v1/blocks", {"preview_id": preview_id, "stage": "count", "reason": reason}
        )
        self.customer.wait_for("counting", lambda: self._status(block["id"]) == "counting", 90)
        self.customer.call("POST", f"/api/v1/blocks/{block['id']}/promote")
        self.customer.wait_for("blocking", lambda: self._status(block["id"]) == "blocking", 90)
        answer: dict[str, Any] = self.customer.call("GET", f"/api/v1/blocks/{block['id']}")
        return answer

    def _status(self, block_id: str) -> str:
        return str(self.customer.call("GET", f"/api/v1/blocks/{block_id}")["status"])

    def _refused(self, block_id: str) -> dict[str, Any] | None:
        hits: dict[str, Any] = self.customer.call("GET", f"/api/v1/blocks/{block_id}")["hits"]
        return hits if hits["refused"] else None


@contextmanager
def step(title: str) -> Iterator[Any]:
    """Show a step with its time; what ``say`` is given stands behind it."""
    started = time.monotonic()
    said: list[str] = []
    with console.status(title):
        yield said.append
    console.print(f"  [green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")
    for sentence in said:
        console.print(f"      {sentence}")
