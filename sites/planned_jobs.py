"""Jobs about what a filter matched when a plan of them was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from sites.audit import Actor, audit_record
from sites.jobs import job_start
from sites.models import Job, Site


def job_site_ids(site_ids: tuple[int, ...], *, site: Site | None, actor: Actor) -> tuple[int, ...]:
    """Return the sites that a job is about: the given ones, or the one that it is started for.

    Empty when that one is not among them. Raises ValidationError when a person who is no superuser
    asks for a job of several sites.
    """
    if site is not None:
        return (site.pk,) if site.pk in site_ids else ()
    if actor.user is not None and not actor.user.is_superuser:
        raise ValidationError("Choose one site: a job belongs to the site it is started for.")
    return site_ids


def planned_job_start(  # noqa: PLR0913
    *,
    kind: str,
    title: str,
    site: Site | None,
    filters: Mapping[str, Any],
    total: int,
    actor: Actor,
    action: str,
) -> Job:
    """Start a job for the filters of a plan, which the audit tells under `action`.

    Its parameters are `filters` and `by`, the label of who started it.
    """
    job = job_start(
        kind=kind,
        title=title,
        site=site,
        parameters={"filters": filters, "by": actor.label},
        total=total,
        actor=actor,
    )
    stored = {name: (None, value) for name, value in filters.items()}
    audit_record(actor=actor, action=action, site=site, target=job, changes=stored)
    return job
