"""Brings stored histories in line with a merge or an erasure. Both are rare; each costs a few
statements of its own.
"""

from __future__ import annotations

from django.db import connection

from contacts.applying.ledger import Erasure, Merge
from contacts.models import (
    Activity,
    Consent,
    ContactMerge,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)

# Both contacts may hold the same keyed activity; the newer of the two stays.
_DROP_DOUBLES = """
    DELETE FROM contacts_activity WHERE id IN (
        SELECT CASE WHEN a.occurred_at > k.occurred_at THEN k.id ELSE a.id END
        FROM contacts_activity a JOIN contacts_activity k
        ON k.source_key = a.source_key AND k.type = a.type AND k.key = a.key
        WHERE a.contact_id = %s AND k.contact_id = %s AND NOT (a.key = '')
    )
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


def settle_erasure(erasure: Erasure) -> None:
    """Remove what is personal from an erased contact's history; that something was stays."""
    contact_id = erasure.state.final().id
    if erasure.state.is_new:
        return
    activities = Activity.objects.filter(contact_id=contact_id)
    if erasure.until is not None:
        activities = activities.filter(occurred_at__lte=erasure.until)
    activities.delete()
    for model in (Preference, Consent, EmailListStatus):
        model._default_manager.filter(contact_id=contact_id).delete()
    ContactRevision.objects.filter(contact_id=contact_id).update(changes={})
