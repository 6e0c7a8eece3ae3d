"""The Generic API of the demo, both ends: a second site plays the retailer and serves it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.urls import reverse

from common.identifiers import random_token
from config.environment import LOOPBACK_HOSTS
from integrations.generic_api.services import generic_api_for, generic_api_save
from integrations.models import GenericApi
from integrations.models.generic_api import AuthMode
from onsite.models import Submission
from sites.api_keys.services import api_key_create
from sites.audit import Actor
from sites.models import Scope, Site
from sites.services.site import site_create

RETAILER_SLUG: Final = "demo-retailer"
TIMEOUT_SECONDS: Final = 30
OPTIONS: Final = [
    {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat", "None"]},
    {
        "key": "acceptsEmail",
        "label": "Wants e-mail",
        "type": "boolean",
        "stored_as": "email_preference",
    },
]
# An ambassador, the friend she brought, and the same friend after a purchase.
VISITORS: Final[tuple[dict[str, Any], ...]] = (
    {
        "role": "ambassador",
        "contact": {
            "email": "maja.lind@example.com",
            "phone": "+46701740605",
            "name": "Maja Lind",
            "options": {"pet": "Cat"},
        },
    },
    {
        "role": "friend",
        "contact": {
            "email": "olle.van.dyk@example.com",
            "name": "Olle van Dyk",
            "options": {"pet": "Dog", "acceptsEmail": True},
        },
    },
    {
        "role": "friend",
        "contact": {"email": "olle.van.dyk@example.com"},
        "conversion": {"reference": "order 1001", "value": "349.00", "currency": "SEK"},
    },
)


def demo_onsite_play(base_url: str, site: Site, *, actor: Actor) -> str:
    """Make what is missing and send the visitors once; return how it went, or ""."""
    if not GenericApi.objects.filter(site=site).exists():
        _connect(base_url, site, actor)
    if Submission.objects.filter(site=site).exists():
        return ""
    created = api_key_create(
        site=site, name="Demo visitors", scopes=[Scope.ONSITE_WRITE], actor=actor
    )
    authorization = f"ApiKey {created.key.key_id}:{created.secret}"
    path = reverse("onsite-submissions", kwargs={"site_id": site.public_id})
    answers = [_post(base_url + path, visitor, authorization) for visitor in VISITORS]
    return f"{answers.count(HTTPStatus.OK)} of {len(answers)} visitors continued"


def demo_retailer(site: Site, *, actor: Actor) -> Site:
    """Return the site that plays the other side of everything."""
    return Site.objects.filter(slug=RETAILER_SLUG).first() or site_create(
        site=Site(name="Demo retailer", slug=RETAILER_SLUG, default_country=site.default_country),
        actor=actor,
    )


def _connect(base_url: str, site: Site, actor: Actor) -> None:
    secrets = {"hmac_secret": random_token("", 40)}
    retailer = demo_retailer(site, actor=actor)
    served = generic_api_for(retailer)
    served.is_served, served.auth_mode, served.custom_options = True, AuthMode.HMAC, OPTIONS
    generic_api_save(api=served, actor=actor, secrets=secrets)
    url = base_url + reverse("generic-contacts", kwargs={"site_id": retailer.public_id})
    calling = GenericApi(
        site=site,
        # Under another name this installation would not answer itself on the loopback.
        is_active=urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK_HOSTS,
        auth_mode=AuthMode.HMAC,
        lookup_url=url,
        write_url=url,
        ignored_codes="500-599",
        custom_options=OPTIONS,
    )
    generic_api_save(api=calling, actor=actor, secrets=secrets)


def _post(url: str, visitor: dict[str, Any], authorization: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(
            url,
            json=visitor,
            headers={"Authorization": authorization, "Host": urlsplit(settings.PUBLIC_URL).netloc},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    return response.status_code
