"""What the addresses of the management API name, on one site."""

from __future__ import annotations

from dataclasses import dataclass, field

from sites.audit import Actor
from sites.models import Job, Site
from tests.webhooks.delivery_log import attempt, delivery
from tests.webhooks.outbound.send_events import FIELDS, send_event
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.received import received_event
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.models import Delivery, DeliveryStatus, SendEvent, Source, Subscription
from webhooks.outbound.recovering.job import recover_start
from webhooks.outbound.recovering.recover_filter import RecoverFilter

# Refuses the connection: a test of the subscription has its end at once.
NOBODY = "https://127.0.0.1:1024/hooks"


@dataclass(slots=True)
class Outbound:
    source: Source
    subscription: Subscription = field(init=False)
    failed: Delivery = field(init=False)
    waiting: Delivery = field(init=False)
    job: Job = field(init=False)
    received: ReceivedEvent = field(init=False)
    send_event: SendEvent = field(init=False)

    def __post_init__(self) -> None:
        site: Site = self.source.site
        self.subscription = saved(site, name="Receiver", url=NOBODY)
        self.failed = delivery(self.subscription)
        attempt(self.failed)
        self.waiting = delivery(self.subscription, DeliveryStatus.RETRYING)
        filters = RecoverFilter(site_ids=(site.pk,))
        self.job = recover_start(filters=filters, site=site, actor=Actor.system("tests"))
        self.received = received_event(self.source, Status.FAILED)
        self.send_event = send_event(site, FIELDS[0], FIELDS[4])

    def path_values(self, path: str) -> dict[str, str]:
        """Return what stands for the names in an address of the management API."""
        if not path.startswith("/api/v1/"):
            return {}
        is_subscription = path.startswith("/api/v1/subscriptions/")
        if path.startswith("/api/v1/send-events/"):
            return {"event_id": self.send_event.event_id}
        is_received = path.startswith("/api/v1/received-events/")
        delivery_ = self.waiting if path.endswith("/cancel") else self.failed
        return {
            "public_id": (self.subscription if is_subscription else self.source).public_id,
            "event_id": str(self.received.pk if is_received else self.failed.event_id),
            "delivery_id": str(delivery_.pk),
            "job_id": str(self.job.pk),
            "event_type": "contact.deleted",
        }
