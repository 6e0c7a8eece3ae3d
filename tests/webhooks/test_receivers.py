from __future__ import annotations

import pytest
from django.utils import timezone

from contacts.models import Contact
from contacts.signals import contact_erased, contacts_merged
from integrations.contact_change import Identity
from tests.factories import SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, Outcome, Source, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory.create()


def person(source: Source) -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=source.site, created_at=now, updated_at=now)


def outcome(source: Source, contact: Contact) -> EventOutcome:
    return EventOutcome.objects.create(
        received_event=received_event(source, Status.PROCESSED),
        position=0,
        event_type="contact.updated",
        outcome=Outcome.APPLIED,
        contact=contact,
        identity="jane@example.com",
    )


def test_an_erased_person_is_named_nowhere(source: Source) -> None:
    erased, other = person(source), person(source)
    mine, theirs = outcome(source, erased), outcome(source, other)
    contact_erased.send(
        None,
        site_id=source.site_id,
        contact_id=erased.pk,
        identity=Identity(),
        earlier_names=frozenset(),
    )
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.identity, mine.contact_id, mine.outcome) == ("", None, Outcome.APPLIED)
    assert (theirs.identity, theirs.contact_id) == ("jane@example.com", other.pk)


def test_outcomes_follow_a_merge(source: Source) -> None:
    kept, absorbed = person(source), person(source)
    mine = outcome(source, absorbed)
    contacts_merged.send(None, site_id=source.site_id, kept_id=kept.pk, absorbed_id=absorbed.pk)
    mine.refresh_from_db()
    assert (mine.contact_id, mine.identity) == (kept.pk, "jane@example.com")
