"""A subscription on the wire. Secrets only come in; of headers, the names alone go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError as InvalidModel
from django.http import Http404
from rest_framework import serializers

from common.endpoint.strict_body import (
    CamelSerializer,
    Faults,
    Json,
    Text,
    Texts,
    WholeNumber,
    YesNo,
    camel,
)
from common.redaction import redact_url
from webhooks.outbound.holding.plan import Choice
from webhooks.outbound.models import Subscription
from webhooks.outbound.subscriptions.activity import condition_of
from webhooks.outbound.subscriptions.backlog import Backlog, backlogs
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, subscriptions_by_id

# A column whose name on the wire is not its own in camel case.
_NAMES: Final = {"format_key": "format", "source_key": "sameSystem"}


class SubscriptionSettings(CamelSerializer):
    """What can be chosen, as it comes in and goes out; defaults are the model's."""

    name = Text()
    url = Text()
    format = Text(source="format_key")
    format_settings = Json(dict, required=False)
    event_types = Json(list, required=False)
    conditions = Json(list, required=False)
    same_system = Text(source="source_key")
    signing = Text()
    signing_settings = Json(dict, required=False)
    encryption = Text()
    verify_tls = YesNo(required=False)
    timeout_seconds = WholeNumber(required=False)
    rate_per_second = WholeNumber(required=False)
    concurrency = WholeNumber(required=False)
    retry_schedule = Json(list, required=False)
    retry_rules = Json(dict, required=False)
    batch_size = WholeNumber(required=False)
    batch_seconds = WholeNumber(required=False)
    strict_order = YesNo(required=False)


class SubscriptionInput(SubscriptionSettings):
    headers = Texts(allows_null=True, required=False)
    secrets = Texts(allows_null=False, required=False)


class BacklogBody(CamelSerializer):
    """`pending` and `held` are counted up to 1,000; 1,001 means more."""

    pending = serializers.IntegerField()
    held = serializers.IntegerField()
    oldest_pending_at = serializers.DateTimeField()


class SubscriptionBody(SubscriptionSettings):
    """Address keys beside the settings come from the directory, so that a page needs no decrypting.

    `fault` is a sentence when the secrets do not decrypt; headers are not known then.
    """

    id = serializers.CharField(source="public_id")
    url = serializers.SerializerMethodField()  # type: ignore[assignment]
    headers = serializers.SerializerMethodField()
    secrets_set = serializers.SerializerMethodField()
    fault = serializers.SerializerMethodField()
    state = serializers.CharField()
    state_reason = serializers.CharField()
    state_changed_at = serializers.DateTimeField()
    condition = serializers.SerializerMethodField()
    previous_secret_until = serializers.DateTimeField(source="previous_until")
    failing_since = serializers.DateTimeField()
    slowed_until = serializers.DateTimeField()
    last_attempt_at = serializers.DateTimeField()
    last_success_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    backlog = serializers.SerializerMethodField()

    def get_url(self, subscription: Subscription) -> str:
        return redact_url(subscription.url)

    def get_headers(self, subscription: Subscription) -> dict[str, None]:
        return dict.fromkeys(self._snapshot(subscription).headers)

    def get_secrets_set(self, subscription: Subscription) -> list[str]:
        return sorted(self._snapshot(subscription).secrets)

    def get_fault(self, subscription: Subscription) -> str:
        return self._snapshot(subscription).fault

    def _snapshot(self, subscription: Subscription) -> SubscriptionSnapshot:
        known: Mapping[int, SubscriptionSnapshot] = self.context["snapshots"]
        return known[subscription.pk]

    def get_condition(self, subscription: Subscription) -> str:
        return condition_of(subscription).value

    def get_backlog(self, subscription: Subscription) -> dict[str, Any]:
        known: Mapping[int, Backlog] = self.context["backlogs"]
        return dict(BacklogBody(known[subscription.pk]).data)


class HeldChoice(CamelSerializer):
    held = serializers.ChoiceField(
        choices=[each.value for each in Choice], required=False, default=Choice.RELEASE.value
    )


class PauseInput(CamelSerializer):
    reason = Text(max_length=500)


class RotationInput(CamelSerializer):
    overlap_seconds = WholeNumber(required=False)
    secret = Text()


class TestInput(CamelSerializer):
    event_type = Text()
    event_id = serializers.UUIDField(required=False)


class PortalLinkInput(CamelSerializer):
    name = Text()
    seconds = WholeNumber(required=False)


def subscription_bodies(rows: Iterable[Subscription]) -> list[dict[str, Any]]:
    snapshots = subscriptions_by_id()
    # One that was deleted in this instant is in neither.
    listed = [each for each in rows if each.pk in snapshots]
    context = {"backlogs": backlogs([each.pk for each in listed]), "snapshots": snapshots}
    return [dict(SubscriptionBody(each, context=context).data) for each in listed]


def subscription_body(subscription: Subscription) -> dict[str, Any]:
    """Return one subscription; raises Http404 when it has gone meanwhile."""
    for body in subscription_bodies([subscription]):
        return body
    raise Http404


def in_words_of_the_api(error: InvalidModel) -> Faults:
    """Return the faults of a service by the names that the body has."""
    if not hasattr(error, "error_dict"):
        return {"": error.messages}
    return {_on_the_wire(name): found for name, found in error.message_dict.items()}


def _on_the_wire(name: str) -> str:
    column, dot, rest = name.partition(".")
    return f"{_NAMES.get(column, camel(column))}{dot}{rest}"
