"""Outbound events: list and page, the catalogue, and the ways from what caused them and back."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.identifiers import row_id_floor
from contacts.models import Contact
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.contacts.changes import apply
from tests.factories import ReceptionEventFactory, SiteFactory, SourceFactory
from tests.webhooks.delivery_log import delivery, event
from tests.webhooks.publishing import subscribe
from tests.webhooks.received import received_event
from webhooks.models import DeliveryStatus, Event, Status
from webhooks.outbound.event_types import static_event_types

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_event_changelist")
TYPES = reverse("admin:webhooks_event_types")
PAYLOAD = {"contactId": "c-1", "email": "jane@example.com", "note": "<script>boo</script>"}


@pytest.fixture
def contact(site: Site) -> Contact:
    now = timezone.now()
    return Contact.objects.create(
        site=site, email="jane@example.com", created_at=now, updated_at=now
    )


@pytest.fixture
def told(site: Site, contact: Contact) -> Event:
    received = received_event(SourceFactory.create(site=site), Status.PROCESSED)
    of = event(
        site, "contact.updated", payload=PAYLOAD, contact=contact, received_event_id=received.pk
    )
    delivery(subscribe(site, name="Shop"), DeliveryStatus.SUCCEEDED, of=of, last_status_code=200)
    delivery(subscribe(site, name="Ledger"), of=of, last_error="dns")
    return of


def page(row: Event, name: str = "change") -> str:
    return reverse(f"admin:webhooks_event_{name}", args=[row.pk])


def shown(client: Client, **params: Any) -> list[Event]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[Event] = response.context["cl"].result_list
    return found


def test_list_finds_by_type_site_person_and_ids(
    client: Client, superuser: User, told: Event, contact: Contact
) -> None:
    client.force_login(superuser)
    other = event(SiteFactory.create(), "contact.deleted")
    assert shown(client) == [other, told]
    for params in (
        {"type": "contact.updated"}, {"site": told.site_id}, {"q": told.message_id},
        {"q": told.pk}, {"q": told.received_event_id}, {"q": "jane@example.com"},
        {"q": contact.pk}, {"type": "contact.updated", "site": told.site_id, "when": "hour"},
    ):  # fmt: skip
        assert shown(client, **params) == [told], params
    html = client.get(LIST).content.decode()
    assert "1 succeeded, 1 failed" in html
    assert "Nobody wanted it" in html


def test_page_leads_to_deliveries_person_and_cause(
    client: Client, superuser: User, told: Event, contact: Contact
) -> None:
    client.force_login(superuser)
    html = client.get(page(told)).content.decode()
    for row in told.deliveries.all():
        assert reverse("admin:webhooks_delivery_change", args=[row.pk]) in html
    assert reverse("admin:contacts_contact_change", args=[contact.pk]) in html
    assert reverse("admin:webhooks_receivedevent_change", args=[told.received_event_id]) in html
    assert "A value of a contact changed" in html


def test_payload_is_inert_and_masked_until_asked_for(
    client: Client, member: MakeMember, told: Event
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(page(told)).content.decode()
    assert "boo" not in html
    assert client.post(page(told, "reveal")).status_code == 403
    client.force_login(member(Role.SUPPORT))
    html = client.get(page(told)).content.decode()
    assert "&quot;email&quot;: &quot;•••&quot;" in html
    assert "<script>boo" not in html
    assert client.get(page(told, "reveal")).status_code == 405
    assert "&quot;jane@example.com&quot;" in client.post(page(told, "reveal")).content.decode()
    assert AuditEntry.objects.filter(
        action="outbound_event.payload_revealed", object_id=str(told.pk)
    ).exists()


def test_emptied_event_says_so(client: Client, superuser: User, told: Event) -> None:
    Event.objects.update(payload="")
    client.force_login(superuser)
    assert "cannot be sent again" in client.get(page(told)).content.decode()


def test_empty_list_says_what_to_do(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.VIEWER))
    assert "Add one" in client.get(LIST).content.decode()


# -- the ways in ---------------------------------------------------------------------------------


def test_received_event_leads_to_what_it_caused(
    client: Client, member: MakeMember, told: Event
) -> None:
    client.force_login(member(Role.VIEWER))
    url = reverse("admin:webhooks_receivedevent_change", args=[told.received_event_id])
    html = client.get(url).content.decode()
    assert page(told) in html
    for row in told.deliveries.all():
        assert reverse("admin:webhooks_delivery_change", args=[row.pk]) in html
    assert "Host not found" in html


def test_received_event_that_caused_nothing_says_so(
    client: Client, superuser: User, site: Site
) -> None:
    received = received_event(SourceFactory.create(site=site), Status.PROCESSED)
    client.force_login(superuser)
    url = reverse("admin:webhooks_receivedevent_change", args=[received.pk])
    html = client.get(url).content.decode()
    assert "Nothing went out because of it" in html
    assert f'href="{reverse("admin:webhooks_delivery_recover")}?mode=missing"' in html


def test_a_large_batch_lists_twenty_and_leads_to_the_rest(
    client: Client, superuser: User, site: Site
) -> None:
    received = received_event(SourceFactory.create(site=site), Status.PROCESSED)
    for _ in range(25):
        event(site, received_event_id=received.pk)
    client.force_login(superuser)
    url = reverse("admin:webhooks_receivedevent_change", args=[received.pk])
    told = client.get(url).context["consequences"]
    (consequences,) = [each for each in told if each.listed]
    assert len(consequences.listed) == 20
    assert len(client.get(consequences.more_url).context["cl"].result_list) == 25


def test_contact_page_tells_what_went_out_in_its_place(
    client: Client, member: MakeMember, site: Site
) -> None:
    shop = subscribe(site, name="Shop")
    applied = apply(site, {"email": "jane@example.com"}, fields={"city": "Lund"})
    assert applied.contact_id is not None
    created = Event.objects.get(contact_id=applied.contact_id)
    client.force_login(member(Role.VIEWER))
    url = reverse("admin:contacts_contact_change", args=[applied.contact_id])
    response = client.get(url)
    (entry,) = [each for each in response.context["timeline"] if each.url]
    assert (entry.title, entry.url) == ("contact.created", page(created))
    assert [each.label for each in entry.links] == [shop.name]
    assert entry.links[0].url in response.content.decode()


def test_contact_timeline_pages_through_what_went_out(
    client: Client, superuser: User, site: Site, contact: Contact
) -> None:
    of = [event(site, f"test.{number}", contact=contact) for number in range(60)]
    event(SiteFactory.create(), contact=contact)
    client.force_login(superuser)
    url = reverse("admin:contacts_contact_change", args=[contact.pk])
    first = client.get(url).context
    second = client.get(url, {"before": first["older"]}).context
    titles = [each.title for each in (*first["timeline"], *second["timeline"])]
    assert titles == [each.type for each in reversed(of)]


# -- the catalogue -------------------------------------------------------------------------------


def test_catalogue_lists_every_type_of_the_site(
    client: Client, member: MakeMember, site: Site
) -> None:
    ReceptionEventFactory.create(site=site, alias="cart-left", name="Cart left")
    client.force_login(member(Role.VIEWER))
    response = client.get(TYPES)
    listed = [each.key for _, types in response.context["groups"] for each in types]
    assert {each.key for each in static_event_types()} < set(listed)
    assert "custom_event.cart-left" in listed
    html = response.content.decode()
    for label in ("Python", "Node", "PHP", "Go", "C#"):
        assert f"<summary>{label}</summary>" in html


def test_each_type_has_a_page(client: Client, member: MakeMember, site: Site) -> None:
    client.force_login(member(Role.VIEWER))
    for each in static_event_types():
        context = client.get(TYPES, {"site": str(site.pk), "type": each.key}).context
        assert json.loads(context["example"]) == each.example
        assert json.loads(context["schema"]) == each.schema


def test_catalogue_searches_and_stays_within_the_users_sites(
    client: Client, member: MakeMember, site: Site
) -> None:
    foreign = SiteFactory.create()
    client.force_login(member(Role.VIEWER))
    groups = dict(client.get(TYPES, {"q": "Consent.Changed"}).context["groups"])
    assert [each.key for each in groups["Contacts"]] == ["contact.consent.changed"]
    assert "Loyalty" not in groups
    assert "Nothing matches" in client.get(TYPES, {"q": "zzz"}).content.decode()
    assert client.get(TYPES, {"site": foreign.pk}).status_code == 404
    assert client.get(TYPES, {"site": "x"}).status_code == 404
    assert client.get(TYPES, {"site": str(site.pk), "type": "no.such"}).status_code == 404
    assert client.post(TYPES).status_code == 405


def test_overview_sums_up_what_went_out(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    index = reverse("admin:index")
    assert client.get(index).context["sent"] is None
    bad, good = subscribe(site, name="Bad"), subscribe(site, name="Good")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    bad.hours.create(hour=hour, failed=10, succeeded=10, within_500=20)
    good.hours.create(hour=hour, succeeded=80, within_50=80)
    at = timezone.now() - timedelta(hours=2)
    delivery(good, DeliveryStatus.PENDING, id=row_id_floor(at), created_at=at, due_at=at)
    sent = client.get(index).context["sent"]
    assert (sent.sent, sent.share, sent.p95) == (100, "90.0 %", "≤ 500 ms")
    assert (sent.pending, sent.oldest_pending) == ("1", "2 h")
    assert [each.subscription for each in sent.failing] == [bad]


def test_overview_counts_what_its_link_to_failed_deliveries_lists(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    index = reverse("admin:index")
    to = subscribe(site)
    to.hours.create(hour=timezone.now().replace(minute=0, second=0, microsecond=0), failed=10)
    assert "state=failed" not in client.get(index).content.decode()  # they are tried again
    for status in ("failed", "retrying", "succeeded"):
        delivery(to, DeliveryStatus(status))
    at = timezone.now() - timedelta(days=40)
    delivery(to, DeliveryStatus.FAILED, id=row_id_floor(at), created_at=at)
    page = client.get(index).content.decode()
    (url, words) = re.findall(r'<a href="([^"]*\?state=failed)">([^<]*)</a>', page)[0]
    assert words == "2 deliveries failed for good"
    assert len(client.get(url).context["cl"].result_list) == 2


def test_overview_tells_of_what_a_pause_holds_back(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    index = reverse("admin:index")
    to = subscribe(site)
    delivery(to, DeliveryStatus.SUCCEEDED)
    assert "state=held" not in client.get(index).content.decode()
    for _ in range(2):
        delivery(to, DeliveryStatus.HELD)
    page = client.get(index).content.decode()
    (url, words) = re.findall(r'<a href="([^"]*\?state=held)">([^<]*)</a>', page)[0]
    assert words == "2 held"
    assert len(client.get(url).context["cl"].result_list) == 2
