"""Whatever stands in an address or a posted choice: what no column can hold names no row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class AnyTextAdmin(_ModelAdmin):
    """Base of the bases in `scoped_admin`, and so of every admin.

    PostgreSQL takes no NUL, not even to look for it, and Django's actions take keys as they come.
    """

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        given = [texts for name, texts in request.GET.lists() if name != SEARCH_VAR]
        if any("\0" in text for texts in given for text in texts):
            # As where Django's filters cannot read a value: it leads back to the whole list.
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        data = request.POST.copy()
        chosen = [key for key in data.getlist(ACTION_CHECKBOX_NAME) if self._may_be_key(key)]
        data.setlist(ACTION_CHECKBOX_NAME, chosen)
        request.POST = data  # type: ignore[assignment]
        return super().response_action(request, queryset, *args, **kwargs)

    def _may_be_key(self, text: str) -> bool:
        try:
            self.opts.pk.clean(text, None)
        except ValidationError:
            return False
        return "\0" not in text
