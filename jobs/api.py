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

from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.json_input import Query
from common.paging import page_of, read_cursor
from jobs import services
from jobs.models import Job
from jobs.queries import newest_jobs
from tenancy.api import ShopAPIView, may, page_answer, person_of
from tenancy.permissions import Permission


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


class Jobs(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=Job.State.values),
            text_parameter("kind", "One kind only."),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(JobSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        limit = asked.limit()
        jobs = newest_jobs(state=asked.choice("state", Job.State.values), kind=asked.text("kind"))
        if cursor := asked.cursor():
            at, pk = read_cursor(cursor, datetime, int)
            jobs = jobs.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
        found = page_of(jobs[: limit + 1], limit, lambda job: (job.created_at, job.pk))
        return page_answer(found.map(lambda job: JobSerializer(job).data))


class JobDetail(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(responses=answers({200: JobDetailSerializer}))
    def get(self, request: Request, pk: int) -> Response:
        return _answer(request, get_object_or_404(Job, pk=pk))


class JobCancel(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.JOBS_MANAGE}

    @extend_schema(request=None, responses=answers({200: JobDetailSerializer}, 409))
    def post(self, request: Request, pk: int) -> Response:
        return _answer(request, services.cancel(get_object_or_404(Job, pk=pk), actor=person_of(request)))


class JobRetry(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.JOBS_MANAGE}

    @extend_schema(request=None, responses=answers({200: JobDetailSerializer}, 409))
    def post(self, request: Request, pk: int) -> Response:
        return _answer(request, services.retry(get_object_or_404(Job, pk=pk), actor=person_of(request)))


def _answer(request: Request, job: Job) -> Response:
    shape: Any = JobDetailSerializer if may(request, Permission.JOBS_MANAGE) else JobSerializer
    return Response(shape(job).data)


urlpatterns = [
    path("jobs/", Jobs.as_view(), name="jobs"),
    path("jobs/<int:pk>/", JobDetail.as_view(), name="job"),
    path("jobs/<int:pk>/cancel/", JobCancel.as_view(), name="job_cancel"),
    path("jobs/<int:pk>/retry/", JobRetry.as_view(), name="job_retry"),
]
