"""Rejected requests: why each was refused, how to fix it, and taking it in after the fix."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ChoiceFilter, DateFilter
from common.admin.payload_text import PayloadText, payload_text
from common.admin.relative_time import relative_time
from common.admin.shortened import shortened
from common.admin.status_chip import Tone, status_chip
from integrations.causes import FIXES, RejectionCause
from sites.audit import Actor
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site
from webhooks.inbound.admin.event_filters import SourceFilter
from webhooks.inbound.models import RejectedRequest, RejectionCount
from webhooks.inbound.replaying.reprocessing import (
    needs_vouching,
    rejected_request_reprocess,
    why_not_reprocessable,
)

# Not the sender's fault and gone by itself; everything else needs a hand.
_PASSING: Final = (RejectionCause.THROTTLED, RejectionCause.SOURCE_DISABLED)


def cause_words(cause: str) -> str:
    """Return a code as words: `BAD_SIGNATURE` is “Bad signature”."""
    text = cause.replace("_", " ").lower().replace("json", "JSON").replace("xml", "XML")
    return text[:1].upper() + text[1:]


def cause_chip(cause: str) -> SafeString:
    tone = Tone.WARNING if cause in _PASSING else Tone.BAD
    return status_chip(cause_words(cause), tone, title=cause)


class RejectionCauseFilter(ChoiceFilter):
    title = "Cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(cause.value, cause_words(cause.value)) for cause in RejectionCause]


@admin.register(RejectedRequest)
class RejectedRequestAdmin(KeysetAdmin, PageAdmin):
    list_display = ("refused", "cause_column", "source_column", "told", "answered", "address")
    list_filter = (RejectionCauseFilter, SiteFilter, SourceFilter, DateFilter)
    list_select_related = ("site", "source")
    list_defer = ("body_start", "headers", "query", "source__secrets", "source__settings")
    actions = ()
    empty_list_advice = (
        "Nothing was refused. When a sender's signature or token is wrong, the request is kept "
        "here with the way to fix it."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        """Feed from the source's index or from each site's, which its cause may narrow."""
        rows = changes.queryset.select_related(None)
        chosen = changes.chosen
        if "source" in chosen:
            return [
                KeyStream(
                    rows=rows, walk=_walk(changes, request), walked=("site", "source", "cause")
                )
            ]
        if is_superuser(request.user) and not chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in chosen_sites(request)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Rejected requests", **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description="Refused")
    def refused(self, rejected: RejectedRequest) -> SafeString:
        with timezone.override(rejected.site.time_zone):
            return relative_time(rejected.at)

    @admin.display(description="Cause")
    def cause_column(self, rejected: RejectedRequest) -> SafeString:
        return cause_chip(rejected.cause)

    @admin.display(description="Source")
    def source_column(self, rejected: RejectedRequest) -> SafeString:
        return of_site(rejected.source.name, rejected.site)

    @admin.display(description="Detail")
    def told(self, rejected: RejectedRequest) -> str:
        return shortened(rejected.detail or FIXES[RejectionCause(rejected.cause)])

    @admin.display(description="Answer")
    def answered(self, rejected: RejectedRequest) -> int:
        return rejected.status_code

    @admin.display(description="Address")
    def address(self, rejected: RejectedRequest) -> str | None:
        return rejected.remote_address or None

    # -- one request -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        reprocess = self.admin_site.admin_view(self.reprocess_view)
        name = "webhooks_rejectedrequest_reprocess"
        return [path("<uuid:pk>/reprocess/", reprocess, name=name), *super().get_urls()]

    def row_page(self, request: HttpRequest, row: RejectedRequest) -> HttpResponse:
        has_payload = row.body_start and self.may(request, row, Role.SUPPORT)
        return self.shown(
            request,
            row,
            "webhooks/rejectedrequest/page",
            cause_words(row.cause),
            **_context(row),
            counted_today=_counted_today(row),
            payload=_payload(row) if has_payload else None,
        )

    def reprocess_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show what taking the request in would mean; a POST does it."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        rejected = self.scoped_object(request, str(pk), Role.SUPPORT)
        if request.method == "POST":
            return self._reprocess(request, rejected)
        return self.shown(
            request,
            rejected,
            "webhooks/rejectedrequest/reprocess",
            "Take this request in",
            **_context(rejected),
            payload=_payload(rejected),
            may_vouch=self.may(request, rejected, Role.ADMIN),
        )

    def _reprocess(self, request: HttpRequest, rejected: RejectedRequest) -> HttpResponse:
        try:
            appended = rejected_request_reprocess(
                rejected=rejected,
                actor=Actor.from_request(request),
                vouched=request.POST.get("vouched") == "yes",
            )
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.path)
        if appended.is_repeat:
            text = "This request had come in before; this is the event it became then."
            self.message_user(request, text, messages.WARNING)
        else:
            self.message_user(request, "Taken in. A worker reads it now.", messages.SUCCESS)
        return HttpResponseRedirect(
            reverse("admin:webhooks_receivedevent_change", args=(appended.id,))
        )


def _context(rejected: RejectedRequest) -> dict[str, Any]:
    obstacle = why_not_reprocessable(rejected)
    return {
        "cause_words": cause_words(rejected.cause),
        "rejected": rejected,
        "chip": cause_chip(rejected.cause),
        "fix": FIXES[RejectionCause(rejected.cause)],
        "obstacle": obstacle,
        "needs_vouching": not obstacle and needs_vouching(rejected),
    }


def _payload(rejected: RejectedRequest) -> PayloadText:
    body = bytes(rejected.body_start)
    return payload_text(body, is_masked=True, whole_bytes=rejected.body_bytes)


def _walk(changes: KeysetChangeList, request: HttpRequest) -> QuerySet[RejectedRequest] | None:
    chosen = changes.chosen
    if "cause" not in chosen or not chosen["source"].isdecimal():
        return None
    dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
    rows = RejectedRequest.objects.filter(source_id=int(chosen["source"]))
    return dates.queryset(request, rows)


def _counted_today(rejected: RejectedRequest) -> dict[str, int]:
    """Return how often this source refused for this cause on the row's day, and what was kept."""
    day = rejected.at.astimezone(UTC).date()
    counts: QuerySet[RejectionCount] = RejectionCount.objects.filter(
        source_id=rejected.source_id, day=day, cause=rejected.cause
    )
    count = counts.values_list("count", flat=True).first() or 1
    return {"count": count, "others": count - 1}
