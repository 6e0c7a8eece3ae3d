"""What a screen reader is told: every note that a field points to is on its page, once."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sites.models import Site, User
from tests.contacts.changes import apply
from tests.factories import (
    ApiKeyFactory,
    ContactFieldFactory,
    PublishableKeyFactory,
    ReceptionEventFactory,
    SourceFactory,
)
from tests.webhooks.publishing import subscribe

POINTING = ("aria-describedby", "aria-labelledby", "aria-controls", "for")
ADDED = (
    "sites_site",
    "sites_user",
    "sites_apikey",
    "sites_publishablekey",
    "integrations_customintegration",
    "contacts_contactfield",
    "contacts_consentdefinition",
    "contacts_contactimport",
    "contacts_pointdefinition",
    "contacts_promotion",
    "automation_segment",
    "automation_workflow",
)


class Ids(HTMLParser):
    """The ids of a page in order, and those that its elements point to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.pointed_to: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            elif name in POINTING and value:
                self.pointed_to.update(value.split())


def check(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200, url
    found = Ids(response.content.decode())
    assert len(found.ids) == len(set(found.ids)), url
    assert found.pointed_to <= set(found.ids), url


@pytest.mark.parametrize("kind", ADDED)
def test_every_note_of_a_form_can_be_heard(
    client: Client, superuser: User, site: Site, kind: str
) -> None:
    client.force_login(superuser)
    check(client, f"{reverse(f'admin:{kind}_add')}?site={site.pk}")


@pytest.mark.parametrize("preset", ["generic_json", "ongage", "voyado_engage", "webengage"])
def test_every_note_of_a_source_can_be_heard(
    client: Client, superuser: User, site: Site, preset: str
) -> None:
    client.force_login(superuser)
    check(client, f"{reverse('admin:webhooks_source_add')}?site={site.pk}&preset={preset}")


def test_every_note_of_a_page_can_be_heard(client: Client, superuser: User, site: Site) -> None:
    subscription = subscribe(site)
    contact = apply(site, {"email": "jane@example.com"}).contact_id
    client.force_login(superuser)
    pages: dict[str, list[Any]] = {
        "sites_site": [site.pk],
        "sites_apikey": [ApiKeyFactory.create(site=site).pk],
        "sites_publishablekey": [PublishableKeyFactory.create(site=site).pk],
        "webhooks_source": [SourceFactory.create(site=site).pk],
        "webhooks_receptionevent": [ReceptionEventFactory.create(site=site).pk],
        "webhooks_subscription": [subscription.pk],
        "contacts_contactfield": [ContactFieldFactory.create(site=site).pk],
        "contacts_contact": [contact],
    }
    for kind, arguments in pages.items():
        check(client, reverse(f"admin:{kind}_change", args=arguments))
    change = reverse("admin:webhooks_subscription_change", args=[subscription.pk])
    raw = f"{reverse('admin:webhooks_subscription_add')}?site={site.pk}&format=raw_request"
    check(client, raw)
    for tab in ("endpoint", "events", "signing", "policy", "batching", "test", "portal"):
        check(client, f"{change}?tab={tab}")
    for name in ("consents", "loyalty"):
        check(client, reverse(f"admin:contacts_contact_{name}", args=[contact]))
