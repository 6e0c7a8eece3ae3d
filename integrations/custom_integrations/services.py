"""Everything that changes a custom integration: validated, audited, each in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from common.uses import in_use, told, users_of
from integrations.models import CustomIntegration
from sites.audit import Actor, audit_record, field_changes
from sites.opened_state import OpenedState, check_unchanged

INTEGRATION_FIELDS: Final = ("name", "colour", "description", "category", "icon")


@transaction.atomic
def integration_save(
    *, integration: CustomIntegration, actor: Actor, opened: OpenedState | None = None
) -> CustomIntegration:
    """Store a new integration, or what differs from its row. Raises ValidationError by field."""
    stored = None if integration.pk is None else _lock(integration)
    check_unchanged(stored, since=opened)
    if stored is not None and stored.site_id != integration.site_id:
        raise ValidationError("An integration keeps its site. Make a new one instead.")
    integration.name = " ".join(integration.name.split())
    integration.description = integration.description.strip()
    integration.full_clean(validate_constraints=False)
    changes = field_changes(_values(stored) if stored else {}, _values(integration))
    if changes:
        _save(integration)
        action = "custom_integration.updated" if stored else "custom_integration.created"
        _audit(actor, action, integration, changes)
    return integration


@transaction.atomic
def integration_delete(*, integration: CustomIntegration, actor: Actor) -> None:
    """Delete an integration that holds no events any more and that nothing uses.

    Raises ValidationError with a sentence that names what uses it, or the events that are left.
    """
    stored = _lock(integration)
    if users := users_of(stored, "integration_uses"):
        raise ValidationError(in_use(stored.name, users))
    values = {name: (value, None) for name, value in _values(stored).items()}
    _audit(actor, "custom_integration.deleted", stored, values)
    try:
        with transaction.atomic():
            stored.delete()
    except ProtectedError as error:
        names = told(sorted(f"“{each}”" for each in error.protected_objects))
        raise ValidationError(
            f"{stored.name} still has events: {names}. Delete them first."
        ) from None


def _lock(integration: CustomIntegration) -> CustomIntegration:
    integrations = CustomIntegration.objects.select_for_update(of=("self",))
    stored = integrations.select_related("site").filter(pk=integration.pk).first()
    if stored is None:
        raise ValidationError("This integration was deleted in the meantime.")
    return stored


def _save(integration: CustomIntegration) -> None:
    try:
        with transaction.atomic():
            integration.save()
    except IntegrityError:
        raise ValidationError(
            {"name": f"Another integration of {integration.site} has this name."}
        ) from None


def _values(integration: CustomIntegration) -> dict[str, Any]:
    return {name: getattr(integration, name) for name in INTEGRATION_FIELDS}


def _audit(
    actor: Actor,
    action: str,
    integration: CustomIntegration,
    changes: dict[str, tuple[Any, Any]],
) -> None:
    audit_record(
        actor=actor, action=action, site=integration.site, target=integration, changes=changes
    )
