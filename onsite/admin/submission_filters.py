"""The filters above the list of submissions."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.list_filters import ChoiceFilter, ColumnFilter
from common.sql_constant import SqlConstant
from integrations.models import Outcome
from onsite.models import Role, State, Tag

_BLOCKED: Final = Q(state=SqlConstant(State.BLOCKED.value))
# With the condition of the partial index that holds them.
_WRITE_IGNORED: Final = Q(write_outcome=SqlConstant(Outcome.IGNORED.value)) & Q(
    state=SqlConstant(State.CONTINUED.value)
)


class StateFilter(ColumnFilter):
    title = "State"
    parameter_name = "state"
    choices_of_column = State


class RoleFilter(ColumnFilter):
    title = "Role"
    parameter_name = "role"
    choices_of_column = Role


class TagFilter(ColumnFilter):
    title = "redeal"
    parameter_name = "tag"
    choices_of_column = Tag

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # As the API spells them.
        return [(str(tag), str(tag)) for tag in Tag.values]


class AgainFilter(ChoiceFilter):
    """What did not reach the retailer's register: blocked, or written with an ignored failure."""

    title = "Repair"
    parameter_name = "again"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Can be sent again")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # The list's streams have one of `again_parts` each: a planner that is given both as an
        # OR leaves the order of the indexes and sorts.
        return queryset


def again_parts(state: str) -> list[Q]:
    """Return the conditions, each with an index, that make up the filter within a chosen state."""
    parts = {State.BLOCKED.value: _BLOCKED, State.CONTINUED.value: _WRITE_IGNORED}
    return [part for each, part in parts.items() if state in ("", each)]
