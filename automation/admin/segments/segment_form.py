"""The form of a segment: what it is called, how often it is computed, and its rule as a tree."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from automation.admin.segments.rule_document import document_of, show_problems, tree_of
from automation.admin.segments.rule_offer import RuleOffer
from automation.admin.segments.rule_tree import Tree, posted_tree
from automation.admin.segments.segment_words import every_words
from automation.models import Segment
from automation.segments.rules import BadRule, Rule, read_rule
from common.admin.service_errors import ServiceErrors

_EVERY: Final = (15, 60, 180, 360, 720, 1_440)
_ASKED: Final = "asked"
UNSEEN: Final = "This is about something else now. Say what holds of it, then save."


class SegmentForm(ServiceErrors, forms.Form):
    """`tree` is the rule as it stands on the page; `problems` are those without a place in it."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        required=False,
        max_length=500,
        help_text="What it is for, for whoever finds it later. Optional.",
    )
    every_minutes = forms.ChoiceField(
        help_text="Who entered and who left is told after each computation."
    )

    def __init__(self, data: QueryDict | None = None, *, segment: Segment) -> None:
        every = segment.every_minutes
        super().__init__(
            data,
            initial={
                "name": segment.name,
                "description": segment.description,
                "every_minutes": _ASKED if every is None else str(every),
            },
        )
        offered = sorted({*_EVERY, every} - {None}, key=lambda minutes: minutes or 0)
        field = self.fields["every_minutes"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *((str(minutes), every_words(minutes)) for minutes in offered),
            (_ASKED, every_words(None)),
        ]
        self.segment = segment
        self.offer = RuleOffer(segment.site)
        self.problems: list[str] = []
        self.is_refused = False
        self.tree: Tree = (
            tree_of(segment.rule, self.offer.form_of) if data is None else posted_tree(data)
        )
        # Conditions that were about something else when the page was sent.
        self.changed = [] if data is None else self.offer.fit(self.tree)

    def rule(self) -> Rule | None:
        """Return the rule, or None with what is wrong beside its place."""
        for node in self.changed:
            if node.subject:
                node.errors.append(UNSEEN)
        try:
            document = document_of(self.tree, self.offer.form_of)
            rule = read_rule(document, self.segment.site, self.offer.names)
        except BadRule as error:
            self.problems = show_problems(self.tree, error.problems)
            return None
        if self.tree.left_out or any(node.errors for node in self.tree.nodes()):
            return None
        return rule

    def fill(self, segment: Segment) -> None:
        """Put what was typed, the rule aside, into the segment."""
        given: dict[str, Any] = self.cleaned_data
        segment.name = given["name"]
        segment.description = given["description"]
        every = given["every_minutes"]
        segment.every_minutes = None if every == _ASKED else int(every)

    def show_errors(self, error: ValidationError) -> None:
        self.is_refused = True
        super().show_errors(error)
