"""Segments and their members, for keys that may read contacts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from automation.models import Segment, SegmentMember
from automation.segments.reading import BadRule, read_rule
from automation.segments.rule_names import RuleNames
from automation.segments.wording import rule_words
from common.admin.key_pages import KeyStream
from common.endpoint.pages import filters_in, in_order, page_response, whole_list
from common.endpoint.strict_body import CamelSerializer
from sites.api_keys.view import KeyView
from sites.models import Scope, Site

_READ_ONLY = ("get", "head", "options")


class SegmentBody(CamelSerializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    every_minutes = serializers.IntegerField()
    member_count = serializers.IntegerField()
    computed_at = serializers.DateTimeField()
    computed_ms = serializers.IntegerField()
    trouble = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class MemberBody(CamelSerializer):
    contact_id = serializers.UUIDField()
    email = serializers.CharField(source="contact.email")
    mobile_phone = serializers.CharField(source="contact.phone")
    external_id = serializers.CharField(source="contact.external_id")
    since = serializers.DateTimeField()


class NoQuery(CamelSerializer):
    """Nothing but the page can be asked for."""


class SegmentsApiView(KeyView):
    reads = Scope.CONTACTS_READ
    writes = Scope.CONTACTS_WRITE
    http_method_names = _READ_ONLY

    @property
    def site(self) -> Site:
        return self.key.site

    def segment(self, segment_id: UUID) -> Segment:
        segment = Segment.objects.filter(site=self.site, pk=segment_id).first()
        if segment is None:
            raise Http404
        return segment


class SegmentsView(SegmentsApiView):
    def get(self, request: Request) -> Response:
        segments = Segment.objects.filter(site=self.site).defer("rule").order_by("name", "pk")
        return whole_list([dict(SegmentBody(each).data) for each in segments])


class SegmentView(SegmentsApiView):
    """`words` say the rule in English; a client shows them and does not read them."""

    def get(self, request: Request, segment_id: UUID) -> Response:
        segment = self.segment(segment_id)
        try:
            names = RuleNames(self.site)
            words = rule_words(read_rule(segment.rule, self.site, names), self.site, names)
        except BadRule as error:
            words = str(error)
        return Response({**SegmentBody(segment).data, "words": words, "rule": segment.rule})


class MembersView(SegmentsApiView):
    """Who was in it when it was computed last, newest contacts first."""

    def get(self, request: Request, segment_id: UUID) -> Response:
        segment = self.segment(segment_id)
        NoQuery().read_query(filters_in(request))
        rows = SegmentMember.objects.filter(segment=segment).order_by()

        def bodies(keys: list[UUID]) -> list[dict[str, Any]]:
            shown = rows.filter(contact__in=keys, contact__deleted_at=None)
            shown = shown.select_related("contact").defer(
                "contact__personal_identity_number", "contact__attributes", "contact__fact_times"
            )
            found = {row.contact_id: row for row in shown}
            return [dict(MemberBody(row).data) for row in in_order(keys, found)]

        return page_response(request, [KeyStream(rows=rows, key="contact_id")], bodies)
