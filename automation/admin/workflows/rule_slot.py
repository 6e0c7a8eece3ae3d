"""Conditions on the contact within a workflow: the rule of a segment, open in its editor or told.

One rule is open at a time; it is drawn by the templates of segments, and its inputs have their
names. The others travel as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from automation.segments.rules import BadRule, read_rule
from automation.segments.wording import rule_words
from automation.workflows.site_things import SiteThings


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSlot:
    """`owner` is `workflow` or the id of a step; `words` are empty where there is no rule."""

    owner: str
    is_open: bool
    words: str
    is_broken: bool


def rule_slot(
    owner: str, rule: dict[str, Any] | None, things: SiteThings, open_rule: str
) -> RuleSlot:
    words, is_broken = "", False
    if rule is not None:
        try:
            read = read_rule(rule, things.site, things.in_rules)
            words = rule_words(read, things.site, things.in_rules)
        except BadRule:
            is_broken = True
    return RuleSlot(owner=owner, is_open=owner == open_rule, words=words, is_broken=is_broken)
