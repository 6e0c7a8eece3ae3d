"""Rules of segments: who belongs to one, as JSON that people write in an editor or by hand.

    {"include": {"kind": "group", "match": "all", "items": [
         {"kind": "field", "field": "city", "operator": "eq", "value": "Malmö"},
         {"kind": "activity", "type": "orderPlaced", "operator": "at_least", "count": 2,
          "days": 90, "properties": [{"path": "total", "operator": "gt", "value": 100}]}]},
     "exclude": null}

Groups nest. `read_rule` checks a document against the site and returns what `queries` asks the
database; `rule_json` is the way back.
"""

from automation.segments.conditions import (
    ActivityCondition,
    Condition,
    ConsentCondition,
    EmailStatusCondition,
    FieldCondition,
    Group,
    Item,
    PointsCondition,
    PreferenceCondition,
    PropertyCondition,
    Rule,
)
from automation.segments.reading import MOST_CONDITIONS, MOST_DEPTH, BadRule, read_rule
from automation.segments.rule_documents import rule_json


def empty_rule() -> Rule:
    """Return the rule that holds of every contact: what a new segment begins with."""
    return Rule()


__all__ = [
    "MOST_CONDITIONS",
    "MOST_DEPTH",
    "ActivityCondition",
    "BadRule",
    "Condition",
    "ConsentCondition",
    "EmailStatusCondition",
    "FieldCondition",
    "Group",
    "Item",
    "PointsCondition",
    "PreferenceCondition",
    "PropertyCondition",
    "Rule",
    "empty_rule",
    "read_rule",
    "rule_json",
]
