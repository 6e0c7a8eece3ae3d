"""Which events: ticks by group, patterns, and conditions on the payload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from webhooks.outbound.admin.event_choices import EventGroup, event_groups
from webhooks.outbound.admin.forms.section_form import SectionForm
from webhooks.outbound.event_types.condition_text import typed_condition, value_text
from webhooks.outbound.event_types.conditions import LABELS, MOST_CONDITIONS
from webhooks.outbound.formats.base import Format
from webhooks.outbound.models import Subscription

_BLANK_ROWS: Final = 3


class EventsForm(SectionForm):
    columns = ("event_types", "conditions")
    patterns = forms.CharField(
        required=False,
        label="Further names and patterns",
        max_length=8_000,
        widget=forms.Textarea(
            attrs={
                "class": "mono",
                "rows": 3,
                "spellcheck": "false",
                "placeholder": "inbound.webengage.*",
            }
        ),
        help_text="One a line. contact.* means every type that begins with contact., also those "
        "that come later; * means all.",
    )

    def __init__(
        self, data: Any, *, subscription: Subscription, may_replace: bool, dialect: Format
    ) -> None:
        self.groups, self.uncarried = event_groups(subscription, dialect)
        super().__init__(data, subscription=subscription, may_replace=may_replace)
        self.fields["event_types"] = forms.MultipleChoiceField(
            required=False, choices=[(key, key) for group in self.groups for key in group.keys]
        )
        stored = [_condition_text(row) for row in subscription.conditions]
        shown = min(len(stored) + _BLANK_ROWS, MOST_CONDITIONS)
        for number in range(shown):
            row = stored[number] if number < len(stored) else ("", "", "")
            self._add_condition(number, *row)
        self.condition_count = shown

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        known = {key for group in self.groups for key in group.keys}
        chosen = subscription.event_types
        return {
            "event_types": [key for key in chosen if key in known],
            "patterns": "\n".join(key for key in chosen if key not in known),
        }

    def chosen(self) -> set[str]:
        """Return what is ticked on the page as it is shown."""
        return set(self["event_types"].value() or ())

    def shown_groups(self) -> Iterator[tuple[EventGroup, int]]:
        """Yield the groups with how many of each are ticked."""
        chosen = self.chosen()
        for group in self.groups:
            yield group, sum(key in chosen for key in group.keys)

    def condition_rows(self) -> Iterator[tuple[Any, Any, Any]]:
        for number in range(self.condition_count):
            yield tuple(  # type: ignore[misc]
                self[f"condition-{number}-{part}"] for part in ("pointer", "operator", "value")
            )

    def claims(self, key: str) -> bool:
        return key in ("event_types", "conditions")

    def show_errors(self, error: ValidationError) -> None:
        """Put what is wrong with conditions, which are many fields, on top."""
        if hasattr(error, "error_dict"):
            for found in error.error_dict.pop("conditions", ()):
                self.add_error(None, found)
            for found in error.error_dict.pop("event_types", ()):
                self.add_error("patterns", found)
        super().show_errors(error)

    def apply_to(self, subscription: Subscription) -> None:
        lines = self.cleaned_data["patterns"].splitlines()
        subscription.event_types = [*self.cleaned_data["event_types"], *lines]
        subscription.conditions = [
            condition
            for number in range(self.condition_count)
            if (condition := self._condition(number))
        ]

    def _add_condition(self, number: int, pointer: str, operator: str, value: str) -> None:
        name = f"condition-{number}"
        self.fields[f"{name}-pointer"] = forms.CharField(
            required=False,
            initial=pointer,
            strip=False,
            widget=forms.TextInput(
                attrs={"class": "mono", "placeholder": "/path/to/value", "aria-label": "Place"}
            ),
        )
        self.fields[f"{name}-operator"] = forms.ChoiceField(
            required=False,
            initial=operator,
            choices=list(LABELS.items()),
            widget=forms.Select(attrs={"aria-label": "Comparison"}),
        )
        self.fields[f"{name}-value"] = forms.CharField(
            required=False,
            initial=value,
            widget=forms.TextInput(attrs={"class": "mono", "aria-label": "Value"}),
        )

    def _condition(self, number: int) -> dict[str, Any] | None:
        pointer, operator, text = (
            self.cleaned_data.get(f"condition-{number}-{part}", "")
            for part in ("pointer", "operator", "value")
        )
        if not pointer.strip():
            return None
        return typed_condition(pointer, operator, text)


def _condition_text(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["pointer"], row["operator"], value_text(row)
