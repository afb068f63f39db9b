"""One threat of one actor, from calls that carry the canary."""

from connectors.base.calls import CallBatch, calls_table
from controlplane.detection import services
from controlplane.detection.models import Threat
from controlplane.traffic.services import accept

_TS = 1_790_000_000_000_000


def build() -> dict[str, str]:
    """Store refused sign-ins and look at them; ids by router basename."""
    rows = [
        {
            "call_id": f"CANARY-detection-{number}",
            "ts": _TS + number * 1_000_000,
            "host": "canary.example.com",
            "method": "POST",
            "path": "/CANARY/login",
            "status": 401,
            "client_ip": "203.0.113.250",
            "user_agent": "CANARY",
        }
        for number in range(40)
    ]
    accept("con_canary", CallBatch("test.log", calls_table(rows)), _TS / 1e6 + 60)
    while services.tick().news:
        continue
    threat = Threat.objects.get(actor__key="203.0.113.250")
    return {"threat": threat.id, "actor": threat.actor_id}
