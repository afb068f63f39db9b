"""Background work of the workspace: what waits, what failed for good."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.jobs import queries, services


class FailureSerializer(serializers.Serializer[Any]):
    """A job that used up its retries."""

    id = serializers.CharField()
    job = serializers.CharField()
    queue = serializers.CharField()
    arguments = serializers.JSONField()
    reason = serializers.CharField()
    failed_at = serializers.DateTimeField()
    retried_at = serializers.DateTimeField(allow_null=True)


class BacklogSerializer(serializers.Serializer[Any]):
    """Due work in one queue."""

    queue = serializers.CharField()
    waiting = serializers.IntegerField()
    oldest_seconds = serializers.FloatField()


class JobFailureViewSet(ApiViewSet):
    """Failed jobs."""

    permission_classes = [HasPermission("jobs.read")]
    permission_by_action = {"retry": "jobs.write"}
    serializer_class = FailureSerializer

    @extend_schema(operation_id="job_failures_list", responses=FailureSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return failed jobs, newest first."""
        return self.page(queries.failures())

    @extend_schema(operation_id="job_failures_retry", request=None, responses={202: None})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Enqueue a failed job again."""
        services.retry_failure(pk)
        return Response(status=status.HTTP_202_ACCEPTED)


class BacklogViewSet(ApiViewSet):
    """Waiting jobs."""

    permission_classes = [HasPermission("jobs.read")]
    serializer_class = BacklogSerializer

    @extend_schema(operation_id="job_backlog_list", responses=BacklogSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return what waits for a worker."""
        return self.page([asdict(row) for row in queries.backlog()])


router = Router()
router.register("job-failures", JobFailureViewSet, basename="job-failure")
router.register("job-backlog", BacklogViewSet, basename="job-backlog")
