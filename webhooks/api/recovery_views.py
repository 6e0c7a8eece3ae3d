"""Sending again what did not arrive: what would be sent, and the job that does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError as InvalidModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.conflict import Conflict
from common.endpoint.strict_body import CamelSerializer, YesNo, YesNoWord
from webhooks.api.answered_once import answered_once
from webhooks.api.delivery_bodies import DeliveryQuery, filter_in
from webhooks.api.job_bodies import accepted
from webhooks.api.view import ManagementView
from webhooks.outbound.recovering.job import recover_start
from webhooks.outbound.recovering.plan import EndpointPlan, RecoverPlan, recover_plan
from webhooks.outbound.recovering.recover_filter import Mode, RecoverFilter

NOTHING_TO_SEND: Final = "NOTHING_TO_SEND"


class RecoveryQuery(DeliveryQuery):
    mode = serializers.ChoiceField(
        choices=[each.value for each in Mode], required=False, default=Mode.AGAIN.value
    )
    upper_id = serializers.UUIDField(required=False)
    include_succeeded = YesNoWord(required=False)


class RecoveryInput(RecoveryQuery):
    include_succeeded = YesNo(required=False)  # type: ignore[assignment]


class EndpointBody(CamelSerializer):
    subscription_id = serializers.CharField(source="subscription.public_id")
    name = serializers.CharField(source="subscription.name")
    count = serializers.IntegerField()
    takes_seconds = serializers.SerializerMethodField()
    is_held = serializers.BooleanField()

    def get_takes_seconds(self, endpoint: EndpointPlan) -> int | None:
        return _seconds(endpoint.takes)


class SkippedBody(CamelSerializer):
    count = serializers.IntegerField()
    is_more = serializers.BooleanField()
    reason = serializers.CharField()


class PlanBody(CamelSerializer):
    """Send `upperId` along to start exactly this; what came about later is left out then."""

    total = serializers.IntegerField()
    is_at_most = serializers.BooleanField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    takes_seconds = serializers.SerializerMethodField()
    upper_id = serializers.UUIDField(source="filters.upper_id")
    endpoints = EndpointBody(many=True)
    skipped = SkippedBody(many=True)

    def get_takes_seconds(self, plan: RecoverPlan) -> int | None:
        return _seconds(plan.takes)


class RecoveryPlanView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = RecoveryQuery().read_query(request.query_params)
        plan = recover_plan(filters=_filters(asked, self))
        return Response(PlanBody(plan).data)


class RecoveriesView(ManagementView):
    http_method_names = ("post", "options")

    def post(self, request: Request) -> Response:
        return answered_once(request, lambda: self._start(request))

    def _start(self, request: Request) -> Response:
        asked = RecoveryInput().read_or_refuse(request.data)
        filters = _filters(asked, self)
        try:
            job = recover_start(filters=filters, site=self.site, actor=self.actor)
        except InvalidModel as error:
            raise Conflict(NOTHING_TO_SEND, " ".join(error.messages)) from None
        return accepted(job)


def _filters(asked: dict[str, Any], view: ManagementView) -> RecoverFilter:
    more = {name: asked[name] for name in ("upper_id", "include_succeeded") if name in asked}
    return filter_in(asked, view.site, mode=Mode(asked.get("mode", Mode.AGAIN)), **more)


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
