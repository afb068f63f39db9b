"""REST of detection: threats and actors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.parameters import whole_number
from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from controlplane.detection import queries, services
from controlplane.detection.classes import title_of
from controlplane.detection.models import Actor, ActorEvidence, Threat
from controlplane.detection.scoring import HALF_LIFE_SECONDS, decayed, severity
from controlplane.detection.shapes import ActorDetailDocument, ActorDocument, ThreatDocument
from controlplane.detection.suggestions import suggest
from controlplane.traffic.types import MICROSECONDS


def _iso(ts: int) -> str:
    return datetime.fromtimestamp(ts / MICROSECONDS, UTC).isoformat()


class ThreatSerializer(serializers.Serializer[Any]):
    """A threat."""

    shape = ThreatDocument

    def to_representation(self, instance: Threat) -> dict[str, Any]:
        """The API document."""
        return {
            "id": instance.id,
            "title": instance.title,
            "kind": instance.kind,
            "severity": instance.severity,
            "status": instance.status,
            "status_reason": instance.status_reason,
            "actor": {"id": instance.actor_id, "label": instance.actor.label, "kind": instance.actor.kind},
            "score": instance.score,
            "first_seen": _iso(instance.first_ts),
            "last_seen": _iso(instance.last_ts),
            "requests": instance.requests,
            "succeeded": instance.succeeded,
            "endpoints": instance.endpoints,
            "spoofable": instance.spoofable,
            "confidence": round(instance.confidence, 2),
            "sentence": instance.sentence,
        }


class ThreatTriageSerializer(serializers.Serializer[Any]):
    """A new status with its reason."""

    status = serializers.ChoiceField(["open", "closed"])
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class ActorDetailSerializer(serializers.Serializer[Any]):
    """One actor in full."""

    shape = ActorDetailDocument


def _now() -> int:
    return int(time.time() * MICROSECONDS)


class ActorSerializer(serializers.Serializer[Any]):
    """An actor as lists show it, with the score of now."""

    shape = ActorDocument

    def to_representation(self, instance: Actor) -> dict[str, Any]:
        """The API document."""
        return {
            "id": instance.id,
            "kind": instance.kind,
            "label": instance.label,
            "addresses": instance.addresses[:50],
            "address_count": len(instance.addresses),
            "score": round(decayed(instance.score, instance.last_ts, _now()), 1),
            "first_seen": _iso(instance.first_ts),
            "last_seen": _iso(instance.last_ts),
            "threats": ThreatSerializer(instance.threats.all(), many=True).data,
        }


def _call(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": row["call_id"], "at": _iso(row["ts"])}


def _timeline(rows: Sequence[ActorEvidence]) -> list[dict[str, Any]]:
    return [
        {
            "evidence_id": row.id,
            "at": _iso(row.last_ts),
            "from": _iso(row.first_ts),
            "detector": row.detector,
            "kind": row.attack_class,
            "severity": severity(row.points),
            "sentence": row.sentence,
            "endpoints": row.endpoints,
            "requests": row.requests,
            "succeeded": row.succeeded,
            "points": row.points,
        }
        for row in rows[-200:]
    ]


def _got_through(rows: Sequence[ActorEvidence]) -> list[dict[str, Any]]:
    by_weight = sorted(rows, key=lambda row: row.points)
    why = {call: title_of(row.attack_class) for row in by_weight for call in row.succeeded_ids}
    calls = queries.calls_of(list(rows), 20, only_succeeded=True)
    return [{**_call(row), "why": why[row["call_id"]]} for row in calls]


def _actor_detail(instance: Actor) -> dict[str, Any]:
    rows = queries.evidence_of(instance.id)
    parts = queries.contributions_of(rows, _now())
    threats = list(instance.threats.all())
    titles = ", ".join(threat.title for threat in threats[:2])
    return ActorSerializer(instance).data | {
        "addresses": instance.addresses,
        "score": round(sum(part.decayed for part in parts), 1),
        "half_life_hours": HALF_LIFE_SECONDS // 3600,
        "contributions": [
            {
                "detector": part.detector,
                "points": part.points,
                "decayed": part.decayed,
                "at": _iso(part.at),
                "sentence": part.sentence,
            }
            for part in parts
        ],
        "timeline": _timeline(rows),
        "got_through": _got_through(rows),
        "blocks": queries.blocks_for([threat.id for threat in threats]),
        "spoofable": any(threat.spoofable for threat in threats),
        "suggested_block": suggest(instance.addresses, titles),
    }


class ThreatViewSet(ApiViewSet):
    """Threats."""

    permission_classes = [HasPermission("threats.read")]
    permission_by_action = {"partial_update": "threats.write"}
    serializer_class = ThreatSerializer
    ordering = ("-score", "-id")

    def list(self, request: Request) -> Response:
        """Highest score first; filters status, severity (medium+ for at least medium), kind and q."""
        given = request.query_params
        return self.page(
            queries.threats(
                given.get("status", ""), given.get("severity", ""), given.get("kind", ""), given.get("q", "")
            )
        )

    def retrieve(self, request: Request, pk: str) -> Response:
        """One threat."""
        return Response(self.get_serializer(queries.threat(pk)).data)

    @extend_schema(request=ThreatTriageSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Close with a reason, or open again."""
        given = ThreatTriageSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_status(pk, given.validated_data["status"], given.validated_data["reason"])
        return Response(self.get_serializer(queries.threat(pk)).data)


class ActorViewSet(ApiViewSet):
    """Actors."""

    permission_classes = [HasPermission("threats.read")]
    serializer_class = ActorSerializer
    ordering = ("-rank", "-id")

    def list(self, request: Request) -> Response:
        """Highest score first; filters kind and q (a word of the label, or an address)."""
        given = request.query_params
        return self.page(queries.actors(given.get("kind", ""), given.get("q", "")))

    @extend_schema(responses=ActorDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One actor: score with its parts, timeline, what got through and a block to consider."""
        return Response(_actor_detail(queries.actor(pk)))

    @action(detail=True, methods=["get"])
    def calls(self, request: Request, pk: str) -> Response:
        """The newest calls behind the actor's evidence; ``limit`` 1 to 200, default 50."""
        queries.actor(pk)
        rows = queries.calls_of(queries.evidence_of(pk), whole_number(request, "limit", 50, 1, 200))
        return Response({"data": [_call(row) for row in rows], "next": None})


router = Router()
router.register("threats", ThreatViewSet, basename="threat")
router.register("actors", ActorViewSet, basename="actor")
