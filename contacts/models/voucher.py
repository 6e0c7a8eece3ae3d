from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Site


class RewardVoucher(models.Model):
    """A voucher of a contact, worth `amount` of `currency` (ISO 4217), valid for a time.

    Used once: `redeemed_at`. `unique_code` is what the shop's till takes. `source_key` with
    `source_id` make its creation repeatable.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="vouchers")
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    unique_code = models.CharField(max_length=64)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_by = models.CharField(max_length=150, blank=True, default="")
    description = models.CharField(max_length=500, blank=True, default="")
    # Its id at the source that it came from (Engage: `Id`).
    external_id = models.CharField(max_length=200, blank=True, default="")
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    source_id = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    received_event_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("site", "unique_code"), name="voucher_code_once"),
            models.UniqueConstraint(
                fields=("site", "source_key", "source_id"),
                condition=~Q(source_id=""),
                name="voucher_source_id_once",
            ),
            models.CheckConstraint(name="voucher_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="voucher_validity",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
            ),
            models.CheckConstraint(name="voucher_has_code", condition=~Q(unique_code="")),
        ]
        indexes = [models.Index(fields=("site", "id"), name="voucher_by_site")]

    def __str__(self) -> str:
        return self.unique_code
