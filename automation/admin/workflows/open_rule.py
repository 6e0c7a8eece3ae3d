"""The one rule that is open in the editor of a workflow, as segments draw and read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from automation.admin.segments.rule_acting import acted
from automation.admin.segments.rule_document import document_of, show_problems, tree_of
from automation.admin.segments.rule_offer import RuleOffer
from automation.admin.segments.rule_shown import shown_rule
from automation.admin.segments.rule_tree import Tree, posted_tree
from automation.segments.rules import BadRule, empty_rule, read_rule, rule_json
from automation.workflows.site_things import SiteThings
from sites.models import Site


@dataclass(slots=True)
class OpenRule:
    site: Site
    tree: Tree
    offer: RuleOffer

    @classmethod
    def of(cls, rule: dict[str, Any] | None, things: SiteThings) -> OpenRule:
        """Open a rule; one that does not read, which this page never wrote, begins anew."""
        offer = RuleOffer(things.site)
        try:
            read = read_rule(rule, things.site) if rule else empty_rule()
        except BadRule:
            read = empty_rule()
        return cls(things.site, tree_of(rule_json(read), offer.form_of), offer)

    @classmethod
    def posted(cls, data: QueryDict, things: SiteThings) -> OpenRule:
        offer = RuleOffer(things.site)
        tree = posted_tree(data)
        offer.fit(tree)
        return cls(things.site, tree, offer)

    @property
    def document(self) -> dict[str, Any]:
        return document_of(self.tree, self.offer.form_of)

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, so that it holds of every contact."""
        return self.tree.exclude is None and not self.tree.include.items

    def act(self, action: str) -> None:
        acted(self.tree, action)

    def check(self) -> bool:
        """Put what is wrong beside its condition; say whether nothing is."""
        try:
            read_rule(self.document, self.site)
        except BadRule as error:
            show_problems(self.tree, error.problems)
            return False
        return True

    def shown(self) -> dict[str, Any]:
        return shown_rule(self.tree, self.offer)
