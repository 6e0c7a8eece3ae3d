from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Site


class Promotion(models.Model):
    """An offer that can be assigned to contacts (Engage API v2, *multichannel promotion*).

    `redemption_channels` are rows `{"type": POS|ECOM|OTHER, "valueType": PERCENT|MONEY|
    EXTERNALOFFER|MANUAL|SWIPE, "value": text, "localValues": [], "instruction"}`. An assignment
    ends `assigned_amount` days or months after it was made, when that is set, and with the
    promotion. One that a source told of (`source_key`) is kept as it was told; `told_id` is its
    id there.
    """

    class Unit(models.TextChoices):
        DAYS = "Days", "Days"
        MONTHS = "Months", "Months"

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="promotions")
    name = models.CharField(max_length=200)
    # The id under which tills, shops and sources know it.
    external_id = models.CharField(max_length=200, blank=True, default="")
    is_draft = models.BooleanField("draft", default=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    assigned_unit = models.CharField(max_length=6, choices=Unit, blank=True, default="")
    assigned_amount = models.PositiveIntegerField(null=True, blank=True)
    heading = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(max_length=2000, blank=True, default="")
    link = models.CharField(max_length=500, blank=True, default="")
    redemption_channels = models.JSONField(default=list, blank=True)
    source_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    told_id = models.CharField(max_length=200, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "external_id"),
                condition=~Q(external_id=""),
                name="promotion_external_id_once",
            ),
            models.UniqueConstraint(
                fields=("site", "source_key", "told_id"),
                condition=~Q(told_id=""),
                name="promotion_told_once",
            ),
            models.CheckConstraint(
                name="promotion_validity",
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
            ),
            models.CheckConstraint(
                name="promotion_assigned_validity",
                condition=Q(assigned_unit="", assigned_amount__isnull=True)
                | Q(assigned_unit__in=("Days", "Months"), assigned_amount__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromotionAssignment(models.Model):
    """A promotion given to a contact; one at a time, and again once it was redeemed or is over.

    `is_open` ends when it is redeemed, and when the promotion is given again after `expires_at`.
    `external_id` is its id at the source that told of it. `source_key` with `source_id` make its
    creation repeatable.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="promotions")
    assigned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)
    redeemed_channel = models.CharField(max_length=5, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    source_id = models.CharField(max_length=200, blank=True, default="")
    received_event_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("promotion", "contact"),
                condition=Q(is_open=True),
                name="promotion_open_once",
            ),
            models.CheckConstraint(
                name="assignment_open",
                condition=Q(is_open=False) | Q(redeemed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("promotion", "contact", "source_key", "source_id"),
                condition=~Q(source_id=""),
                name="assignment_source_id_once",
            ),
            models.CheckConstraint(
                name="assignment_channel",
                condition=Q(redeemed_channel__in=("", "POS", "ECOM", "OTHER")),
            ),
        ]
        indexes = [models.Index(fields=("promotion", "id"), name="assignment_by_promotion")]

    def __str__(self) -> str:
        return str(self.promotion)
