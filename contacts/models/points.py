from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Site


class PointDefinition(models.Model):
    """A kind of points of a site. `number` is its id at Engage and in our API (an integer).

    Points awarded from now on expire after `expires_after_days`, or never (null). One that a source
    told of first has that source's key as `source_key`.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="point_definitions")
    number = models.PositiveIntegerField("id")
    name = models.CharField(max_length=120)
    expires_after_days = models.PositiveIntegerField(null=True, blank=True)
    is_active = models.BooleanField("active", default=True)
    source_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "number")
        constraints = [
            models.UniqueConstraint(fields=("site", "number"), name="point_definition_once"),
            models.CheckConstraint(
                name="point_definition_number", condition=Q(number__gte=1, number__lte=2147483647)
            ),
            models.CheckConstraint(
                name="point_definition_expiry",
                condition=Q(expires_after_days__isnull=True) | Q(expires_after_days__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PointAccount(models.Model):
    """What one contact has of one kind of points; the primary key is Engage's `accountId` here.

    `told_by` is the key of a source that tells the balance itself (Engage as the master): from
    then on only its balances count, its transactions are history. `balance_told_at` dates the last
    one. A balance that is kept here never goes below zero.
    """

    definition = models.ForeignKey(
        PointDefinition, on_delete=models.CASCADE, related_name="accounts", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="point_accounts")
    balance = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    # The next expiry of points in it; from a source, the time that it gave.
    expires_at = models.DateTimeField(null=True)
    told_by = models.CharField(max_length=64, blank=True, default="")
    balance_told_at = models.DateTimeField(null=True)
    # The account's id at the source.
    told_account_id = models.CharField(max_length=64, blank=True, default="")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("definition", "contact"), name="point_account_once"),
            models.CheckConstraint(
                name="point_balance_not_negative", condition=Q(balance__gte=0) | ~Q(told_by="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.balance}"


class PointTransaction(models.Model):
    """Points that came or went. `amount` is negative for what was redeemed, expired or taken back.

    `remaining` is what of an award is neither redeemed nor expired; what expires first is redeemed
    first. `source_id` is the sender's own id of it: the same one again changes nothing
    (`source_key` scopes it). `told` came from a source that keeps the balance itself.
    """

    class Kind(models.TextChoices):
        AWARD = "award", "Awarded"
        REDEEM = "redeem", "Redeemed"
        EXPIRE = "expire", "Expired"
        CORRECT = "correct", "Corrected"
        TOLD = "told", "Told by a source"

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    account = models.ForeignKey(
        PointAccount, on_delete=models.CASCADE, related_name="transactions", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    remaining = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    expires_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=120, blank=True, default="")
    description = models.CharField(max_length=500, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    user_id = models.CharField(max_length=64, blank=True, default="")
    user_name = models.CharField(max_length=150, blank=True, default="")
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_id = models.CharField(max_length=200, blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    received_event_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("account", "source_key", "source_id"),
                condition=~Q(source_id=""),
                name="point_transaction_once",
            ),
            models.CheckConstraint(name="point_amount_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="point_remaining_of_award",
                condition=Q(remaining=0)
                | Q(kind__in=("award", "correct"), remaining__gte=0, remaining__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="point_transaction_kind",
                condition=Q(kind__in=("award", "redeem", "expire", "correct", "told")),
            ),
        ]
        indexes = [
            models.Index(fields=("account", "-occurred_at"), name="point_tx_by_account"),
            models.Index(
                fields=("expires_at",),
                condition=Q(remaining__gt=0, expires_at__isnull=False),
                name="point_tx_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
