from __future__ import annotations

from typing import Final

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
    version). A use of a field of a reception event names that event, and the field by `field_id`.
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
        return f"{self.segment or self.workflow}"
