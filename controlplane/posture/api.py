"""REST: the catalogue of checks, and the re-check of one finding."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.views import ApiView
from controlplane.posture import queries, services


class CheckCatalogueView(ApiView):
    """Every check there is."""

    permission_classes = [HasPermission("findings.read")]

    @extend_schema(operation_id="checks_list", responses={200: dict})
    def get(self, request: Request) -> Response:
        """What each check looks for, why, how severe it is and for which vendors; empty vendors means all."""
        return Response({"data": [_card(card) for card in queries.catalogue()], "next": None})


class VerifyView(ApiView):
    """Look again whether a finding is still there."""

    permission_classes = [HasPermission("findings.write")]

    @extend_schema(operation_id="findings_verify", request=None, responses={200: dict})
    def post(self, request: Request, finding_id: str) -> Response:
        """Read the configuration again and run this one check; null when it could not be told, never "clean"."""
        answer = services.verify(finding_id, datetime.now(UTC))
        return Response(
            {
                "still_present": answer.still_present,
                "sentence": answer.sentence,
                "evidence": [asdict(proof) for proof in answer.evidence],
            }
        )


def _card(card: Any) -> dict[str, Any]:
    return {
        "id": card.id,
        "title": card.title,
        "severity": card.severity,
        "why": card.why,
        "references": list(card.references),
        "vendors": list(card.vendors),
    }


urlpatterns = [
    path("checks", CheckCatalogueView.as_view(), name="check-list"),
    path("findings/<str:finding_id>/verify", VerifyView.as_view(), name="finding-verify"),
]
