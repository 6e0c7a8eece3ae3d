"""What every admin with audited services has in common: its history is the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


def audit_url(obj: Any) -> str:
    """Return the address of the audit log narrowed to one row."""
    query = urlencode({"object": f"{obj._meta.label_lower}:{obj.pk}"})
    return f"{reverse('admin:sites_auditentry_changelist')}?{query}"


class AuditedAdmin(_ModelAdmin):
    """Mixin. Services write the audit, with every field; Django's own log would say it twice."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # type: ignore[override]
        return None

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404(f"No {self.opts.verbose_name} with this id.")
        return HttpResponseRedirect(audit_url(obj))
