"""Erasures: who was erased when and why, and what was found of them; the report names nobody."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.relative_time import relative_time
from common.admin.status_chip import Tone, status_chip
from contacts.models import SubjectErasure
from contacts.subject_rights.personal_data import places
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site

_State = SubjectErasure.State
_TONES: Final = {_State.PENDING: Tone.WAITING, _State.RUNNING: Tone.BUSY, _State.DONE: Tone.GOOD}
_NOBODY: Final = "A source or the API"


@admin.register(SubjectErasure)
class SubjectErasureAdmin(KeysetAdmin, PageAdmin):
    view_role = Role.ADMIN
    list_title = "Erasures"
    list_display = ("contact_column", "state_column", "reason", "asked_column", "who", "rows")
    list_filter = (SiteFilter,)
    list_select_related = ("site",)
    actions = ()
    empty_list_advice = (
        "When a person is erased, on the contact's page, by the contact API or by a source that "
        "says so, the report of what was found and emptied is here."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # Nobody reads by what a person is looked for.
        return super().get_queryset(request).defer("sought")

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if is_superuser(request.user) and "site" not in changes.chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in chosen_sites(request)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Erasures"} | (extra_context or {}))

    @admin.display(description="Contact")
    def contact_column(self, erasure: SubjectErasure) -> SafeString:
        return of_site(f"…{str(erasure.contact_id)[-8:]}", erasure.site)

    @admin.display(description="State")
    def state_column(self, erasure: SubjectErasure) -> SafeString:
        return erasure_chip(erasure)

    @admin.display(description="Asked")
    def asked_column(self, erasure: SubjectErasure) -> SafeString:
        with timezone.override(erasure.site.time_zone):
            return relative_time(erasure.asked_at)

    @admin.display(description="By")
    def who(self, erasure: SubjectErasure) -> str:
        return erasure.asked_label or _NOBODY

    @admin.display(description="Rows emptied")
    def rows(self, erasure: SubjectErasure) -> str:
        return f"{sum(erasure.found.values()):,}"

    def row_page(self, request: HttpRequest, row: SubjectErasure) -> HttpResponse:
        report = [
            (place.label, row.found.get(place.key, 0), row.cursors.get(place.key, "") is None)
            for place in places()
        ]
        return self.shown(
            request,
            row,
            "contacts/subjecterasure/page",
            "Erasure of a person",
            erasure=row,
            chip=erasure_chip(row),
            who=row.asked_label or _NOBODY,
            report=report,
        )


def erasure_chip(erasure: SubjectErasure) -> SafeString:
    state = _State(erasure.state)
    return status_chip(str(state.label), _TONES[state])
