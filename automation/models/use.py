from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db import models
from django.db.models import Q

from automation.models.segment import Segment
from automation.models.workflow import Workflow
from contacts.models import ConsentDefinition, ContactField, PointDefinition, Promotion
from integrations.models import CustomIntegration
from webhooks.inbound.models import ReceptionEvent, Source
from webhooks.outbound.models import SendEvent

_THINGS: Final = (
    "contact_field",
    "consent_definition",
    "point_definition",
    "promotion",
    "integration",
    "reception_event",
    "source",
    "send_event",
    "used_segment",
)


def _exactly_one(names: tuple[str, ...]) -> Q:
    condition = Q()
    for chosen in names:
        condition |= Q(**{f"{name}__isnull": name != chosen for name in names})
    return condition


class Use(models.Model):
    """What a segment or a workflow needs, so that the database refuses to delete it.

    Written with every save of its segment or of its workflow (of the active and the newest
    version). A use of a field of a reception event names that event, and the field by `field_id`;
    one of an option of a contact field names the field, and there the option.
    """

    segment = models.ForeignKey(Segment, null=True, on_delete=models.CASCADE, related_name="uses")
    workflow = models.ForeignKey(Workflow, null=True, on_delete=models.CASCADE, related_name="uses")
    contact_field = models.ForeignKey(
        ContactField, null=True, on_delete=models.PROTECT, related_name="+"
    )
    consent_definition = models.ForeignKey(
        ConsentDefinition, null=True, on_delete=models.PROTECT, related_name="+"
    )
    point_definition = models.ForeignKey(
        PointDefinition, null=True, on_delete=models.PROTECT, related_name="+"
    )
    promotion = models.ForeignKey(Promotion, null=True, on_delete=models.PROTECT, related_name="+")
    integration = models.ForeignKey(
        CustomIntegration, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reception_event = models.ForeignKey(
        ReceptionEvent, null=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT, related_name="+")
    send_event = models.ForeignKey(SendEvent, null=True, on_delete=models.PROTECT, related_name="+")
    used_segment = models.ForeignKey(
        Segment, null=True, on_delete=models.PROTECT, related_name="used_by"
    )
    field_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="use_by_one", condition=_exactly_one(("segment", "workflow"))
            ),
            models.CheckConstraint(name="use_of_one", condition=_exactly_one(_THINGS)),
        ]

    def __str__(self) -> str:
        return (
            f"the {'segment' if self.segment_id else 'workflow'} “{self.segment or self.workflow}”"
        )

    @classmethod
    def contact_field_uses(cls, field_ids: Collection[int]) -> Iterable[tuple[int, str]]:
        """Return (contact field, which segment or workflow looks at it or sets it)."""
        rows = cls._told(contact_field__in=field_ids)
        return dict.fromkeys(
            (row.contact_field_id, str(row)) for row in rows if row.contact_field_id
        )

    @classmethod
    def contact_field_option_uses(cls, field_id: int) -> Iterable[tuple[str, str]]:
        """Return (option, which segment or workflow names it)."""
        rows = cls._told(contact_field=field_id)
        return dict.fromkeys((row.field_id, str(row)) for row in rows if row.field_id)

    @classmethod
    def reception_event_uses(cls, event_id: int) -> Iterable[tuple[str, str]]:
        """Return (field of the reception event or "" for itself, which segment or workflow)."""
        rows = cls._told(reception_event=event_id)
        return dict.fromkeys((row.field_id, str(row)) for row in rows)

    @classmethod
    def reception_event_alias_uses(cls, event_id: int) -> Iterable[str]:
        """Return the segments: they count what is recorded under the alias of the event."""
        return cls._users(reception_event=event_id, segment__isnull=False)

    @classmethod
    def consent_definition_uses(cls, definition_id: int) -> Iterable[str]:
        return cls._users(consent_definition=definition_id)

    @classmethod
    def point_definition_uses(cls, definition_id: int) -> Iterable[str]:
        return cls._users(point_definition=definition_id)

    @classmethod
    def promotion_uses(cls, promotion_id: Any) -> Iterable[str]:
        return cls._users(promotion=promotion_id)

    @classmethod
    def integration_uses(cls, integration_id: int) -> Iterable[str]:
        return cls._users(integration=integration_id)

    @classmethod
    def source_uses(cls, source_id: int) -> Iterable[str]:
        return cls._users(source=source_id)

    @classmethod
    def send_event_uses(cls, event_id: int) -> Iterable[str]:
        return cls._users(send_event=event_id)

    @classmethod
    def segment_uses(cls, segment_id: Any) -> Iterable[str]:
        return cls._users(used_segment=segment_id)

    @classmethod
    def _users(cls, **of: Any) -> Iterable[str]:
        """Return each segment or workflow once: it may use the same thing in several ways."""
        return dict.fromkeys(str(row) for row in cls._told(**of))

    @classmethod
    def _told(cls, **of: Any) -> models.QuerySet[Use]:
        rows = cls.objects.filter(**of).select_related("segment", "workflow")
        return rows.order_by("segment__name", "workflow__name", "pk")
