"""Who is in a segment: as it was computed last, and right now."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from automation.models import Segment, SegmentMember, SegmentMove
from automation.segments.conditions import Condition, Group, Item, Rule
from automation.segments.queries import matching_ids
from automation.segments.reading import read_rule
from contacts.models import Contact


def is_member(segment_id: UUID) -> Q:
    """Return whether a contact was in a segment at the last computation, as a query."""
    # By both columns of the unique index, also for a page of many members.
    members = SegmentMember.objects.filter(segment=segment_id, contact=OuterRef("pk"))
    return Q(Exists(members))


def conditions_holding(segment: Segment, contact: Contact) -> list[tuple[Condition, bool]]:
    """Return each condition of the rule in reading order, and whether it holds of a contact."""
    site = segment.site
    return [
        (each, bool(matching_ids(site, _alone(each), [contact.pk])))
        for each in read_rule(segment.rule, site).conditions
    ]


def _alone(item: Item) -> Rule:
    return Rule(include=Group(match="all", items=(item,)))


def forget_contact(contact_id: UUID) -> None:
    """Take an erased contact out of all segments, without telling anybody that it left."""
    mine = SegmentMember.objects.filter(contact_id=contact_id)
    counted = Segment.objects.filter(pk__in=mine.values("segment_id"), member_count__gt=0)
    counted.update(member_count=F("member_count") - 1)
    mine.delete()
    SegmentMove.objects.filter(contact_id=contact_id).delete()


def follow_merge(*, kept_id: UUID, absorbed_id: UUID) -> None:
    """Let the contact that stays be where either was: neither entered nor left anything."""
    kept = SegmentMember.objects.filter(contact_id=kept_id)
    both = SegmentMember.objects.filter(
        contact_id=absorbed_id, segment__in=kept.values("segment_id")
    )
    counted = Segment.objects.filter(pk__in=both.values("segment_id"), member_count__gt=0)
    counted.update(member_count=F("member_count") - 1)
    both.delete()
    for model in (SegmentMember, SegmentMove):
        model._default_manager.filter(contact_id=absorbed_id).update(contact_id=kept_id)
