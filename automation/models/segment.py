from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from contacts.models import Contact
from sites.models import Site


class Segment(models.Model):
    """A saved, counted set of contacts: those for whom `rule` holds (see `segments.rules`).

    Its members are as of `computed_at`; the computation took `computed_ms` milliseconds. It is due
    again `every_minutes` after that, or only when somebody asks (null). `rule_changed_at` tells
    that the members are of an older rule.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    rule = models.JSONField(default=dict)
    every_minutes = models.PositiveIntegerField(null=True, blank=True, default=180)
    member_count = models.PositiveIntegerField(default=0)
    rule_changed_at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True)
    computed_ms = models.PositiveIntegerField(null=True)
    # When the last computation began, also one that did not end.
    attempted_at = models.DateTimeField(null=True)
    # Why the last computation did not end, in a sentence; empty after one that did.
    trouble = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(fields=("site", "name"), name="segment_name_once_per_site"),
            models.CheckConstraint(
                name="segment_every",
                condition=Q(every_minutes__isnull=True) | Q(every_minutes__gte=5),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A contact who was in the segment when it was computed last, and since when.

    Without constraints: PostgreSQL would look up and lock every contact of a large segment one by
    one, which takes longer than all the rest. A row that lost its contact in a race goes with the
    next computation.
    """

    segment = models.ForeignKey(
        Segment,
        on_delete=models.CASCADE,
        related_name="members",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("segment", "contact"), name="segment_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.segment_id}"


class SegmentMove(models.Model):
    """A contact who entered or left a segment.

    `told_at` is set once events and workflows knew of it, in their own transaction. What enters at
    the first computation of a segment is no move: it was like that already. Without constraints,
    as members are.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    segment = models.ForeignKey(
        Segment,
        on_delete=models.CASCADE,
        related_name="moves",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    has_entered = models.BooleanField()
    at = models.DateTimeField(db_index=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=("segment", "-id"), name="segment_move_by_segment"),
            models.Index(
                fields=("segment", "id"),
                condition=Q(told_at__isnull=True),
                name="segment_move_to_tell",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {'into' if self.has_entered else 'out of'} {self.segment_id}"
