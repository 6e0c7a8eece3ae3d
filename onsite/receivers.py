"""What submissions and their API calls do when contacts below tell of a person.

Connected in `apps.ready`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q

from contacts.signals import contact_erased, contacts_merged
from integrations.contact_change import Identity
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall
from integrations.models.api_call import NOTHING_SAID
from onsite.flow.fingerprints import visitor_key
from onsite.models import Submission


def forget_person(*, site_id: int, contact_id: UUID, identity: Identity, **_: Any) -> None:
    """Empty what an erased person said of themselves and what was said of them; the rows stay.

    A visitor who was blocked may have no contact: whoever came under an identity of this one, or
    has the key of a submission of it, is the same person.
    """
    own = Submission.objects.filter(contact_id=contact_id)
    keys = {*own.values_list("visitor_key", flat=True), *_keys(identity)}
    by_key = Submission.objects.filter(site_id=site_id, visitor_key__in=keys)
    ids = {pk for rows in (own, by_key) for pk in rows.values_list("pk", flat=True)}
    submissions = Submission.objects.filter(pk__in=ids)
    submissions.update(visitor={}, known_contact={}, answer={}, reason="", notes=[])
    # That there was a conversion says nothing of the person; its details may.
    submissions.filter(conversion__isnull=False).update(conversion={})
    for calls in (Q(contact_id=contact_id), Q(submission_id__in=ids)):
        ApiCall.objects.filter(calls).update(**NOTHING_SAID)


def _keys(identity: Identity) -> set[str]:
    """Return the keys of visitors known by one of these, which are normalised as theirs are."""
    visitors = (
        VisitorData(email=identity.email),
        VisitorData(phone=identity.phone),
        VisitorData(personal_identity=identity.personal_identity_number),
    )
    return {visitor_key(visitor) for visitor in visitors if visitor.has_identity}


def follow_merge(*, kept_id: UUID, absorbed_id: UUID, **_: Any) -> None:
    for model in (Submission, ApiCall):
        model._default_manager.filter(contact_id=absorbed_id).update(contact_id=kept_id)


def connect_receivers() -> None:
    contact_erased.connect(forget_person, dispatch_uid="onsite.forget_person")
    contacts_merged.connect(follow_merge, dispatch_uid="onsite.follow_merge")
