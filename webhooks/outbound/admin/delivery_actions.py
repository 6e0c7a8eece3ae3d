"""What staff do with one delivery: look at it whole, send it again, take it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from sites.audit import Actor, audit_record
from sites.models import Role
from sites.revealing import RevealingAdmin
from webhooks.outbound.admin.delivery_page import delivery_context
from webhooks.outbound.models import Attempt, Delivery
from webhooks.outbound.recovering.resend import delivery_cancel, delivery_resend
from webhooks.outbound.sent_bodies import draft_body, sent_body

_PAGE = "admin:webhooks_delivery_change"


class DeliveryActions(RevealingAdmin):
    """Mixin of the deliveries' admin: the page of one, and what can be done there."""

    reveal_action = "delivery.body_revealed"

    def action_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        views = {
            "body": self.body_view,
            "resend": self.resend_view,
            "cancel": self.cancel_view,
        }
        return [
            path(f"<uuid:pk>/{name}/", view(each), name=f"webhooks_delivery_{name}")
            for name, each in views.items()
        ]

    def masked_page(self, request: HttpRequest, row: Delivery, *, is_masked: bool) -> HttpResponse:
        context = delivery_context(
            row,
            number=_number(request),
            tab=request.GET.get("tab", ""),
            is_masked=is_masked,
            with_bodies=self.may(request, row, Role.SUPPORT),
        )
        return self.shown(request, row, "webhooks/delivery/page", row.event_type, **context)

    @method_decorator(require_POST)
    def body_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Send the body as it went out, as a file that no browser will run."""
        delivery = self.scoped_object(request, str(pk), Role.SUPPORT)
        rows = Attempt.objects.filter(unit=delivery.unit).order_by("pk")
        attempt = rows.filter(number=_number(request)).first() or rows.last()
        sent = sent_body(attempt, delivery) if attempt else draft_body(delivery)
        if sent.body is None:
            self.message_user(request, sent.why_not, messages.WARNING)
            return HttpResponseRedirect(reverse(_PAGE, args=(delivery.pk,)))
        actor = Actor.from_request(request)
        audit_record(
            actor=actor, action="delivery.body_downloaded", site=delivery.site, target=delivery
        )
        return HttpResponse(
            sent.body,
            content_type="text/plain; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{delivery.pk}.txt"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    @method_decorator(require_POST)
    def resend_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        delivery = self.scoped_object(request, str(pk), Role.SUPPORT)
        try:
            again = delivery_resend(
                delivery=delivery,
                actor=Actor.from_request(request),
                confirmed=request.POST.get("confirmed") == "on",
            )
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(reverse(_PAGE, args=(delivery.pk,)))
        self.message_user(request, "A new delivery was added; this is its page.", messages.SUCCESS)
        return HttpResponseRedirect(reverse(_PAGE, args=(again.pk,)))

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        delivery = self.scoped_object(request, str(pk), Role.SUPPORT)
        try:
            count = delivery_cancel(delivery=delivery, actor=Actor.from_request(request))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            text = "Cancelled." if count == 1 else f"Cancelled, with all {count:,} of its batch."
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse(_PAGE, args=(delivery.pk,)))


def _number(request: HttpRequest) -> int:
    text = request.GET.get("attempt", "")
    return int(text) if text.isdecimal() and len(text) < 6 else 0
