"""The page that asks before a row of a site is deleted, and says what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from sites.scoped_admin import SiteScopedAdmin


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWords:
    """What goes, in a sentence; why the row has to stay, if it does; what uses it."""

    goes: str
    obstacle: str = ""
    users: Sequence[str] = ()


class DeletePages(SiteScopedAdmin):
    """Mixin of an admin whose `delete_model` calls a service, which may refuse in a sentence."""

    delete_noun = ""
    # What stands around the page: the way to the list of such rows.
    delete_base_template = ""

    def delete_words(self, row: Any) -> DeleteWords:
        raise NotImplementedError

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.scoped_object(request, object_id, self.delete_role)
        app_and_model = f"{self.opts.app_label}_{self.opts.model_name}"
        if request.method == "POST":
            try:
                self.delete_model(request, row)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
            else:
                messages.success(request, f"The {self.delete_noun} “{row.name}” was deleted.")
                return HttpResponseRedirect(reverse(f"admin:{app_and_model}_changelist"))
        context = self.admin_site.each_context(request) | {
            "title": f"Delete {row.name}?",
            "opts": self.opts,
            "base_template": self.delete_base_template,
            "noun": self.delete_noun,
            "row": row,
            "row_url": reverse(f"admin:{app_and_model}_change", args=[row.pk]),
            "words": self.delete_words(row),
        }
        return TemplateResponse(request, "admin/delete_row.html", context)
