"""Change lists for tables that grow without end: pages by key, filters in one bar, no count."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from common.admin.key_pages import KeyPage, KeyStream, key_page
from common.admin.list_filters import ChoiceFilter

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

OLDER_VAR: Final = "older_than"
NEWER_VAR: Final = "newer_than"


def is_narrowed(request: HttpRequest, *, beyond: Collection[str]) -> bool:
    """Tell whether the address of a list asks for more than pages and the filters named here."""
    known = {*beyond, OLDER_VAR, NEWER_VAR}
    return any(value for name, value in request.GET.items() if name not in known)


class KeysetChangeList(ChangeList):
    """Django's change list with its rows fetched by key.

    Filters are the admin's `list_filter` classes. Parameters of the address that no filter claims
    are ignored: an old bookmark still opens.
    """

    model_admin: KeysetAdmin
    looked_back_to: Any = None

    def get_filters(self, request: HttpRequest) -> Any:
        # A form sends every field; empty ones would only lengthen the addresses made from it.
        self.filter_params = {name: got for name, got in self.filter_params.items() if any(got)}
        params = self.get_filters_params()
        filters = cast("list[type[ChoiceFilter]]", self.list_filter)
        specs = [spec(request, params, self.model, self.model_admin) for spec in filters]
        names = [str(name) for spec in specs for name in spec.expected_parameters()]
        values = {name: self.filter_params.get(name, [""])[-1] for name in names}
        self.chosen: dict[str, str] = {name: value for name, value in values.items() if value}
        return specs, False, {}, False, bool(self.chosen)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        return ["-pk"]

    def get_ordering_field_columns(self) -> dict[int, Any]:
        return {}

    def get_query_string(
        self, new_params: dict[str, Any] | None = None, remove: Iterable[str] | None = None
    ) -> str:
        """Return the address of the list as it is now, from its first page on."""
        edges = {OLDER_VAR: None, NEWER_VAR: None}
        return super().get_query_string({**edges, **(new_params or {})}, remove)

    def get_results(self, request: HttpRequest) -> None:
        page = key_page(
            self.model_admin.key_streams(request, self),
            size=self.list_per_page,
            older_than=self._edge(OLDER_VAR),
            newer_than=self._edge(NEWER_VAR),
        )
        self.result_list = self.model_admin.rows_for_list(request, page.keys)
        self.older_url = self._edge_url(OLDER_VAR, page.older_than)
        self.newer_url = self._edge_url(NEWER_VAR, page.newer_than)
        self.first_url = self.get_query_string()
        self.looked_back_to = page.looked_back_to
        self.looked_back_words = (
            self.model_admin.looked_back_words(page) if page.looked_back_to is not None else ""
        )
        # What is shown is all that is counted: nothing asks the database how many there are.
        self.result_count = self.full_result_count = len(page.keys)
        self.show_full_result_count = False
        self.show_admin_actions = bool(page.keys)
        self.can_show_all = self.multi_page = False
        self.paginator = None

    def _edge(self, name: str) -> Any:
        text = self.params.get(name)
        try:
            return self.opts.pk.to_python(text) if text else None
        except ValidationError:
            return None

    def _edge_url(self, name: str, edge: Any) -> str:
        return "" if edge is None else self.get_query_string({name: edge})


class KeysetAdmin(_ModelAdmin):
    """Mixin of admins whose list pages by key. Name it before the base admin.

    `key_streams` says which index feeds the list, search included; `list_defer` names the columns
    a list never reads.
    """

    show_full_result_count = False
    list_per_page = 50
    sortable_by = ()
    change_list_template = "admin/keyset/change_list.html"
    list_defer: tuple[str, ...] = ()
    empty_list_advice = "Nothing here yet."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        """Return the streams of the list under the chosen filters and the search."""
        return [KeyStream(rows=changes.queryset)]

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        """Return the rows of a page in the order of its keys."""
        rows = self.get_queryset(request).defer(*self.list_defer)
        if isinstance(self.list_select_related, list | tuple):
            rows = rows.select_related(*self.list_select_related)
        by_key = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
        # A row may have gone since its key was read.
        return [by_key[key] for key in keys if key in by_key]

    def looked_back_words(self, page: KeyPage) -> str:
        """Return how far a page looked that no single index could fill."""
        return f"Looked through the newest {page.walked:,} rows."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # `key_streams` searches: a condition added here could not choose its own index.
        return queryset, False
