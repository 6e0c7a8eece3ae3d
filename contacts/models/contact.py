from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.encrypted_fields import EncryptedTextField
from common.identifiers import new_row_id
from integrations.contact_change import EmailStatus
from sites.models import Site


class Contact(models.Model):
    """A person as one site knows them. Written by `contact_apply` alone.

    Identities are normalised and unique within the site; null means not known. `fact_times` maps a
    field to when its value was true at its sender, in microseconds since 1970, so that an older
    fact never overwrites a newer one. A contact with `deleted_at` is a tombstone: its personal data
    is gone, its reason and its ids at the senders stay.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="contacts", db_index=False
    )

    email = models.CharField("e-mail", max_length=254, null=True)
    phone = models.CharField(max_length=20, null=True)
    external_id = models.CharField(max_length=200, null=True)
    personal_identity_number = EncryptedTextField(blank=True, default="")
    personal_identity_hash = models.CharField(max_length=64, null=True, editable=False)

    first_name = models.CharField(max_length=200, blank=True, default="")
    last_name = models.CharField(max_length=200, blank=True, default="")
    care_of = models.CharField("c/o", max_length=200, blank=True, default="")
    street = models.CharField(max_length=200, blank=True, default="")
    postal_code = models.CharField(max_length=40, blank=True, default="")
    city = models.CharField(max_length=200, blank=True, default="")
    country_code = models.CharField(max_length=2, blank=True, default="")
    birth_date = models.DateField(null=True)
    gender = models.CharField(max_length=40, blank=True, default="")
    language = models.CharField(max_length=40, blank=True, default="")
    attributes = models.JSONField(default=dict)

    email_status = models.CharField(
        "e-mail status",
        max_length=10,
        default=EmailStatus.ACTIVE,
        choices=[(status.value, status.value.capitalize()) for status in EmailStatus],
    )
    email_status_cause = models.CharField(max_length=60, blank=True, default="")

    fact_times = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    deletion_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            # These operator classes let PostgreSQL find a prefix by the same index.
            *(
                models.UniqueConstraint(
                    fields=("site", name),
                    name=f"contact_{name}_once",
                    opclasses=("int8_ops", "varchar_pattern_ops"),
                )
                for name in ("email", "phone", "external_id")
            ),
            models.UniqueConstraint(
                fields=("site", "personal_identity_hash"), name="contact_personal_identity_once"
            ),
            models.CheckConstraint(
                name="contact_identity_not_empty",
                condition=~Q(email="") & ~Q(phone="") & ~Q(external_id=""),
            ),
            models.CheckConstraint(
                name="contact_tombstone_is_bare",
                condition=Q(deleted_at__isnull=True)
                | Q(
                    email__isnull=True,
                    phone__isnull=True,
                    external_id__isnull=True,
                    personal_identity_hash__isnull=True,
                    first_name="",
                    last_name="",
                ),
            ),
        ]
        indexes = [models.Index(fields=("site", "id"), name="contact_by_site")]

    def __str__(self) -> str:
        return self.email or self.phone or self.external_id or str(self.pk)

    @property
    def audit_label(self) -> str:
        """How the audit log names it, which keeps what it has for ever: by no personal data."""
        return f"Contact {self.pk}"


class ContactSourceId(models.Model):
    """The id under which a sender knows a contact.

    `source_key` is the `key` of a `ChangeSource`: the sender's public id. Tombstones keep theirs,
    so that a late event about a deleted person is recognised.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="source_ids")
    source_key = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                # The value leads: staff search by an id without knowing whose it is.
                fields=("site", "value", "source_key", "kind"),
                name="source_id_once",
                opclasses=("int8_ops", "varchar_pattern_ops", "varchar_ops", "varchar_ops"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
