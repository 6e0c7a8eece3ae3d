"""Kinds of points: validated, audited, each change in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from common.uses import InUse, deletion, users_of
from contacts.models import PointAccount, PointDefinition
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

MOST_DEFINITIONS: Final = 100
# A hundred years.
MOST_DAYS: Final = 36_500
CHANGEABLE: Final = ("name", "expires_after_days", "is_active")
_ALL: Final = ("number", *CHANGEABLE)
USES: Final = "point_definition_uses"
_TAKEN: Final = "Another kind of points of the site has the id {number}."


def point_definition_save(
    *, definition: PointDefinition, actor: Actor, opened: OpenedState | None = None
) -> PointDefinition:
    """Create or update a kind of points. Raises ValidationError by name of a model field.

    Its id and site stay as they were made. A new expiry counts for points awarded from then on.
    """
    with transaction.atomic():
        # Serialises the changes of one site, so that none counts past the others.
        site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=definition.site_id)
        stored = PointDefinition.objects.filter(pk=definition.pk).first()
        if not definition._state.adding and stored is None:
            raise ValidationError("This kind of points was deleted in the meantime.")
        check_unchanged(stored, since=opened)
        if stored is not None and (stored.site_id, stored.number) != (site.pk, definition.number):
            raise ValidationError({"number": "The id stays as it is. Make a new kind instead."})
        definition.full_clean(exclude=["site"], validate_constraints=False)
        _check_against_others(definition, site)
        before = _values(stored) if stored is not None else {}
        changes = field_changes(before, _values(definition))
        if changes:
            _store(definition)
            action = "point_definition.updated" if stored else "point_definition.created"
            audit_record(actor=actor, action=action, site=site, target=definition, changes=changes)
    return definition


def point_definition_delete(*, definition: PointDefinition, actor: Actor) -> None:
    """Delete a kind of points that no contact has and nothing uses; raises `InUse`."""
    with deletion(definition.name, lambda: users_of(definition, USES)):
        rows = PointDefinition.objects.select_for_update(of=("self",)).select_related("site")
        stored = rows.filter(pk=definition.pk).first()
        if stored is None:
            return
        if PointAccount.objects.filter(definition=stored).exists():
            raise InUse(
                f"Contacts have “{stored.name}”, so they cannot be deleted. Switch them off "
                "instead: no more are awarded then."
            )
        audit_record(
            actor=actor,
            action="point_definition.deleted",
            site=stored.site,
            target=stored,
            changes=field_changes(_values(stored), {}),
        )
        stored.delete()


def _store(definition: PointDefinition) -> None:
    try:
        with transaction.atomic():
            definition.save()
    except IntegrityError:
        # A source may tell of new points at any time.
        raise ValidationError({"number": _TAKEN.format(number=definition.number)}) from None


def _check_against_others(definition: PointDefinition, site: Site) -> None:
    if not 1 <= definition.number <= 2147483647:
        raise ValidationError({"number": "Enter a whole number from 1 to 2147483647."})
    days = definition.expires_after_days
    if days is not None and not 1 <= days <= MOST_DAYS:
        sentence = f"Enter 1 to {MOST_DAYS} days, or leave it empty."
        raise ValidationError({"expires_after_days": sentence})
    others = PointDefinition.objects.filter(site=site).exclude(pk=definition.pk)
    if others.filter(number=definition.number).exists():
        raise ValidationError({"number": _TAKEN.format(number=definition.number)})
    if definition._state.adding and others.count() >= MOST_DEFINITIONS:
        raise ValidationError(
            f"The site has {MOST_DEFINITIONS} kinds of points, which is the most."
        )


def _values(definition: PointDefinition) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in _ALL}
