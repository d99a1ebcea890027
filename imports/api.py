"""Imports for machines: bring a file, see what it would change, post it, take it back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.forms import Form
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.errors import BadInput, NotPermitted
from common.json_input import Query
from common.paging import page_of, read_cursor
from imports import services
from imports.api_schema import (
    AnswersSerializer,
    FileImportDetailSerializer,
    FileImportSerializer,
    SentFileSerializer,
)
from imports.kinds import Kind, all_kinds, kind_named
from imports.models import FileImport
from imports.reading import SAID
from tenancy.api import ShopAPIView, may, page_answer, person_of
from tenancy.permissions import Permission


class Imports(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {
        "GET": Permission.IMPORTS_POST,
        "POST": Permission.IMPORTS_POST,
    }
    parser_classes = (MultiPartParser,)

    @extend_schema(
        parameters=[text_parameter("kind", "One kind only."), CURSOR, LIMIT],
        responses=answers({200: page(FileImportSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        limit = asked.limit()
        mine = [kind.name for kind in all_kinds() if may(request, kind.permission)]
        found = FileImport.objects.filter(kind__in=mine).defer("content").order_by("-created_at", "-id")
        if kind := asked.text("kind"):
            found = found.filter(kind=kind)
        if cursor := asked.cursor():
            at, pk = read_cursor(cursor, datetime, int)
            found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
        rows = page_of(found[: limit + 1], limit, lambda row: (row.created_at, row.pk))
        return page_answer(rows.map(lambda row: FileImportSerializer(row).data))

    @extend_schema(
        request={"multipart/form-data": SentFileSerializer},
        responses=answers({201: FileImportDetailSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        data: Any = request.data
        kind = _kind(request, str(data.get("kind", "")))
        sent = request.FILES.get("file")
        if sent is None:
            raise BadInput.at("file", _("is missing"))
        options = _options(data.get("options"))
        made = services.upload(
            kind=kind.name,
            file_name=sent.name or "file",
            chunks=sent.chunks(),
            choices=cleaned(kind.choices_form(), options),
            said={name: value for name, value in options.items() if name in SAID},
            actor=person_of(request),
        )
        return Response(FileImportDetailSerializer(made).data, status=201)


class ImportDetail(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.IMPORTS_POST}

    @extend_schema(responses=answers({200: FileImportDetailSerializer}))
    def get(self, request: Request, pk: int) -> Response:
        return Response(FileImportDetailSerializer(_found(request, pk)).data)


class ImportPost(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.IMPORTS_POST}

    @extend_schema(request=AnswersSerializer, responses=answers({202: FileImportDetailSerializer}, 409))
    def post(self, request: Request, pk: int) -> Response:
        found = _found(request, pk)
        said = request.data or {}
        if not isinstance(said, dict):
            raise BadInput(_("Send a JSON object."))
        kind = kind_named(found.kind)
        form = kind.answers_form(found) if found.summary else None
        services.begin_posting(found, cleaned(form, said), actor=person_of(request))
        services.enqueue_posting(found, actor=person_of(request))
        return Response(FileImportDetailSerializer(found).data, status=202)


class ImportUndo(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.IMPORTS_POST}

    @extend_schema(request=None, responses=answers({202: FileImportDetailSerializer}, 409))
    def post(self, request: Request, pk: int) -> Response:
        found = _found(request, pk)
        services.begin_undo(found, actor=person_of(request))
        services.enqueue_undo(found, actor=person_of(request))
        return Response(FileImportDetailSerializer(found).data, status=202)


def _kind(request: Request, name: str) -> Kind:
    try:
        kind = kind_named(name)
    except LookupError:
        known = ", ".join(each.name for each in all_kinds())
        raise BadInput.at("kind", _("is none of: %(kinds)s") % {"kinds": known}) from None
    if not may(request, kind.permission):
        raise NotPermitted(_("Your role in this shop does not allow this."))
    return kind


def _found(request: Request, pk: int) -> FileImport:
    found = get_object_or_404(FileImport.objects.select_related("job"), pk=pk)
    _kind(request, found.kind)
    return found


def _options(text: Any) -> dict[str, Any]:
    if not text:
        return {}
    try:
        options = json.loads(str(text))
    except ValueError as error:
        raise BadInput.at("options", _("is not JSON")) from error
    if not isinstance(options, dict):
        raise BadInput.at("options", _("is not a JSON object"))
    return options


def cleaned(form: Form | None, said: dict[str, Any]) -> dict[str, Any]:
    """What a form makes of what was sent, its proposals where nothing was. Raises BadInput."""
    if form is None:
        return {}
    proposed = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    form.data = {**proposed, **{name: value for name, value in said.items() if name in form.fields}}
    form.is_bound = True
    if not form.is_valid():
        fields = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        raise BadInput(next(iter(fields.values()))[0], fields)
    return form.cleaned_data


urlpatterns = [
    path("imports/", Imports.as_view(), name="imports"),
    path("imports/<int:pk>/", ImportDetail.as_view(), name="import"),
    path("imports/<int:pk>/post/", ImportPost.as_view(), name="import_post"),
    path("imports/<int:pk>/undo/", ImportUndo.as_view(), name="import_undo"),
]
