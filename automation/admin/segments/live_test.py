"""Whether one contact is in a segment this moment, and which conditions decide that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automation.models import Segment, SegmentMember
from automation.segments.conditions import Condition, Group, Item, Rule
from automation.segments.members import conditions_holding
from automation.segments.rule_names import RuleNames
from automation.segments.rules import BadRule, read_rule
from automation.segments.wording import condition_words
from contacts.models import Contact
from contacts.search import contacts_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of the rule: a condition, or the head of a group; `depth` counts from 1."""

    depth: int
    words: str
    holds: bool
    decides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTest:
    """`sentence` says it all where no contact was found."""

    sentence: str
    contact: Contact | None = None
    is_in: bool = False
    answers: tuple[Answer, ...] = ()


def live_test(segment: Segment, text: str) -> LiveTest:
    """Ask every condition of the contact that the text names."""
    found = contacts_found(site=segment.site, text=text.replace("\0", ""))
    if len(found) != 1:
        return LiveTest(sentence=_not_one(len(found), segment))
    contact = Contact.objects.get(pk=found[0])
    if contact.deleted_at is not None:
        return LiveTest(sentence="This person was erased, and is in no segment.")
    names = RuleNames(segment.site)
    try:
        rule = read_rule(segment.rule, segment.site, names)
    except BadRule as error:
        return LiveTest(sentence=f"The rule does not fit the site any more. {error}")
    tested = _Tested(names, dict(conditions_holding(segment, contact)))
    is_in = tested.is_in(rule)
    return LiveTest(
        contact=contact,
        is_in=is_in,
        sentence=_sentence(segment, contact, is_in=is_in),
        answers=tuple(tested.answers(rule)) if rule.conditions else (),
    )


class _Tested:
    """The answers of one contact to all conditions of a rule."""

    def __init__(self, names: RuleNames, held: Mapping[Condition, bool]) -> None:
        self._names = names
        self._held = held

    def is_in(self, rule: Rule) -> bool:
        return self._holds(rule.include) and not self._is_excluded(rule)

    def answers(self, rule: Rule) -> Iterator[Answer]:
        """Yield the lines of the rule; the exclusion decides about who would be in without it."""
        is_included, is_excluded = self._holds(rule.include), self._is_excluded(rule)
        yield from self._lines(
            rule.include, 1, "To be in,", decides=not (is_included and is_excluded)
        )
        if rule.exclude is not None:
            yield from self._lines(
                rule.exclude, 1, "To be left out,", decides=is_included and is_excluded
            )

    def _is_excluded(self, rule: Rule) -> bool:
        return rule.exclude is not None and self._holds(rule.exclude)

    def _lines(self, group: Group, depth: int, lead: str, *, decides: bool) -> Iterator[Answer]:
        holds = self._holds(group)
        word = "all of these" if group.match == "all" else "any of these"
        yield Answer(depth=depth, words=f"{lead} {word}:", holds=holds)
        for item in group.items:
            # All are needed where all hold or none of any does; else those that went that way.
            own = decides and self._holds(item) == holds
            if isinstance(item, Group):
                yield from self._lines(item, depth + 1, "In a group,", decides=own)
            else:
                words = condition_words(item, self._names)
                yield Answer(depth=depth + 1, words=words, holds=self._held[item], decides=own)

    def _holds(self, item: Item) -> bool:
        if not isinstance(item, Group):
            return self._held[item]
        answers = [self._holds(each) for each in item.items]
        return all(answers) if item.match == "all" or not answers else any(answers)


def _not_one(count: int, segment: Segment) -> str:
    if count:
        return f"{count} contacts begin like that. Write the whole e-mail, phone or id."
    return f"No contact of {segment.site} has this e-mail, phone or id."


def _sentence(segment: Segment, contact: Contact, *, is_in: bool) -> str:
    now = "is in it now." if is_in else "is not in it now."
    if segment.computed_at is None:
        return f"{now} The members were not computed yet."
    was = SegmentMember.objects.filter(segment=segment, contact=contact).exists()
    if was == is_in:
        return f"{now} The list of members says the same."
    listed = "does not have them yet" if is_in else "still has them"
    return f"{now} The list of members {listed}: that is as of the last computation."
