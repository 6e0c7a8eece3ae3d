from __future__ import annotations

import json
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ChoiceFilter
from common.admin.relative_time import exact_text, relative_time
from common.newest_rows import newest_of
from sites.models import AuditEntry, Role
from sites.roles import is_superuser
from sites.scope import site_ids
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, chosen_sites

# Choices are gathered from the newest entries: asking the whole table would read all of it.
_LOOKED_AT_FOR_CHOICES: Final = 2_000
# What filters ask about of the rows that they walk.
_WALKED: Final = ("site", "action", "actor_label", "object_type", "object_id")
_SHOWN_CHANGES: Final = 3


class RecentValueFilter(ChoiceFilter):
    """Offers the values of one column that occur among the newest entries the user may see."""

    takes_any_value = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        values = _newest_values(request)[str(self.parameter_name)]
        return [(value, value) for value in sorted(values)]


class ActionFilter(RecentValueFilter):
    title = "Action"
    parameter_name = "action"


class ActorFilter(RecentValueFilter):
    title = "Who"
    parameter_name = "actor_label"


class ObjectFilter(ChoiceFilter):
    """One row, as `app.model:id`; set by the links to a row's history."""

    title = "Object"
    parameter_name = "object"
    bar_template = "admin/keyset/hidden_filter.html"
    takes_any_value = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Django drops a filter that offers nothing; this one is never picked from a list.
        return [("", "Any")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind, _, key = self.chosen.partition(":")
        return queryset.filter(object_type=kind, object_id=key)


@admin.register(AuditEntry)
class AuditLogAdmin(KeysetAdmin, SiteScopedAdmin):
    """Append-only; members who configure a site see what was done on it."""

    list_title = "Audit log"
    view_role = Role.OPERATOR
    add_role = change_role = delete_role = None
    list_display = ("when", "who", "action", "what", "site", "changed")
    list_display_links = ("when",)
    list_select_related = ("site",)
    list_filter = (SiteFilter, ActionFilter, ActorFilter, ObjectFilter)
    fields = ("exact_time", "who", "address", "done", "site", "what", "all_changes")
    readonly_fields = fields
    empty_list_advice = "Changes of configuration, logins, replays and reveals are listed here."

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        chosen = changes.chosen
        # Action and actor have no index: few people look for them, and every change would pay.
        is_walked = bool({"action", "actor_label"} & set(chosen))
        if "object" in chosen:
            # Told the site as well, SQLite would read all of its entries for those of one object.
            of_object = next(
                each for each in changes.filter_specs if isinstance(each, ObjectFilter)
            )
            walk = of_object.queryset(request, AuditEntry.objects.all())
            return [KeyStream(rows=changes.queryset, walk=walk, walked=_WALKED)]
        return [
            KeyStream(
                rows=changes.queryset.filter(**owner),
                walk=AuditEntry.objects.filter(**owner) if is_walked else None,
                walked=_WALKED,
            )
            for owner in _owners(request, chosen.get("site", ""))
        ]

    @admin.display(description="when")
    def when(self, entry: AuditEntry) -> SafeString:
        return relative_time(entry.at)

    @admin.display(description="when")
    def exact_time(self, entry: AuditEntry) -> str:
        return exact_text(entry.at)

    @admin.display(description="who")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_label

    @admin.display(description="action")
    def done(self, entry: AuditEntry) -> str:
        return entry.action

    @admin.display(description="what")
    def what(self, entry: AuditEntry) -> str:
        return f"{_kind(entry.object_type)} {entry.object_label}".strip() or "—"

    @admin.display(description="changes")
    def changed(self, entry: AuditEntry) -> SafeString | str:
        names = list(entry.changes)
        more = f" and {len(names) - _SHOWN_CHANGES} more" if len(names) > _SHOWN_CHANGES else ""
        return ", ".join(names[:_SHOWN_CHANGES]) + more or "—"

    @admin.display(description="changes")
    def all_changes(self, entry: AuditEntry) -> SafeString | str:
        if not entry.changes:
            return "—"
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td class="before" data-label="Before">{}</td>'
            '<td class="after" data-label="After">{}</td></tr>',
            (
                (name, _shown(before), _shown(after))
                for name, (before, after) in sorted(entry.changes.items())
            ),
        )
        return format_html(
            '<table class="plain cards-when-narrow"><thead><tr><th scope="col">Field</th>'
            '<th scope="col">Before</th><th scope="col">After</th></tr></thead>'
            "<tbody>{}</tbody></table>",
            rows,
        )


def _owners(request: HttpRequest, chosen: str = "") -> list[dict[str, int]]:
    """Return what the index begins with: each site of the viewer's, or nothing for all entries."""
    if is_superuser(request.user):
        return [{"site_id": site.pk} for site in chosen_sites(request)] if chosen else [{}]
    ids = site_ids(request, AuditLogAdmin.view_role)
    return [{"site_id": pk} for pk in ids if chosen in ("", str(pk))]


def _newest_values(request: HttpRequest) -> dict[str, set[str]]:
    """Return the actions and actors of the newest entries of each site, read once per request."""
    cached: dict[str, set[str]] | None = getattr(request, "_newest_audit_values", None)
    if cached is None:
        owners = _owners(request)
        most = _LOOKED_AT_FOR_CHOICES // max(len(owners), 1)
        cached = {"action": set(), "actor_label": set()}
        for owner in owners:
            newest = AuditEntry.objects.order_by("-pk")
            if owner:
                newest = newest_of(newest, "site_id", owner["site_id"], key_falls=True)
            for action, actor_label in newest.values_list("action", "actor_label")[:most]:
                cached["action"].add(action)
                cached["actor_label"].add(actor_label)
        request._newest_audit_values = cached  # type: ignore[attr-defined]
    return cached


def _kind(object_type: str) -> str:
    """Return what staff call a kind of row; a kind that is gone keeps the name it had."""
    app, _, name = object_type.partition(".")
    try:
        return str(apps.get_model(app, name)._meta.verbose_name) if name else object_type
    except LookupError:
        return name


def _shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
