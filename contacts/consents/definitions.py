"""What a site asks its contacts for: validated, audited, each change in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.uses import InUse, deletion, users_of
from contacts.consents.texts import Texts, checked_texts
from contacts.models import Consent, ConsentDefinition, ConsentText
from contacts.normalisation.values import line_normalised
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

MOST_DEFINITIONS: Final = 200
CHANGEABLE: Final = ("name", "is_active")
USES: Final = "consent_definition_uses"
_LONGEST_ID: Final[int] = ConsentDefinition._meta.get_field("consent_id").max_length or 0
_LONGEST_NAME: Final[int] = ConsentDefinition._meta.get_field("name").max_length or 0


def newest_text(definition: ConsentDefinition) -> ConsentText | None:
    return definition.versions.order_by("-version").first()


def newest_texts(definitions: Iterable[ConsentDefinition]) -> dict[int, ConsentText]:
    """Return the newest version of each definition's texts by its key, in one query."""
    keys = [definition.pk for definition in definitions]
    texts = ConsentText.objects.filter(definition__in=keys).order_by("version")
    return {text.definition_id: text for text in texts}


@transaction.atomic
def consent_definition_save(
    *,
    definition: ConsentDefinition,
    texts: Texts | None = None,
    actor: Actor,
    opened: OpenedState | None = None,
) -> ConsentDefinition:
    """Create or update what a site asks for. Raises ValidationError by name of a model field.

    Its id and site stay as they were made. `texts` (culture → parts) that differ from the newest
    version become the next one; None leaves them alone. What people agreed to before stays.
    """
    # Serialises the changes of one site, so that none counts past the others.
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=definition.site_id)
    stored = ConsentDefinition.objects.filter(pk=definition.pk).first()
    check_unchanged(stored, since=opened)
    _check(definition, stored)
    # Before the definition is written: faults of texts and of the rest belong to one answer.
    checked = None if texts is None else checked_texts(texts)
    if stored is None and site.consent_definitions.count() >= MOST_DEFINITIONS:
        raise ValidationError(f"The site has {MOST_DEFINITIONS} consents, which is the most.")
    before = {} if stored is None else _values(stored)
    changes = field_changes(before, _values(definition))
    if changes:
        _store(definition)
    version = None if checked is None else _publish(definition, checked, actor)
    if version is not None:
        changes["text_version"] = (version.version - 1 or None, version.version)
        changes["texts"] = (None, version.texts)
    if changes:
        action = "consent_definition.updated" if stored else "consent_definition.created"
        audit_record(actor=actor, action=action, site=site, target=definition, changes=changes)
    return definition


def consent_definition_delete(*, definition: ConsentDefinition, actor: Actor) -> None:
    """Delete what nobody answered and nothing uses; raises `InUse`.

    One that was answered stays: its texts are what people agreed to. Switch it off instead.
    """
    with deletion(definition.name, lambda: users_of(definition, USES)):
        rows = ConsentDefinition.objects.select_for_update(of=("self",)).select_related("site")
        stored = rows.filter(pk=definition.pk).first()
        if stored is None:
            return
        answers = Consent.objects.filter(
            consent_id=stored.consent_id, contact__site_id=stored.site_id
        )
        if answers.exists():
            raise InUse(
                f"Contacts answered “{stored.name}”, and its texts are the proof of what they "
                "agreed to. It cannot be deleted; switch it off, and it is not asked for any more."
            )
        audit_record(
            actor=actor,
            action="consent_definition.deleted",
            site=stored.site,
            target=stored,
            changes=field_changes(_values(stored), {}),
        )
        stored.delete()


def _check(definition: ConsentDefinition, stored: ConsentDefinition | None) -> None:
    if not definition._state.adding and stored is None:
        raise ValidationError("This consent was deleted in the meantime.")
    if stored is not None and (stored.site_id, stored.consent_id) != (
        definition.site_id,
        definition.consent_id,
    ):
        raise ValidationError({"consent_id": "The id stays as it is. Make a new consent instead."})
    definition.name = line_normalised(definition.name)
    found: dict[str, str] = {}
    if definition.consent_id != line_normalised(definition.consent_id):
        found["consent_id"] = "An id is one line without spaces at its ends."
    elif not 0 < len(definition.consent_id) <= _LONGEST_ID:
        found["consent_id"] = f"Give it an id of 1 to {_LONGEST_ID} characters."
    if not 0 < len(definition.name) <= _LONGEST_NAME:
        found["name"] = f"Give it a name of 1 to {_LONGEST_NAME} characters."
    if found:
        raise ValidationError(found)


def _store(definition: ConsentDefinition) -> None:
    try:
        with transaction.atomic():
            definition.save()
    except IntegrityError:
        taken = f"Another consent of the site has the id “{definition.consent_id}”."
        raise ValidationError({"consent_id": taken}) from None


def _publish(
    definition: ConsentDefinition, texts: Mapping[str, Mapping[str, str]], actor: Actor
) -> ConsentText | None:
    """Add the next version, if the texts are not those of the newest one."""
    newest = newest_text(definition)
    if (newest.texts if newest else {}) == texts:
        return None
    return ConsentText.objects.create(
        definition=definition,
        version=newest.version + 1 if newest else 1,
        texts=dict(texts),
        published_at=timezone.now(),
        author_label=actor.label[:150],
    )


def _values(definition: ConsentDefinition) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in ("consent_id", *CHANGEABLE)}
