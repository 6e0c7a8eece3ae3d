"""Every address with an id of another site answers as one that does not exist."""

from __future__ import annotations

import pytest

from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.contacts.contact_client import ContactClient as Client
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.delivery_log import delivery
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.received import received_event
from webhooks.inbound.models import Status
from webhooks.models import DeliveryStatus
from webhooks.outbound.recovering.job import recover_start
from webhooks.outbound.recovering.recover_filter import RecoverFilter

pytestmark = pytest.mark.django_db(transaction=True)

_ADDRESSES = (
    ("GET", "subscriptions/{subscription}"),
    ("PATCH", "subscriptions/{subscription}"),
    ("DELETE", "subscriptions/{subscription}"),
    *(
        ("POST", f"subscriptions/{{subscription}}/{act}")
        for act in ("pause", "resume", "enable", "rotate-secret", "portal-links")
    ),
    ("DELETE", "subscriptions/{subscription}/portal-links"),
    ("GET", "events/{event}"),
    ("GET", "deliveries/{delivery}"),
    ("POST", "deliveries/{delivery}/resend"),
    ("POST", "deliveries/{delivery}/cancel"),
    ("GET", "jobs/{job}"),
    ("POST", "jobs/{job}/cancel"),
    ("GET", "sources/{source}"),
    ("GET", "received-events/{received}"),
    ("POST", "received-events/{received}/replay"),
)


@pytest.fixture
def ids() -> dict[str, str]:
    other: Site = SiteFactory.create()
    subscription = saved(other)
    failed = delivery(subscription, DeliveryStatus.FAILED)
    source = SourceFactory.create(site=other)
    job = recover_start(
        filters=RecoverFilter(site_ids=(other.pk,)), site=other, actor=Actor.system("tests")
    )
    return {
        "subscription": subscription.public_id,
        "event": str(failed.event_id),
        "delivery": str(failed.pk),
        "job": str(job.pk),
        "source": source.public_id,
        "received": str(received_event(source, Status.FAILED).pk),
    }


@pytest.mark.parametrize(("method", "address"), _ADDRESSES)
def test_nothing_of_another_site_is_there(
    api: Client, ids: dict[str, str], method: str, address: str
) -> None:
    before = AuditEntry.objects.count()
    raw = b"{}" if method in ("POST", "PATCH") else b""
    answer = api.send(method, f"/api/v1/{address.format(**ids)}", raw=raw)
    assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")
    assert AuditEntry.objects.count() == before


def test_lists_are_of_the_own_site_alone(api: Client, ids: dict[str, str]) -> None:
    for path in ("subscriptions", "events", "deliveries", "sources", "received-events"):
        assert api.get(f"/api/v1/{path}").body["results"] == []
    assert [each["name"] for each in api.get("/api/v1/sites").body["results"]] == [api.site.name]


def test_filters_name_nothing_of_another_site(api: Client, ids: dict[str, str]) -> None:
    for path in ("deliveries", "recoveries/plan"):
        answer = api.get(f"/api/v1/{path}?subscription={ids['subscription']}")
        assert answer.faults.keys() == {"subscription"}
    assert api.get(f"/api/v1/received-events?source={ids['source']}").faults.keys() == {"source"}
    assert api.get(f"/api/v1/deliveries?event={ids['event']}").body["results"] == []
