"""Senders whose clocks run ahead: what they claim about the future costs nobody their no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import ConsentChange, Contact
from contacts.services import ChangeItem, contacts_apply_batch
from integrations.contact_change import Channel, ConsentFact, ContactChange, Deletion, Identity
from sites.models import Site
from tests.contacts.changes import START, apply, source

pytestmark = pytest.mark.django_db

JANE: dict[str, Any] = {"email": "jane@example.com"}
CONSENT = "terms"


@dataclass(frozen=True)
class Said:
    """A yes or no received in that second, and how far before or ahead of it it claims to be."""

    yes: bool
    received: int
    ahead: int | None
    own_time: bool = False

    @property
    def received_at(self) -> datetime:
        return START + timedelta(seconds=self.received)

    @property
    def claimed_at(self) -> datetime | None:
        return None if self.ahead is None else self.received_at + timedelta(seconds=self.ahead)

    def item(self, site: Site) -> ChangeItem:
        fact = ConsentFact(
            consent_id=CONSENT, value=self.yes, at=self.claimed_at if self.own_time else None
        )
        change = ContactChange(
            identity=Identity(**JANE),
            occurred_at=self.claimed_at,
            preferences={Channel.EMAIL: self.yes},
            consents=(fact,),
        )
        return ChangeItem(site=site, change=change, source=source(received_at=self.received_at))

    def is_answered_by(self, no: Said) -> bool:
        """Say whether the no came after this yes, and is not claimed to be older."""
        if no.received < self.received:
            return False
        return no.claimed_at is None or no.claimed_at >= (self.claimed_at or self.received_at)

    def is_late_after(self, no: Said) -> bool:
        """Say whether this yes is older than a no by the sender's clock, which is nearly right."""
        if no.ahead is None or no.ahead > 300 or self.claimed_at is None:
            return False
        return no.claimed_at is not None and self.claimed_at < no.claimed_at


# Around the five minutes, where the rule changes, and at an hour: a wrong time zone.
leads = st.none() | st.sampled_from([-3600, -60, 0, 60, 299, 300, 301, 3600]) | st.integers(-9, 9)
histories = st.lists(
    st.builds(Said, st.booleans(), st.integers(0, 400), leads, st.booleans()),
    min_size=1,
    max_size=7,
)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories, data=st.data(), size=st.integers(1, 7))
def test_a_no_that_is_received_later_and_not_said_to_be_older_wins(
    site: Site, history: list[Said], data: st.DataObject, size: int
) -> None:
    delivered = data.draw(st.permutations(history))
    may_stand = [
        said
        for said in history
        if said.yes
        and not any(
            said.is_answered_by(no) or said.is_late_after(no) for no in history if not no.yes
        )
    ]
    with transaction.atomic():
        for start in range(0, len(delivered), size):
            contacts_apply_batch([each.item(site) for each in delivered[start : start + size]])
        contact = Contact.objects.get()
        for stands in (contact.preferences.get().accepts, contact.consents.get().value):
            assert not stands or may_stand
            assert stands or any(not said.yes for said in history)
        # No proof of a yes is dated later than it was recorded as received.
        newest = max(said.received_at for said in history)
        assert not ConsentChange.objects.filter(value=True, changed_at__gt=newest).exists()
        transaction.set_rollback(True)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_optout_of_here_beats_a_yes_from_the_future(site: Site, order: tuple[int, ...]) -> None:
    items = [Said(yes=True, received=0, ahead=240), Said(yes=False, received=1, ahead=None)]
    for place in order:
        contacts_apply_batch([items[place].item(site)])
    assert not Contact.objects.get().preferences.get().accepts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_retry_of_a_fast_sender_does_not_undo_its_newer_no(
    site: Site, order: tuple[int, ...]
) -> None:
    no, older_yes = Said(yes=False, received=0, ahead=180), Said(yes=True, received=60, ahead=60)
    for place in order:
        contacts_apply_batch([(no, older_yes)[place].item(site)])
    assert not Contact.objects.get().consents.get().value


def test_a_field_counts_from_reception_when_its_time_is_more_than_minutes_ahead(
    site: Site,
) -> None:
    by = source(received_at=START)
    apply(site, JANE, 6, by=by, fields={"city": "Lund"})
    apply(site, JANE, None, by=source(received_at=START), fields={"city": "Malmö"})
    assert Contact.objects.get().city == "Malmö"


@pytest.mark.parametrize("is_late", [True, False])
def test_a_yes_from_before_an_erasure_does_not_come_back_by_a_fast_clock(
    site: Site, is_late: bool
) -> None:
    who = {"contact": "1", "email": "jane@example.com"}

    def say() -> None:
        by = source(received_at=START)
        apply(site, who, 3, by=by, preferences={Channel.EMAIL: True}, fields={"city": "Lund"})

    def erase_and_return() -> None:
        gone, back = (source(received_at=START + timedelta(minutes=m)) for m in (1, 2))
        apply(site, {"contact": "1"}, 1, by=gone, deletion=Deletion(reason="left"))
        apply(site, who, 2, by=back, revives=True)

    for step in (erase_and_return, say) if is_late else (say, erase_and_return):
        step()
    assert not Contact.objects.get().preferences.exists()
