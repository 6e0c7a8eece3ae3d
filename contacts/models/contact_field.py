from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.field_types import FieldDefinition, FieldOption, FieldType
from sites.models import Site


class ContactField(models.Model):
    """A field that a site adds to its contacts; values live in `Contact.attributes` by `field_id`.

    Ids of system fields begin with an underscore, custom ones never do (Connectif, *Contact*).
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="contact_fields")
    field_id = models.CharField("id", max_length=64)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=[(each.value, each.value) for each in FieldType])
    # `[{"id", "label"}]`, for radio and checkbox.
    options = models.JSONField(default=list, blank=True)
    # Digits only, for phones.
    default_country_code = models.CharField(max_length=4, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(fields=("site", "field_id"), name="contact_field_id_once"),
            models.CheckConstraint(
                name="contact_field_id_is_own",
                condition=~Q(field_id="") & ~Q(field_id__startswith="_"),
            ),
            models.CheckConstraint(
                name="contact_field_type_known",
                condition=Q(type__in=[each.value for each in FieldType]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> FieldDefinition:
        return FieldDefinition(
            id=self.field_id,
            name=self.name,
            type=FieldType(self.type),
            options=tuple(FieldOption(**option) for option in self.options),
            default_country_code=self.default_country_code,
        )
