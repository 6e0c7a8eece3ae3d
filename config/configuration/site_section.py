from __future__ import annotations

import uuid
from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry
from config.configuration.references import References
from config.configuration.section import Applying
from sites.models import Site
from sites.services import site_create, site_update

_TEXTS: Final = ("name", "tenant_name", "time_zone", "default_country", "language")
_KEYS: Final = ("slug", "public_id", *_TEXTS, "active")


class SiteSection:
    """The site itself, found by its slug."""

    key = "site"

    def export(self, site: Site, references: References) -> dict[str, Any]:
        texts = {name: getattr(site, name) for name in _TEXTS}
        known = {"slug": site.slug, "public_id": str(site.public_id)}
        return known | texts | {"active": site.is_active}

    def apply(self, value: Any, run: Applying) -> None:
        entry = Entry(self.key, value, known=_KEYS, problems=run.problems)
        slug = entry.required_text("slug")
        site = Site.objects.filter(slug=slug).first() or Site(slug=slug)
        _identify(site, entry)
        for name in _TEXTS:
            text = entry.text(name)
            if text is not None:
                setattr(site, name, text)
        active = entry.flag("active")
        site.is_active = site.is_active if active is None else active
        try:
            save = site_update if site.pk else site_create
            run.site = save(site=site, actor=run.actor)
        except ValidationError as error:
            run.problems.add_validation(
                self.key, error, lambda name: "active" if name == "is_active" else name
            )


def _identify(site: Site, entry: Entry) -> None:
    text = entry.text("public_id")
    if text is None:
        return
    try:
        public_id = uuid.UUID(text)
    except ValueError:
        entry.problem("public_id", "This must be a UUID, as an export writes it.")
        return
    if site._state.adding:
        site.public_id = public_id
    elif site.public_id != public_id:
        entry.problem(
            "public_id",
            f"Here the site has the id {site.public_id}, and other systems may use it. "
            "Remove the line to keep that one.",
        )
