"""Whoever holds a link, with a browser that checks forms as browsers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from sites.audit import Actor
from webhooks.models import Subscription
from webhooks.outbound.portal.links import PortalLink, portal_link

ACTOR = Actor.system("tests")
_FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Holder:
    subscription: Subscription
    name: str = "Warehouse"
    link: PortalLink = field(init=False)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.link = portal_link(subscription=self.subscription, actor=ACTOR, name=self.name)
        self.client = Client(enforce_csrf_checks=True)

    @property
    def path(self) -> str:
        return urlsplit(self.link.url).path

    def get(self, rest: str = "", **query: str) -> Any:
        return self.client.get(f"{self.path}{rest}", query)

    def post(self, rest: str, **values: str) -> Any:
        """Send a form of the page, with the token that is in it."""
        found = _FORM_TOKEN.search(self.get().content.decode())
        token = {"csrfmiddlewaretoken": found[1]} if found else {}
        return self.client.post(f"{self.path}{rest}", token | values)
