"""Incidents: when deliveries failed, who was told of it, and who looks after it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ChoiceFilter
from common.admin.relative_time import duration_text, relative_time
from common.admin.status_chip import Tone, status_chip
from sites.audit import Actor
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site
from webhooks.outbound.models import Incident, Notice
from webhooks.outbound.notices.acknowledging import incident_acknowledge
from webhooks.outbound.notices.planning import wants_notices
from webhooks.outbound.recovering.conditions import error_words

_PAGE = "admin:webhooks_incident_change"


class SubscriptionFilter(ChoiceFilter):
    """Set by the page of a subscription, which links here."""

    title = "Subscription"
    parameter_name = "subscription"
    bar_template = "admin/keyset/hidden_filter.html"
    takes_any_value = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = self.chosen.isdecimal() and len(self.chosen) < 19
        return queryset.filter(subscription=int(self.chosen)) if known else queryset.none()


class OpenFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("unattended", "Open, nobody looks after it"), ("ended", "Ended")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = queryset.filter(ended_at__isnull=self.chosen != "ended")
        return rows.filter(acknowledged_at=None) if self.chosen == "unattended" else rows


@admin.register(Incident)
class IncidentAdmin(KeysetAdmin, PageAdmin):
    list_display = (
        "subscription_column", "state", "opened", "ended", "failed", "last_failure", "members_told",
        "attended",
    )  # fmt: skip
    list_filter = (OpenFilter, SiteFilter, SubscriptionFilter)
    list_title = "Incidents"
    list_select_related = ("subscription__site",)
    empty_list_advice = (
        "When several requests of a subscription fail in a row, an incident is opened here; it "
        "ends with the next success."
    )
    actions = ("acknowledge_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.defer("subscription__secrets", "subscription__headers")

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        sees_all = is_superuser(request.user) and not {"site", "state"} & set(changes.chosen)
        if sees_all or "subscription" in changes.chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site=site)) for site in chosen_sites(request)]

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        counts = _notice_counts(keys)
        for row in rows:
            row.notice_counts = counts.get(row.pk, {})
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Incidents"} | (extra_context or {}))

    @admin.display(description="Subscription")
    def subscription_column(self, incident: Incident) -> SafeString:
        return of_site(incident.subscription.name, incident.subscription.site)

    @admin.display(description="State")
    def state(self, incident: Incident) -> SafeString:
        return incident_chip(incident)

    @admin.display(description="Since")
    def opened(self, incident: Incident) -> SafeString:
        return relative_time(incident.opened_at)

    @admin.display(description="Until")
    def ended(self, incident: Incident) -> SafeString | None:
        if incident.ended_at is None:
            return None
        lasted = duration_text(incident.ended_at - incident.opened_at)
        return format_html(
            '{}<br><span class="quiet">after {}</span>', relative_time(incident.ended_at), lasted
        )

    @admin.display(description="Failures")
    def failed(self, incident: Incident) -> str:
        return f"{incident.failures:,}"

    @admin.display(description="Last failure")
    def last_failure(self, incident: Incident) -> SafeString:
        return format_html(
            '{}<span class="clamp quiet" title="{}">{}</span>',
            _error_words(incident), incident.last_sentence, incident.last_sentence,
        )  # fmt: skip

    @admin.display(description="Members told")
    def members_told(self, incident: Any) -> SafeString:
        if incident.told_at is None:
            return format_html('<span class="quiet">{}</span>', _why_untold(incident))
        counts = incident.notice_counts
        words = [f"{counts['sent']} sent"] if counts.get("sent") else []
        words += [f"{counts['waiting']} to be sent"] if counts.get("waiting") else []
        words += [f"{counts['given_up']} not sent"] if counts.get("given_up") else []
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            relative_time(incident.told_at),
            ", ".join(words) or "nobody asked to be",
        )

    @admin.display(description="Looked after by")
    def attended(self, incident: Incident) -> SafeString:
        if incident.acknowledged_at is None:
            return format_html('<span class="quiet">{}</span>', "nobody yet")
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            incident.acknowledged_by,
            relative_time(incident.acknowledged_at),
        )

    @admin.action(description="Acknowledge: I look after it", permissions=["support"])
    def acknowledge_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        actor = Actor.from_request(request)
        rows = queryset.select_related("subscription__site")
        count = sum(incident_acknowledge(incident=incident, actor=actor) for incident in rows)
        noun = "incident" if count == 1 else "incidents"
        self.message_user(request, f"You look after {count} {noun} now.", messages.SUCCESS)

    # -- one incident ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        acknowledge = self.admin_site.admin_view(self.acknowledge_view)
        name = "webhooks_incident_acknowledge"
        return [path("<int:pk>/acknowledge/", acknowledge, name=name), *super().get_urls()]

    @method_decorator(require_POST)
    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        incident = self.scoped_object(request, str(pk), Role.SUPPORT)
        if incident_acknowledge(incident=incident, actor=Actor.from_request(request)):
            self.message_user(request, "You look after this incident now.", messages.SUCCESS)
        else:
            text = "It has ended, or somebody looks after it already."
            self.message_user(request, text, messages.INFO)
        return HttpResponseRedirect(reverse(_PAGE, args=(pk,)))

    def row_page(self, request: HttpRequest, row: Incident) -> HttpResponse:
        subscription = row.subscription
        is_open = row.ended_at is None
        deliveries = reverse("admin:webhooks_delivery_changelist")
        return self.shown(
            request,
            row,
            "webhooks/incident/page",
            subscription.name,
            incident=row,
            subscription=subscription,
            chip=incident_chip(row),
            error_words=_error_words(row),
            lasted=duration_text((row.ended_at or timezone.now()) - row.opened_at),
            notices=[
                (notice, notice_chip(notice)) for notice in row.notices.select_related("user")
            ],
            why_untold=_why_untold(row) if row.told_at is None else "",
            asking=[member.user for member in wants_notices(subscription.site_id)],
            may_acknowledge=is_open
            and row.acknowledged_at is None
            and self.may(request, row, Role.SUPPORT),
            may_enable=is_open and self.may(request, row, Role.OPERATOR),
            may_choose=self.may(request, row, Role.ADMIN),
            deliveries_url=f"{deliveries}?subscription={subscription.pk}&state=failed",
        )


def incident_chip(incident: Incident) -> SafeString:
    if incident.ended_at is not None:
        return status_chip("Ended", Tone.GOOD)
    if incident.has_disabled:
        return status_chip("Disabled", Tone.BAD, title="Nothing is sent until it is enabled.")
    return status_chip("Failing", Tone.BAD)


def notice_chip(notice: Notice) -> SafeString:
    if notice.told_at is not None:
        return status_chip("Sent", Tone.GOOD)
    if notice.given_up_at is not None:
        return status_chip("Not sent", Tone.BAD)
    tone = Tone.WARNING if notice.problem else Tone.WAITING
    return status_chip("To be sent again" if notice.problem else "To be sent", tone)


def _error_words(incident: Incident) -> str:
    if incident.last_status_code is not None:
        return str(incident.last_status_code)
    return error_words(incident.last_error)


def _why_untold(incident: Incident) -> str:
    if not settings.EMAIL_IS_ON:
        return "E-mail is off"
    return "nobody was" if incident.ended_at is not None else "not yet"


def _notice_counts(incident_ids: list[int]) -> dict[int, dict[str, int]]:
    given_up = Q(given_up_at__isnull=False)
    rows = (
        Notice.objects.filter(incident__in=incident_ids)
        .order_by()
        .values_list("incident_id")
        .annotate(
            sent=Count("pk", filter=Q(told_at__isnull=False)),
            waiting=Count("pk", filter=Q(told_at__isnull=True) & ~given_up),
            given_up=Count("pk", filter=given_up),
        )
    )
    return {
        pk: {"sent": sent, "waiting": waiting, "given_up": unsent}
        for pk, sent, waiting, unsent in rows
    }
