"""What came in, and playing it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidModel
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.conflict import Conflict
from common.endpoint.pages import filters_in, in_order, page_response
from common.endpoint.strict_body import CamelSerializer, Moment, Text, YesNo
from common.sql_constant import index_condition
from webhooks.api.answered_once import answered_once
from webhooks.api.bodies_shown import body_text, told
from webhooks.api.job_bodies import accepted
from webhooks.api.view import ManagementView, body_or_nothing
from webhooks.inbound.models import ReceivedEvent, Source, Status
from webhooks.inbound.models.received_event import TROUBLED
from webhooks.inbound.replaying.replay import replay_start
from webhooks.inbound.replaying.replay_filter import ReplayFilter
from webhooks.inbound.replaying.troubled import is_troubled

NOT_REPLAYABLE: Final = "NOT_REPLAYABLE"
_NO_SOURCE: Final = "The site has no such source."
_WALKED: Final = ("site", "source", "event_type", "status", "cause")
_MOST_OUTCOMES: Final = 200


class ReceivedEventQuery(CamelSerializer):
    source = Text()  # type: ignore[assignment]
    status = serializers.ChoiceField(choices=Status.values, required=False)
    event_type = Text()
    cause = Text()
    event_id = Text()
    since = Moment()
    until = Moment()


class ReplayInput(CamelSerializer):
    include_processed = YesNo(required=False)


class ReceivedEventBody(CamelSerializer):
    id = serializers.UUIDField()
    source_id = serializers.CharField(source="source.public_id")
    event_type = serializers.CharField()
    event_id = serializers.CharField()
    received_at = serializers.DateTimeField()
    processed_at = serializers.DateTimeField()
    status = serializers.CharField()
    cause = serializers.CharField()
    reason = serializers.CharField()
    tries = serializers.IntegerField(source="attempts")
    rows_applied = serializers.IntegerField()
    rows_unchanged = serializers.IntegerField()
    rows_ignored = serializers.IntegerField()
    rows_quarantined = serializers.IntegerField()
    body_bytes = serializers.IntegerField()


class OutcomeBody(CamelSerializer):
    """What became of one row of it; the person is named by the contact's id alone."""

    position = serializers.IntegerField()
    event_type = serializers.CharField()
    event_id = serializers.CharField()
    outcome = serializers.CharField()
    cause = serializers.CharField()
    reason = serializers.CharField()
    contact_id = serializers.UUIDField()


class ReceivedEventsView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = ReceivedEventQuery().read_query(filters_in(request))
        stream = _stream(self._filters(asked), asked.get("event_id", ""))
        return page_response(request, [stream], self._bodies)

    def _filters(self, asked: dict[str, Any]) -> ReplayFilter:
        status = asked.get("status")
        return ReplayFilter(
            site_ids=(self.site.pk,),
            source_id=self._source_id(asked["source"]) if "source" in asked else None,
            statuses=(status,) if status else (),
            event_type=asked.get("event_type", ""),
            cause=asked.get("cause", ""),
            received_from=asked.get("since"),
            received_until=asked.get("until"),
        )

    def _bodies(self, keys: list[UUID]) -> list[dict[str, Any]]:
        rows = ReceivedEvent.objects.select_related("source").defer(
            "source__secrets", "body", "headers", "query", "history"
        )
        return [
            told(dict(ReceivedEventBody(row).data), shows_people=self.shows_people)
            for row in in_order(keys, rows.in_bulk(keys))
        ]

    def _source_id(self, public_id: str) -> int:
        own = Source.objects.filter(site=self.site, public_id=public_id)
        found = own.values_list("pk", flat=True).first()
        if found is None:
            raise ValidationError({"source": _NO_SOURCE})
        return found


class ReceivedEventView(ManagementView):
    http_method_names: Sequence[str] = ("get", "head", "options")

    def get(self, request: Request, event_id: UUID) -> Response:
        event = self.event(event_id)
        outcomes = event.outcomes.order_by("position")[:_MOST_OUTCOMES]
        body = None
        if event.body is not None:
            body = body_text(bytes(event.body), shows_people=self.shows_people)
        row = {
            **ReceivedEventBody(event).data,
            "outcomes": [dict(OutcomeBody(each).data) for each in outcomes],
            "history": event.history,
        }
        return Response({**told(row, shows_people=self.shows_people), "body": body})

    def event(self, event_id: UUID) -> ReceivedEvent:
        rows = ReceivedEvent.objects.select_related("source").defer("source__secrets")
        event = rows.filter(site=self.site, pk=event_id).first()
        if event is None:
            raise Http404
        return event


class ReplayView(ReceivedEventView):
    """A job of one event: the worker gets it again."""

    http_method_names = ("post", "options")

    def post(self, request: Request, event_id: UUID) -> Response:
        return answered_once(request, lambda: self._replay(request, event_id))

    def _replay(self, request: Request, event_id: UUID) -> Response:
        given = ReplayInput().read_or_refuse(body_or_nothing(request))
        event = self.event(event_id)
        filters = ReplayFilter(
            site_ids=(self.site.pk,),
            ids=(event.pk,),
            include_processed=given.get("include_processed", False),
        )
        try:
            job = replay_start(filters=filters, site=self.site, actor=self.actor)
        except InvalidModel:
            raise Conflict(NOT_REPLAYABLE, _why_not(event)) from None
        return accepted(job)


def _why_not(event: ReceivedEvent) -> str:
    if event.body is None:
        return "Retention has removed the body; this event cannot be replayed."
    if event.status == Status.PROCESSED:
        return "This event had its effect. Send includeProcessed to replay it all the same."
    return "This event waits for a worker already, or is being processed."


def _stream(filters: ReplayFilter, event_id: str) -> KeyStream:
    """Return the rows through the index that fits; where none does, a bounded walk."""
    rows = filters.events()
    status = filters.statuses[0] if filters.statuses else ""
    if status in TROUBLED:
        rows = rows.filter(index_condition(is_troubled()))
    if event_id:
        return KeyStream(rows=rows.exclude(event_id="").filter(event_id=event_id))
    chosen = [filters.source_id, filters.event_type, filters.cause, status]
    given = [each for each in chosen if each]
    is_indexed = not given or (len(given) == 1 and (not status or status in TROUBLED))
    walk = None if is_indexed else _walk(filters, status)
    return KeyStream(rows=rows, walk=walk, walked=_WALKED)


def _walk(filters: ReplayFilter, status: str) -> QuerySet[ReceivedEvent]:
    narrow = ReplayFilter(
        site_ids=filters.site_ids,
        source_id=filters.source_id,
        received_from=filters.received_from,
        received_until=filters.received_until,
    )
    rows = narrow.events()
    if filters.cause:
        return rows.exclude(cause="").filter(cause=filters.cause)
    if status in TROUBLED:
        return rows.filter(index_condition(is_troubled()), status=status)
    return rows.filter(event_type=filters.event_type) if filters.event_type else rows
