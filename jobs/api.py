"""Jobs for machines: what runs, how far it is, stop it, try it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import BadInput
from common.paging import page_of, read_cursor
from jobs import services
from jobs.models import Job
from jobs.queries import newest_jobs
from tenancy.api import ShopAPIView, may
from tenancy.models import User
from tenancy.permissions import Permission

_ON_A_PAGE = 100


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = [
            *("id", "kind", "key", "state", "attempts", "done", "total", "message"),
            *("cancel_requested", "created_at", "started_at", "finished_at"),
        ]
        read_only_fields = fields


class JobDetailSerializer(JobSerializer):
    """With what only those see who may manage jobs: both can speak of costs."""

    result = serializers.JSONField(read_only=True)
    log = serializers.CharField(read_only=True)

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "result", "log"]
        read_only_fields = fields


class JobPageSerializer(serializers.Serializer):
    results = JobSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class Jobs(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        parameters=[OpenApiParameter(name, str) for name in ("state", "kind", "cursor")],
        responses=JobPageSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        if (state := asked.get("state", "")) and state not in Job.State.values:
            fault = f"{state[:20]!r} is not one of {', '.join(Job.State.values)}"
            raise BadInput(f"state: {fault}", {"state": [fault]})
        jobs = newest_jobs(state=state, kind=asked.get("kind", "").replace("\0", ""))
        if cursor := asked.get("cursor"):
            at, pk = read_cursor(cursor, datetime, int)
            jobs = jobs.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
        page = page_of(jobs[: _ON_A_PAGE + 1], _ON_A_PAGE, lambda job: (job.created_at, job.pk))
        return Response({"results": JobSerializer(page.items, many=True).data, "next": page.next})


class JobDetail(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(responses=JobDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return _answer(request, get_object_or_404(Job, pk=pk))


class JobCancel(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.JOBS_MANAGE}

    @extend_schema(request=None, responses=JobDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        return _answer(request, services.cancel(get_object_or_404(Job, pk=pk), actor=_person(request)))


class JobRetry(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.JOBS_MANAGE}

    @extend_schema(request=None, responses=JobDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        return _answer(request, services.retry(get_object_or_404(Job, pk=pk), actor=_person(request)))


def _person(request: Request) -> User | None:
    """Who calls from a page of ours; a token stands for nobody."""
    return request.user if isinstance(request.user, User) else None


def _answer(request: Request, job: Job) -> Response:
    shape: Any = JobDetailSerializer if may(request, Permission.JOBS_MANAGE) else JobSerializer
    return Response(shape(job).data)


urlpatterns = [
    path("jobs/", Jobs.as_view(), name="jobs"),
    path("jobs/<int:pk>/", JobDetail.as_view(), name="job"),
    path("jobs/<int:pk>/cancel/", JobCancel.as_view(), name="job_cancel"),
    path("jobs/<int:pk>/retry/", JobRetry.as_view(), name="job_retry"),
]
