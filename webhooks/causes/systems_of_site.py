"""The systems of a site by which a contact change says where it came from."""

from __future__ import annotations

from collections.abc import Iterator

from sites.models import ApiKey, Site
from webhooks.inbound.models import Source
from webhooks.outbound.subscriptions.systems import System


def systems_of_site(site: Site) -> Iterator[System]:
    sources = Source.objects.filter(site=site).defer("secrets").order_by("name")
    for public_id, name in sources.values_list("public_id", "name"):
        yield public_id, f"Source {name}"
    keys = ApiKey.objects.filter(site=site, revoked_at=None).order_by("name")
    for key_id, name in keys.values_list("key_id", "name"):
        yield key_id, f"API key {name}"
