from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from sites.models import PublishableKey, Site
from sites.publishable_keys.services import (
    PUBLISHABLE_KEY_FIELDS,
    publishable_key_create,
    publishable_key_revoke,
    publishable_key_update,
)

_NO_TEXTS: Final = "This must be a list of texts."


class PublishableKeysSection:
    """The site's live publishable keys by name.

    The key itself stays on its installation: pages send to the one that they name.
    """

    key = "publishable_keys"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        keys = sorted(site.publishable_keys.filter(revoked_at=None), key=lambda each: each.name)
        return [{name: getattr(key, name) for name in PUBLISHABLE_KEY_FIELDS} for key in keys]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        # The revoked ones too: they keep their names.
        present = {key.name: key for key in run.site.publishable_keys.order_by("name")}
        for entry in entries(
            self.key,
            value,
            known=PUBLISHABLE_KEY_FIELDS,
            natural_key="name",
            problems=run.problems,
        ):
            key = present.pop(entry.required_text("name"), None)
            try:
                _apply_key(run, run.site, entry, key)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error)
        for name, key in present.items():
            if key.revoked_at is not None:
                continue
            if run.prune:
                publishable_key_revoke(key=key, actor=run.actor)
            else:
                run.unlisted.append(f"publishable key {name}")


def _apply_key(run: Applying, site: Site, entry: Entry, key: PublishableKey | None) -> None:
    before = len(run.problems.lines)
    origins, allows_apps = entry.items("allowed_origins"), entry.flag("allows_apps")
    if origins is not None and not all(isinstance(origin, str) for origin in origins):
        entry.problem("allowed_origins", _NO_TEXTS)
    if len(run.problems.lines) > before:
        return
    if key is None:
        publishable_key_create(
            site=site,
            name=entry.required_text("name"),
            allowed_origins=origins or [],
            allows_apps=bool(allows_apps),
            actor=run.actor,
        )
        return
    key.allowed_origins = key.allowed_origins if origins is None else origins
    key.allows_apps = key.allows_apps if allows_apps is None else allows_apps
    publishable_key_update(key=key, actor=run.actor)
