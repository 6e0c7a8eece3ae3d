from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sites.audit import Actor, audit_record
from webhooks.outbound.models import Incident


@transaction.atomic
def incident_acknowledge(*, incident: Incident, actor: Actor) -> bool:
    """Note that somebody looks after an incident, who is the first; return whether that was news.

    Members are not reminded of it any more, only told before and when it disables.
    """
    open_ones = Incident.objects.filter(pk=incident.pk, ended_at=None, acknowledged_at=None)
    now = timezone.now()
    if not open_ones.update(acknowledged_at=now, acknowledged_by=actor.label[:150]):
        return False
    incident.acknowledged_at, incident.acknowledged_by = now, actor.label[:150]
    subscription = incident.subscription
    audit_record(
        actor=actor,
        action="incident.acknowledged",
        site=subscription.site,
        target=incident,
        changes={"subscription": (None, subscription.name)},
    )
    return True
