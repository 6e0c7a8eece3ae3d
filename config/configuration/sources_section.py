from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.kept_ids import KeptId
from config.configuration.references import References, resolve
from config.configuration.section import Applying
from integrations.registry import offered_presets
from sites.models import Site
from webhooks.inbound.models import Source
from webhooks.inbound.sources.deletion import source_delete
from webhooks.inbound.sources.services import source_create, source_update

_KEYS: Final = (
    "name",
    "preset",
    "public_id",
    "active",
    "throttle_per_second",
    "settings",
    "secrets",
)
_FILE_KEYS: Final = {"preset_key": "preset", "is_active": "active"}
# What new_public_id makes, or longer: the id is what keeps a stranger from finding the URL.
_PUBLIC_ID: Final = KeptId(
    column="public_id",
    noun="source",
    pattern=re.compile(r"src_[0-9A-Za-z]{22,36}"),
    looks="src_ and 22 signs",
    use="its sender uses the URL made of it",
)


class SourcesSection:
    """The site's sources, by name. Public ids travel with them, so that URLs survive a move.

    Those that another thing of the site owns, such as a reception event, are left to it.
    """

    key = "sources"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        return [_exported(site, source, references) for source in _own_sources(site)]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {source.name: source for source in _own_sources(run.site)}
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            source = present.pop(name, None) or Source(site=run.site, name=name)
            try:
                _apply_source(run, entry, source)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error, _key_of(source))
        for name, source in present.items():
            if not run.prune:
                run.unlisted.append(f"source {name}")
                continue
            try:
                source_delete(source=source, actor=run.actor)
            except ValidationError as error:
                run.problems.add_validation(self.key, error)


def _own_sources(site: Site) -> list[Source]:
    """Return the sources that operators make as such, by name."""
    sources = sorted(site.sources.all(), key=lambda source: source.name)
    return [source for source in sources if source.preset.is_offered]


def _exported(site: Site, source: Source, references: References) -> dict[str, Any]:
    return {
        "name": source.name,
        "preset": source.preset_key,
        "public_id": source.public_id,
        "active": source.is_active,
        "throttle_per_second": source.throttle_per_second,
        "settings": source.settings,
        "secrets": {
            key: [
                references.to(site.slug, source.name, key, str(number + 1))
                for number in range(len(value))
            ]
            if isinstance(value, list)
            else references.to(site.slug, source.name, key)
            for key, value in sorted(source.secrets.items())
        },
    }


def _apply_source(run: Applying, entry: Entry, source: Source) -> None:
    before = len(run.problems.lines)
    _identify(entry, source)
    active, throttle = entry.flag("active"), entry.number("throttle_per_second")
    settings, secrets = entry.mapping("settings"), entry.mapping("secrets")
    source.is_active = source.is_active if active is None else active
    source.throttle_per_second = source.throttle_per_second if throttle is None else throttle
    source.settings = source.settings if settings is None else settings
    resolved = {
        key: resolve(f"{entry.path}.secrets.{key}", value, run.environment, run.problems)
        for key, value in (secrets or {}).items()
    }
    if len(run.problems.lines) > before:
        return
    save: Callable[..., Any] = source_update if source.pk else source_create
    save(source=source, actor=run.actor, secrets=resolved)


def _identify(entry: Entry, source: Source) -> None:
    """Take preset and public id over into a new source; an existing one keeps its own."""
    _PUBLIC_ID.take(entry, source)
    preset = entry.text("preset")
    if source.pk:
        if preset not in (None, source.preset_key):
            entry.problem("preset", f"The preset of a source stays: {source.preset_key}.")
        return
    source.preset_key = preset or ""
    known = [preset.key for preset in offered_presets()]
    if preset not in known:
        entry.problem("preset", f"Choose one of: {', '.join(known)}.")


def _key_of(source: Source) -> Callable[[str], str]:
    """Return where in the file a service's field name stands."""
    secret_keys = {field.key for field in source.preset.settings_fields if field.kind.is_secret}

    def key_of(name: str) -> str:
        if name in ("name", "throttle_per_second", "public_id") or name in _FILE_KEYS:
            return _FILE_KEYS.get(name, name)
        return f"secrets.{name}" if name in secret_keys else f"settings.{name}"

    return key_of
