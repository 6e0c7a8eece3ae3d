from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as InvalidModel
from django.db import transaction
from django.http import Http404
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.pages import in_order, number_cursor, page_response
from common.endpoint.strict_body import Faults
from common.redaction import redact_url
from sites.models import Site
from webhooks.api.answered_once import answered_once
from webhooks.api.job_bodies import accepted
from webhooks.api.subscription_bodies import (
    SubscriptionInput,
    in_words_of_the_api,
    subscription_bodies,
    subscription_body,
)
from webhooks.api.view import ManagementView
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import Subscription
from webhooks.outbound.subscriptions.deletion import subscription_delete
from webhooks.outbound.subscriptions.fitting import fit_to_format, new_subscription
from webhooks.outbound.subscriptions.services import subscription_save

_NEEDED = "This is needed."


def subscription_or_404(site: Site, public_id: str) -> Subscription:
    """Return a subscription of the site, without its secrets; raises Http404."""
    rows = Subscription.objects.filter(site=site).defer("secrets", "headers")
    # PostgreSQL takes no NUL, not even to look for it.
    found = rows.filter(public_id=public_id).first() if public_id.isprintable() else None
    if found is None:
        raise Http404
    found.site = site
    return found


class SubscriptionsView(ManagementView):
    http_method_names: Sequence[str] = ("get", "head", "post", "options")

    def get(self, request: Request) -> Response:
        rows = Subscription.objects.filter(site=self.site).defer("secrets", "headers")
        return page_response(
            request,
            [KeyStream(rows=rows.order_by())],
            lambda keys: subscription_bodies(
                in_order(keys, rows.select_related("site").in_bulk(keys))
            ),
            cursor=number_cursor,
        )

    def post(self, request: Request) -> Response:
        return answered_once(request, lambda: self._create(request))

    @sensitive_variables("values", "made")
    def _create(self, request: Request) -> Response:
        values, faults = SubscriptionInput().read(request.data)
        dialect = format_for(values.get("format_key", ""))
        if "format" not in faults and "format_key" not in values:
            faults["format"] = _NEEDED
        subscription = (
            new_subscription(self.site, dialect) if dialect else Subscription(site=self.site)
        )
        made = self._save(subscription, values, faults)
        body = subscription_body(subscription)
        return Response({**body, "secret": made or None}, HTTPStatus.CREATED)

    @sensitive_variables("values", "secrets")
    def _save(self, subscription: Subscription, values: dict[str, Any], faults: Faults) -> str:
        """Store it and return the secret that was made; raises ValidationError with all faults."""
        secrets, headers = values.pop("secrets", None), values.pop("headers", None)
        for name, value in values.items():
            setattr(subscription, name, value)
        try:
            with transaction.atomic():
                made = subscription_save(
                    subscription=subscription, actor=self.actor, secrets=secrets, headers=headers
                )
                if faults:
                    # What could be read is in order: the rest takes it back.
                    raise ValidationError(faults)
        except InvalidModel as error:
            raise ValidationError(in_words_of_the_api(error) | faults) from None
        return made


class SubscriptionView(SubscriptionsView):
    http_method_names = ("get", "head", "patch", "delete", "options")

    def get(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        return Response(subscription_body(subscription_or_404(self.site, public_id)))

    @sensitive_variables("values", "made")
    def patch(self, request: Request, public_id: str) -> Response:
        values, faults = SubscriptionInput().read(request.data)
        subscription = subscription_or_404(self.site, public_id)
        if values.get("url") == redact_url(subscription.url):
            # What was read is written back: the masked query stands for the stored one.
            del values["url"]
        dialect = format_for(values.get("format_key", ""))
        if dialect is not None:
            fit_to_format(subscription, dialect)
        made = self._save(subscription, values, faults)
        subscription.refresh_from_db(fields=["updated_at", "revision"])
        return Response({**subscription_body(subscription), "secret": made or None})

    def delete(self, request: Request, public_id: str) -> Response:
        subscription = subscription_or_404(self.site, public_id)
        job = subscription_delete(subscription=subscription, actor=self.actor)
        return accepted(job) if job else Response(status=HTTPStatus.NO_CONTENT)
