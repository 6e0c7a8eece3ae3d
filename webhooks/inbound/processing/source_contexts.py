"""The sources as a worker needs them, kept in memory until any configuration changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from common.encryption import DecryptionFailed
from integrations.preset import Preset
from integrations.presets.reception_event.definition import APP
from integrations.request import PresetConfig
from sites.models import ConfigurationVersion, Site
from webhooks.inbound.models import Source

# Whatever event of a site a page or app sends, it knows its visitor by the same tracker id.
APP_KEY: Final = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """A source with its site and its configuration; `config` is None when it does not decrypt.

    Ids of people at the sender are its own under `key`, which senders that share them share.
    """

    id: int
    site: Site
    key: str
    label: str
    preset: Preset
    config: PresetConfig | None


class SourceContexts:
    """Loads contexts by source id.

    The version is read before the sources: a change in between is then loaded once too often
    instead of never.
    """

    def __init__(self) -> None:
        self._version: int | None = None
        self._contexts: dict[int, SourceContext] = {}

    def load(self, source_ids: Iterable[int]) -> dict[int, SourceContext]:
        """Return the contexts of the sources that exist, as configured at this moment."""
        version = ConfigurationVersion.objects.values_list("value", flat=True).first()
        if version != self._version:
            self._contexts.clear()
            self._version = version
        wanted = set(source_ids)
        missing = wanted - self._contexts.keys()
        if missing:
            # Secrets one by one: a value that does not decrypt must not hide the other sources.
            sources = Source.objects.filter(pk__in=missing).select_related("site").defer("secrets")
            self._contexts.update((source.pk, _context(source)) for source in sources)
        return {each: self._contexts[each] for each in wanted & self._contexts.keys()}


def _context(source: Source) -> SourceContext:
    config: PresetConfig | None
    try:
        config = source.config
    except DecryptionFailed:
        config = None
    return SourceContext(
        id=source.pk,
        site=source.site,
        key=APP_KEY if source.settings.get("context") == APP else source.public_id,
        label=source.name,
        preset=source.preset,
        config=config,
    )
