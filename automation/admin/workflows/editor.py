"""One visit of the editor's page: what was sent, what its button does, and what is shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import QueryDict

from automation.admin.workflows.condition_rows import OPERATORS, condition_rows
from automation.admin.workflows.draft import WORKFLOW_RULE, Draft
from automation.admin.workflows.draft_acting import draft_acted
from automation.admin.workflows.open_rule import OpenRule
from automation.admin.workflows.posted_draft import CONDITIONS, posted_draft
from automation.admin.workflows.rule_slot import rule_slot
from automation.admin.workflows.step_inputs import OPERATION_CHOICES, field_choices
from automation.admin.workflows.step_views import step_views
from automation.admin.workflows.trigger_inputs import trigger_view
from automation.admin.workflows.value_inputs import Offered, offered_variables
from automation.workflows.actions.action import Category
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.definition import ENTRIES, MOST_STEPS
from automation.workflows.problems import Problems
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import read_trigger
from automation.workflows.variables import variables_of
from sites.models import Site

REVEAL: Final = "samples"


class Editor:
    """`is_masked` hides the personal ones among the sample values of variables."""

    def __init__(self, site: Site, draft: Draft, *, things: SiteThings | None = None) -> None:
        self.things = things or SiteThings(site)
        self.site = site
        self.draft = draft
        self.rule: OpenRule | None = None
        self.is_masked = True
        self.is_refused = False
        # The place of the page that the button was about.
        self.anchor = ""

    @classmethod
    def posted(cls, data: QueryDict, site: Site) -> Editor:
        things = SiteThings(site)
        data = _without_nul(data)
        editor = cls(site, posted_draft(data, things), things=things)
        owner = editor.draft.open_rule
        if owner:
            editor.rule = OpenRule.posted(data, things)
            editor.draft.set_rule(owner, editor.rule.document)
        return editor

    def act(self, action: str, new_action: str) -> None:
        """Do what a button says that saves nothing; no button at all only draws the page anew."""
        subject, _, rest = action.partition(".")
        if subject == "rule":
            verb, _, owner = rest.partition(".")
            self._rule_act(verb, owner)
        elif subject in ("add", "step", CONDITIONS):
            draft_acted(self.draft, action, new_action, self.things)
            if not self.draft.open_rule:
                self.rule = None
        elif self.rule is not None:
            self.rule.act(action)
            self.draft.set_rule(self.draft.open_rule, self.rule.document)

    def _rule_act(self, verb: str, owner: str) -> None:
        if owner != WORKFLOW_RULE and self.draft.step(owner) is None:
            return
        if verb == "clear":
            self.draft.set_rule(owner, None)
            if self.draft.open_rule == owner:
                self._close_rule()
        elif verb == "done" and self.rule is not None:
            if self.rule.check():
                if self.rule.is_empty:
                    self.draft.set_rule(owner, None)
                self._close_rule()
        elif verb == "open" and (self.rule is None or self.rule.check()):
            # The one that was open is closed, unless it would be lost for what is wrong with it.
            self.draft.open_rule = owner
            self.rule = OpenRule.of(self.draft.rule_of(owner), self.things)

    def _close_rule(self) -> None:
        self.draft.open_rule = ""
        self.rule = None

    def show_problems(self, problems: Sequence[tuple[str, str]]) -> None:
        self.is_refused = True
        self.draft.show_problems(problems)
        if self.rule is not None:
            self.rule.check()

    def context(self) -> dict[str, Any]:
        """Return what the page shows."""
        offered = self._offered()
        draft = self.draft
        return {
            "draft": draft,
            "trigger": trigger_view(draft.trigger, self.things),
            "trigger_errors": list(draft.errors_at("trigger")),
            "offered": offered,
            "entries": ENTRIES.items(),
            "operators": OPERATORS,
            "conditions": condition_rows(draft.conditions, CONDITIONS, offered),
            "condition_errors": list(draft.errors_at("event_conditions")),
            "rule_slot": rule_slot(WORKFLOW_RULE, draft.rule, self.things, draft.open_rule),
            "rule_errors": [] if self.rule else list(draft.errors_at("contact_rule")),
            "other_errors": list(draft.errors.get("", ())),
            **(self.rule.shown() if self.rule else {}),
            "rule": self.rule,
            "step_errors": list(draft.errors_at("steps")),
            "steps": step_views(draft.steps, self.things, offered, draft.open_rule),
            "actions": _action_groups(),
            "field_choices": field_choices(self.things),
            "operations": OPERATION_CHOICES,
            "most_steps": MOST_STEPS,
            "is_refused": self.is_refused,
            "is_masked": self.is_masked,
        }

    def _offered(self) -> Offered:
        problems = Problems()
        trigger = read_trigger(Reading(self.draft.trigger, "trigger", problems, self.things))
        if problems:
            return Offered()
        return offered_variables(
            variables_of(trigger, self.site, self.things), is_masked=self.is_masked
        )


def _without_nul(data: QueryDict) -> QueryDict:
    """Return what was sent without a character that nobody types and PostgreSQL cannot store."""
    cleaned = data.copy()
    for name in data:
        cleaned.setlist(name, [value.replace("\0", "") for value in data.getlist(name)])
    return cleaned


def _action_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the actions to choose from, by heading."""
    return [
        (
            category.value,
            [(each.key, each.label) for each in ACTIONS.values() if each.category is category],
        )
        for category in Category
    ]
