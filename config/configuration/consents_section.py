from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from contacts.consents.definitions import (
    consent_definition_delete,
    consent_definition_save,
    newest_texts,
)
from contacts.models import ConsentDefinition
from sites.models import Site

_KEYS: Final = ("id", "name", "active", "texts")


class ConsentsSection:
    """What the site asks its contacts for, by id, with the newest version of the texts."""

    key = "consents"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        definitions = sorted(site.consent_definitions.all(), key=lambda each: each.consent_id)
        texts = newest_texts(definitions)
        return [
            {
                "id": definition.consent_id,
                "name": definition.name,
                "active": definition.is_active,
                "texts": {
                    culture: {part: words for part, words in parts.items() if words}
                    for culture, parts in (text.texts if text else {}).items()
                },
            }
            for definition in definitions
            for text in (texts.get(definition.pk),)
        ]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        definitions = run.site.consent_definitions.order_by("consent_id")
        present = {each.consent_id: each for each in definitions}
        for entry in entries(self.key, value, known=_KEYS, natural_key="id", problems=run.problems):
            consent_id = entry.required_text("id")
            definition = present.pop(consent_id, None) or ConsentDefinition(
                site=run.site, consent_id=consent_id
            )
            try:
                _apply_definition(run, entry, definition)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error, _key_of)
        for consent_id, definition in present.items():
            _unlisted(run, consent_id, definition)


def _apply_definition(run: Applying, entry: Entry, definition: ConsentDefinition) -> None:
    before = len(run.problems.lines)
    name, is_active = entry.text("name"), entry.flag("active")
    texts = entry.mapping("texts")
    if len(run.problems.lines) > before:
        return
    definition.name = definition.name if name is None else name
    definition.is_active = definition.is_active if is_active is None else is_active
    consent_definition_save(definition=definition, texts=texts, actor=run.actor)


def _unlisted(run: Applying, consent_id: str, definition: ConsentDefinition) -> None:
    if not run.prune:
        run.unlisted.append(f"consent {consent_id}")
        return
    try:
        consent_definition_delete(definition=definition, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(ConsentsSection.key, error)


def _key_of(name: str) -> str:
    return {"consent_id": "id", "is_active": "active"}.get(name, name)
