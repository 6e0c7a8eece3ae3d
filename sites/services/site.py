from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from sites.audit import Actor, audit_record, field_changes
from sites.models import Site

SITE_FIELDS: Final = (
    "name",
    "slug",
    "tenant_name",
    "time_zone",
    "default_country",
    "language",
    "is_active",
)


@transaction.atomic
def site_create(*, site: Site, actor: Actor) -> Site:
    """Store a new site, given unsaved. Raises ValidationError by field."""
    site.full_clean()
    site.save(force_insert=True)
    audit_record(
        actor=actor,
        action="site.created",
        site=site,
        target=site,
        changes=field_changes({}, _values(site) | {"public_id": str(site.public_id)}),
    )
    return site


@transaction.atomic
def site_update(*, site: Site, actor: Actor) -> Site:
    """Store what differs between the given site and its row. Raises ValidationError by field."""
    stored = Site.objects.select_for_update().get(pk=site.pk)
    changes = field_changes(_values(stored), _values(site))
    if changes:
        site.full_clean()
        site.save(update_fields=[*changes, "updated_at"])
        audit_record(actor=actor, action="site.updated", site=site, target=site, changes=changes)
    return site


def _values(site: Site) -> dict[str, Any]:
    return {name: getattr(site, name) for name in SITE_FIELDS}
