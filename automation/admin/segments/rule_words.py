"""The words of a rule: of a stored one, and of one that is still being typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from automation.admin.segments.rule_document import document_of
from automation.admin.segments.rule_offer import RuleOffer
from automation.admin.segments.rule_tree import Tree
from automation.models import Segment
from automation.segments.rule_names import RuleNames
from automation.segments.rules import BadRule, Rule, read_rule
from automation.segments.wording import rule_words
from sites.models import Site

_ITEM: Final = re.compile(r"(?:include|exclude)(?:\.items\.[0-9]+)+")


def stored_rule_words(segment: Segment, names: RuleNames | None = None) -> str:
    """Return the rule in words; `names` are those of its site."""
    names = names or RuleNames(segment.site)
    try:
        return rule_words(read_rule(segment.rule, segment.site, names), segment.site, names)
    except BadRule as error:
        return f"The rule does not fit the site any more. {error}"


def typed_rule_words(tree: Tree, offer: RuleOffer, site: Site) -> tuple[str, int]:
    """Return the words of what is complete, and how many conditions are not.

    Without any that is complete there are no words: “every contact” is not what was meant.
    """
    document = document_of(tree, offer.form_of)
    conditions = sum(not node.is_group for node in tree.nodes())
    rule = _complete_part(document, offer.names)
    if rule is None or (conditions and not rule.conditions):
        return "", conditions
    return rule_words(rule, site, offer.names), conditions - len(rule.conditions)


def _complete_part(document: Mapping[str, Any], names: RuleNames) -> Rule | None:
    """Return the rule without the items that cannot be read; None when a rest cannot be either."""
    left = deepcopy(dict(document))
    # Once for what is wrong as it was typed, then for groups that are empty without that.
    for _ in range(7):
        try:
            return read_rule(left, names.site, names)
        except BadRule as error:
            if not _take_out(left, error.problems):
                return None
    return None


def _take_out(document: dict[str, Any], problems: Sequence[tuple[str, str]]) -> bool:
    """Take out the items with problems, the last ones first; say whether there were any."""
    found = {match[0] for place, _ in problems if (match := _ITEM.match(place))}
    paths = sorted(([_step(step) for step in place.split(".")] for place in found), reverse=True)
    for path in paths:
        group: Any = document
        for step in path[:-1]:
            group = group[step]
        del group[path[-1]]
    return bool(paths)


def _step(step: str) -> Any:
    return int(step) if step.isdecimal() else step
