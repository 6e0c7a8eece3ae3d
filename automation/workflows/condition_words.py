"""Conditions of a workflow as a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automation.segments.rules import read_rule
from automation.segments.wording import rule_words
from automation.workflows.site_things import SiteThings
from webhooks.outbound.event_types.conditions import LABELS, WITHOUT_VALUE


def conditions_words(
    conditions: Sequence[Mapping[str, Any]], rule: Mapping[str, Any] | None, names: SiteThings
) -> str:
    """Return both kinds of conditions in words, "" when there are none."""
    words = [condition_words(row, names) for row in conditions]
    if rule is not None:
        said = _rule_words(rule, names).removesuffix(".")
        words.append(f"{said[:1].lower()}{said[1:]}")
    return " and ".join(words)


def _rule_words(rule: Mapping[str, Any], names: SiteThings) -> str:
    in_rules = names.in_rules
    return rule_words(read_rule(rule, names.site, in_rules), names.site, in_rules)


def condition_words(row: Mapping[str, Any], names: SiteThings) -> str:
    place = names.variable_name(row["pointer"])
    words = f"{place} {LABELS[row['operator']]}"
    if row["operator"] in WITHOUT_VALUE:
        return words
    value = row["value"]
    shown = ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
    return f"{words} {shown}"
