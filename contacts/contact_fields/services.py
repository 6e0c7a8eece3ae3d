"""Everything that changes a contact field: validated, audited, each in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from common.uses import deletion, told
from contacts.contact_fields.checks import check_field
from contacts.contact_fields.users import users_of, users_of_options
from contacts.models import ContactField
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

# Well below what one change may bring, so that a body can name every field.
MOST_FIELDS: Final = 300
# What stays as it was made: values of contacts and senders' bodies are of that id and type.
FIXED: Final = ("site_id", "field_id", "type")
CHANGEABLE: Final = ("name", "options", "default_country_code")


@transaction.atomic
def contact_field_create(*, field: ContactField, actor: Actor) -> ContactField:
    """Store a new field, given unsaved. Raises ValidationError by name of a model field.

    Attributes that contacts have under this id already become its values, as far as they fit.
    """
    check_field(field)
    # Serialises the creators of one site, so that none of them counts past the others.
    site = Site.objects.select_for_update(of=("self",)).get(pk=field.site_id)
    if site.contact_fields.count() >= MOST_FIELDS:
        raise ValidationError(f"The site has {MOST_FIELDS} contact fields, which is the most.")
    try:
        with transaction.atomic():
            field.save(force_insert=True)
    except IntegrityError:
        taken = f"Another contact field of the site has the id “{field.field_id}”."
        raise ValidationError({"field_id": taken}) from None
    _audit(actor, "contact_field.created", field, field_changes({}, _values(field)))
    return field


@transaction.atomic
def contact_field_update(
    *, field: ContactField, actor: Actor, opened: OpenedState | None = None
) -> ContactField:
    """Store a field's name, options and country code. Raises ValidationError by model field.

    An option that goes stays with the contacts that have it, as text that fits the field no more;
    one that something may still write cannot go.
    """
    try:
        stored = _lock(field)
    except ContactField.DoesNotExist:
        raise ValidationError("This contact field was deleted in the meantime.") from None
    check_unchanged(stored, since=opened)
    if any(getattr(stored, name) != getattr(field, name) for name in FIXED):
        raise ValidationError(
            "A contact field keeps its site, id and type. Make a new field instead."
        )
    check_field(field)
    _check_options_gone(stored, field)
    changes = field_changes(_values(stored), _values(field))
    if changes:
        field.save(update_fields=[*CHANGEABLE, "updated_at"])
        _audit(actor, "contact_field.updated", field, changes)
    return field


def contact_field_delete(*, field: ContactField, actor: Actor) -> None:
    """Delete a field that nothing uses; raises `InUse`.

    What contacts have under its id stays with them, as a plain attribute of no type.
    """
    with deletion(field.name, lambda: users_of([field.pk])[field.pk]):
        stored = _lock(field)
        # Before the row goes: an entry of the audit names what it is about.
        _audit(actor, "contact_field.deleted", stored, field_changes(_values(stored), {}))
        stored.delete()


def _check_options_gone(stored: ContactField, field: ContactField) -> None:
    kept = {option["id"] for option in field.options}
    gone = [option for option in stored.options if option["id"] not in kept]
    users = users_of_options(stored) if gone else {}
    sentences = [
        f"“{option['label']}” is in use and cannot be taken away: {told(users[option['id']])}. "
        "Change that first."
        for option in gone
        if option["id"] in users
    ]
    if sentences:
        raise ValidationError({"options": sentences})


def _lock(field: ContactField) -> ContactField:
    fields = ContactField.objects.select_for_update(of=("self",)).select_related("site")
    return fields.get(pk=field.pk)


def _values(field: ContactField) -> dict[str, Any]:
    return {name: getattr(field, name) for name in ("field_id", "type", *CHANGEABLE)}


def _audit(
    actor: Actor, action: str, field: ContactField, changes: dict[str, tuple[Any, Any]]
) -> None:
    audit_record(actor=actor, action=action, site=field.site, target=field, changes=changes)
