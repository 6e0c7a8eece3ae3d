"""Who is told of what happens in the demo: a CRM, and a warehouse whose address is wrong."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from config.demo_onsite import demo_retailer
from config.environment import LOOPBACK_HOSTS
from sites.audit import Actor
from sites.models import Site
from webhooks.inbound.sources.services import source_create
from webhooks.models import Source, Subscription
from webhooks.outbound.signing import new_signing_secret
from webhooks.outbound.subscriptions.services import subscription_save

_TENANT: Final = "demo"
_CRM: Final = "CRM of the retailer"
_WAREHOUSE: Final = "Warehouse at a wrong address"


def demo_subscriptions_make(base_url: str, site: Site, *, actor: Actor) -> None:
    """Make both subscriptions where they are missing.

    The CRM is a source of the other site: what goes out in Engage's dialect comes in there. Under
    another name this installation would not answer itself on the loopback.
    """
    if Subscription.objects.filter(site=site).exists():
        return
    if urlsplit(settings.PUBLIC_URL).hostname not in LOOPBACK_HOSTS:
        return
    secret = new_signing_secret()
    source = _crm_source(site, secret, actor)
    _subscribe(
        Subscription(
            site=site,
            name=_CRM,
            url=base_url + source.reception_path,
            format_key="engage",
            format_settings={"tenant": _TENANT},
        ),
        {"signing": secret},
        actor,
    )
    _subscribe(
        Subscription(
            site=site,
            name=_WAREHOUSE,
            url=f"{base_url}/in/nobody-is-here",
            format_key="standard_webhooks",
            event_types=["custom_event.*", "onsite.*"],
        ),
        {},
        actor,
    )


def _crm_source(site: Site, secret: str, actor: Actor) -> Source:
    source = Source(
        site=demo_retailer(site, actor=actor),
        preset_key="voyado_engage",
        name="What the demo store tells",
        settings={"tenant": _TENANT},
    )
    source_create(source=source, actor=actor, secrets={"signing_secrets": [secret]})
    return source


def _subscribe(subscription: Subscription, secrets: dict[str, Any], actor: Actor) -> None:
    subscription_save(subscription=subscription, actor=actor, secrets=secrets)
