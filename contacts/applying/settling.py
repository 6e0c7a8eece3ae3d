"""Brings stored histories in line with a merge or an erasure. Both are rare; each costs a few
statements of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from contacts.applied_change import Changes
from contacts.applying.ledger import Erasure, Merge
from contacts.loyalty.following import loyalty_erase, loyalty_merge
from contacts.models import (
    Activity,
    Consent,
    ConsentChange,
    ContactMerge,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)
from contacts.signals import LoyaltyHappening

_NAMES: Final = ("email", "phone", "external_id")
# Both contacts may hold the same keyed activity; the newer of the two stays.
_DROP_DOUBLES = """
    DELETE FROM contacts_activity WHERE id IN (
        SELECT CASE WHEN a.occurred_at > k.occurred_at THEN k.id ELSE a.id END
        FROM contacts_activity a JOIN contacts_activity k
        ON k.source_key = a.source_key AND k.type = a.type AND k.key = a.key
        WHERE a.contact_id = %s AND k.contact_id = %s AND NOT (a.key = '')
    )
"""

# An answer belongs to the standing of one contact, of which two become one.
_MOVE_ANSWERS = """
    UPDATE contacts_consentchange SET contact_id = %s, consent_id = (
        SELECT k.id FROM contacts_consent k JOIN contacts_consent a
        ON a.consent_id = k.consent_id
        WHERE a.id = contacts_consentchange.consent_id AND k.contact_id = %s
    )
    WHERE contact_id = %s
"""


def settle_merge(merge: Merge) -> None:
    """Move the history of the absorbed contact to the kept one."""
    if merge.absorbed.is_new:
        return
    absorbed, kept = merge.absorbed.id, merge.kept.final().id
    with connection.cursor() as cursor:
        cursor.execute(_DROP_DOUBLES, [absorbed, kept])
    for model in (Activity, ContactRevision, ContactMerge, ContactSourceId):
        model._default_manager.filter(contact_id=absorbed).update(contact_id=kept)
    _move_consents(absorbed, kept)


def _move_consents(absorbed: str, kept: str) -> None:
    consents = Consent.objects.filter(contact_id=absorbed)
    if not consents.exists():
        return
    known = Consent.objects.filter(contact_id=kept).values_list("consent_id", flat=True)
    consents.exclude(consent_id__in=list(known)).update(contact_id=kept)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_ANSWERS, [kept, kept, absorbed])


def settle_erasure(erasure: Erasure) -> None:
    """Remove what is personal from an erased contact's history; that something was stays."""
    contact_id = erasure.state.final().id
    if erasure.state.is_new:
        return
    activities = Activity.objects.filter(contact_id=contact_id)
    if erasure.until is not None:
        activities = activities.filter(occurred_at__lte=erasure.until)
    activities.delete()
    _erase_answers(contact_id, erasure.until)
    for model in (Preference, EmailListStatus):
        model._default_manager.filter(contact_id=contact_id).delete()
    revisions = ContactRevision.objects.filter(contact_id=contact_id)
    erasure.earlier_names |= _names_in(revisions.values_list("changes", flat=True))
    revisions.update(changes={})


def _names_in(histories: Iterable[Changes]) -> set[str]:
    """Return what a contact was ever called, by the changes of its identities."""
    return {
        value
        for changes in histories
        for name in _NAMES
        for value in changes.get(name, ())
        if value
    }


def settle_loyalty(step: Merge | Erasure) -> list[LoyaltyHappening]:
    """Let points, vouchers and promotions follow; return what there is to tell of balances."""
    if isinstance(step, Merge):
        if step.absorbed.is_new:
            return []
        return loyalty_merge(
            kept_id=UUID(hex=step.kept.final().id),
            absorbed_id=UUID(hex=step.absorbed.id),
            source=step.source,
        )
    if step.state.is_new:
        return []
    return loyalty_erase(
        contact_id=UUID(hex=step.state.final().id),
        until=datetime.fromisoformat(step.until) if step.until else None,
        source=step.source,
    )


def _erase_answers(contact_id: str, until: str | None) -> None:
    answers = ConsentChange.objects.filter(contact_id=contact_id)
    if until is not None:
        # What was answered since stands, without what it replaced.
        answers.filter(changed_at__gt=until).update(previous_value=None)
        answers = answers.filter(changed_at__lte=until)
    answers.delete()
    Consent.objects.filter(contact_id=contact_id, changes=None).delete()
