"""Every form of the console by which two people may edit the same thing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from integrations.models import GenericApi
from sites.models import Site
from tests.automation.admin.page_form import PageForm
from tests.automation.segments.made import field, segment
from tests.automation.workflows.making import set_field, workflow
from tests.contacts.loyalty.giving import definition_of, promotion_of
from tests.factories import (
    ApiKeyFactory,
    ConsentDefinitionFactory,
    ContactFieldFactory,
    CustomIntegrationFactory,
    GenericApiFactory,
    PublishableKeyFactory,
    ReceptionEventFactory,
    SourceFactory,
)
from tests.webhooks.outbound.send_events import send_event
from tests.webhooks.outbound.subscribing import saved as subscription

_TEMPLATE = re.compile(r"<template.*?</template>", re.DOTALL)
_ERRORS = re.compile(r'<ul class="errorlist.*?</ul>', re.DOTALL)


@dataclass(frozen=True)
class Kind:
    """`make` stores one on a site; `box` is an input of its form, which keeps `column`."""

    make: Callable[[Site], Model]
    page: str
    box: str = "name"
    column: str = "name"
    typed: tuple[str, str, str] = ("By Anna", "By Bert", "By Bert again")
    tab: str = ""

    def url(self, row: Model) -> str:
        query = f"?tab={self.tab}" if self.tab else ""
        return reverse(f"admin:{self.page}", args=[row.pk]) + query

    def stored(self, row: Model) -> str:
        return str(getattr(type(row)._default_manager.get(pk=row.pk), self.column))


class _GenericApi(Kind):
    """A section of a site's page: it is sent to an address of its own."""

    def url(self, row: Any) -> str:
        return super().url(row.site)


def _of(factory: Any) -> Callable[[Site], Model]:
    return lambda site: factory.create(site=site)


def _source(site: Site) -> Model:
    unsigned = {"verification": "none", "unsigned_reason": "The till cannot sign."}
    return SourceFactory.create(site=site, settings={**unsigned, "email_pointer": "/email"})


def _promotion(site: Site) -> Model:
    return promotion_of(site, is_draft=True)


KINDS: dict[str, Kind] = {
    "site": Kind(lambda site: site, "sites_site_change"),
    "generic_api": _GenericApi(
        _of(GenericApiFactory),
        "sites_site_change",
        box="generic-email_key",
        column="email_key",
        typed=("mail", "e_mail", "customer_mail"),
    ),
    "api_key": Kind(_of(ApiKeyFactory), "sites_apikey_change"),
    "publishable_key": Kind(_of(PublishableKeyFactory), "sites_publishablekey_change"),
    "source": Kind(_source, "webhooks_source_change"),
    "custom_integration": Kind(
        _of(CustomIntegrationFactory), "integrations_customintegration_change", tab="settings"
    ),
    "reception_event": Kind(_of(ReceptionEventFactory), "webhooks_receptionevent_change"),
    "send_event": Kind(send_event, "webhooks_sendevent_change"),
    "subscription_endpoint": Kind(subscription, "webhooks_subscription_change", tab="endpoint"),
    "subscription_policy": Kind(
        subscription,
        "webhooks_subscription_change",
        box="timeout_seconds",
        column="timeout_seconds",
        typed=("11", "12", "13"),
        tab="policy",
    ),
    "subscription_events": Kind(
        subscription,
        "webhooks_subscription_change",
        box="patterns",
        column="event_types",
        typed=("loyalty.*", "point.*", "reward.*"),
        tab="events",
    ),
    "subscription_signing": Kind(
        lambda site: subscription(site, signing="hmac"),
        "webhooks_subscription_change",
        box="signing_settings-hmac.header",
        column="signing_settings",
        typed=("X-By-Anna", "X-By-Bert", "X-By-Bert-Again"),
        tab="signing",
    ),
    "contact_field": Kind(_of(ContactFieldFactory), "contacts_contactfield_change"),
    "consent": Kind(_of(ConsentDefinitionFactory), "contacts_consentdefinition_change"),
    "promotion": Kind(_promotion, "contacts_promotion_change"),
    "points": Kind(definition_of, "contacts_pointdefinition_change"),
    "segment": Kind(
        lambda site: segment(site, field("city", "eq", "Malmö")),
        "automation_segment_change",
        tab="rule",
    ),
    "workflow": Kind(
        lambda site: workflow(site, set_field("city", "Lund"), starts=False),
        "automation_workflow_change",
    ),
}


class OpenPage:
    """A page with a form as a browser has it open, to be filled in and sent later."""

    def __init__(self, client: Client, kind: Kind, url: str) -> None:
        self.client = client
        self.kind = kind
        self.url = url
        response = client.get(url)
        assert response.status_code == 200
        self.read(response.content.decode())

    def read(self, html: str) -> None:
        self.html = html
        # What stands in a template is not sent.
        self.form = PageForm(_TEMPLATE.sub("", html), self.kind.box)

    @property
    def typed(self) -> list[str]:
        return [each.strip() for each in self.form.values[self.kind.box]]

    @property
    def errors(self) -> list[str]:
        return _ERRORS.findall(self.html)

    @property
    def address(self) -> str:
        """Where the form goes: to the page itself, but for the section of a site."""
        if isinstance(self.kind, _GenericApi):
            site = GenericApi.objects.get().site_id
            return reverse("admin:sites_site_section", args=[site, "generic"])
        return self.url

    def save(self, typed: str, button: str = "", action: str = "save") -> bool:
        """Press a button; say whether it was saved, or else have the page that came back."""
        values: dict[str, Any] = {**self.form.values, self.kind.box: typed}
        if button:
            values[button] = self.form.buttons[button][0]
        elif "action" in self.form.buttons:
            assert action in self.form.buttons["action"]
            values["action"] = action
        response = self.client.post(self.address, values)
        if response.status_code == 302:
            return True
        assert response.status_code == 200
        self.read(response.content.decode())
        return False
