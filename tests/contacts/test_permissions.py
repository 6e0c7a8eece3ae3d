from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Consent, Contact, ContactRevision, EmailListStatus, Preference
from contacts.services import ChangeKind
from integrations.contact_change import Channel, ConsentFact, EmailListFact, EmailStatus
from sites.models import Site
from tests.contacts.changes import apply, at, source

JANE = {"email": "jane@example.com"}
YES, NO = {Channel.EMAIL: True}, {Channel.EMAIL: False}


def accepts(channel: str = "email") -> bool:
    return Preference.objects.get(channel=channel).accepts


def status() -> tuple[str, str]:
    contact = Contact.objects.get()
    return contact.email_status, contact.email_status_cause


def test_a_preference_keeps_who_said_so_when_and_from_where(site: Site) -> None:
    result = apply(site, JANE, 5, preferences=NO, cause="complaint")
    row = Preference.objects.get()
    assert (row.channel, row.accepts, row.cause) == ("email", False, "complaint")
    assert (row.changed_at, row.source_key, row.source_label) == (at(5), "src_engage", "Engage")
    assert result.changes["preference.email"] == [None, False]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, YES), (2, NO), False),
        ((2, NO), (1, YES), False),
        ((1, NO), (2, YES), True),
        ((2, YES), (1, NO), True),
        ((1, YES), (1, NO), False),
        ((1, NO), (1, YES), False),
    ],
)
def test_the_newer_preference_wins_and_at_one_time_the_optout(
    site: Site, first: tuple[int, Any], second: tuple[int, Any], expected: bool
) -> None:
    for minute, preferences in (first, second):
        apply(site, JANE, minute, preferences=preferences)
    assert accepts() is expected


def test_channels_are_apart(site: Site) -> None:
    apply(site, JANE, 1, preferences={Channel.SMS: True, Channel.POSTAL: False})
    assert (accepts("sms"), accepts("postal")) == (True, False)
    assert Preference.objects.count() == 2


def test_a_consent_changes_by_its_own_time_and_is_never_unset(site: Site) -> None:
    terms = ConsentFact(consent_id="terms", value=True, at=at(3), source="till 4", comment="ok")
    apply(site, JANE, 10, consents=(terms,))
    apply(site, JANE, 11, consents=(ConsentFact(consent_id="terms", value=False, at=at(2)),))
    apply(site, JANE, 12, fields={"city": "Lund"})
    row = Consent.objects.get()
    assert (row.consent_id, row.value, row.changed_at) == ("terms", True, at(3))
    assert (row.source_label, row.comment) == ("till 4", "ok")
    result = apply(site, JANE, 13, consents=(ConsentFact(consent_id="terms", value=False),))
    assert result.changes == {"consent.terms": [True, False]}


@pytest.mark.parametrize("consent_id", ["", " ", "x" * 121])
def test_a_consent_without_a_usable_id_is_noted(site: Site, consent_id: str) -> None:
    result = apply(site, JANE, consents=(ConsentFact(consent_id=consent_id, value=True),))
    assert [note.partition(":")[0] for note in result.notes] == ["BAD_CONSENT_ID"]
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("kind", "expected_status", "expected_preference"),
    [
        ("soft", ("active", ""), None),
        ("hard", ("bounced", "hard_bounce"), None),
        ("unsubscribe", ("active", ""), ("unsubscribe", False)),
        ("complaint", ("active", ""), ("complaint", False)),
    ],
)
def test_a_list_fact_has_its_effect(
    site: Site, kind: str, expected_status: Any, expected_preference: Any
) -> None:
    apply(site, JANE, email_list=EmailListFact(kind=kind, list_id="9997", esp_name="Amazon SES"))
    row = EmailListStatus.objects.get()
    assert (row.list_id, row.kind, row.esp_name) == ("9997", kind, "Amazon SES")
    assert row.soft_bounces == (kind == "soft")
    assert status() == expected_status
    preference = Preference.objects.values_list("cause", "accepts").first()
    assert preference == expected_preference


@pytest.mark.parametrize("kind", ["hard", "unsubscribe", "complaint"])
@pytest.mark.parametrize("soft_minute", [1, 9])
def test_a_soft_bounce_never_lifts_an_inactive_state(
    site: Site, kind: str, soft_minute: int
) -> None:
    facts = [(5, kind), (soft_minute, "soft")]
    for minute, each in sorted(facts, key=lambda fact: fact[1] == "soft"):
        apply(site, JANE, minute, email_list=EmailListFact(kind=each, list_id="1"))
    row = EmailListStatus.objects.get()
    assert (row.kind, row.soft_bounces) == (kind, 1)


def test_an_inactive_state_replaces_a_soft_one_that_is_newer(site: Site) -> None:
    apply(site, JANE, 9, email_list=EmailListFact(kind="soft", list_id="1"))
    apply(site, JANE, 5, email_list=EmailListFact(kind="hard", list_id="1"))
    row = EmailListStatus.objects.get()
    assert (row.kind, row.soft_bounces) == ("hard", 1)


def test_the_same_row_of_a_received_event_counts_one_soft_bounce(site: Site) -> None:
    soft = EmailListFact(kind="soft", list_id="1")
    once = source()
    first = apply(site, JANE, by=once, email_list=soft)
    again = apply(site, JANE, by=once, email_list=soft)
    assert (first.kind, again.kind) == (ChangeKind.CREATED, ChangeKind.UNCHANGED)
    assert EmailListStatus.objects.get().soft_bounces == 1
    other = apply(site, JANE, by=source(), email_list=soft)
    assert EmailListStatus.objects.get().soft_bounces == 2
    assert other.changes == {"email_list.1": ["soft (1)", "soft (2)"]}


def test_repeating_an_unsubscribe_changes_nothing(site: Site) -> None:
    fact = EmailListFact(kind="unsubscribe", list_id="1", esp_name="SES")
    apply(site, JANE, 1, email_list=fact)
    result = apply(site, JANE, 2, email_list=fact)
    assert result.kind is ChangeKind.UNCHANGED
    assert ContactRevision.objects.count() == 1


def test_a_status_belongs_to_the_address_it_was_said_of(site: Site) -> None:
    who = JANE | {"contact": "1"}
    apply(site, who, 1)
    apply(site, who, 5, email_status=EmailStatus.BOUNCED, cause="hard_bounce")
    assert status() == ("bounced", "hard_bounce")
    result = apply(site, {"contact": "1", "email": "new@example.com"}, 10)
    assert status() == ("active", "")
    assert result.changes["email_status"] == ["bounced", "active"]
    late = apply(site, who, 7, email_status=EmailStatus.BOUNCED)
    assert status() == ("active", "")
    assert late.notes[0].startswith("OTHER_ADDRESS")


def test_a_resubscribe_after_the_unsubscribe_counts(site: Site) -> None:
    apply(site, JANE, 1, email_list=EmailListFact(kind="unsubscribe", list_id="1"))
    apply(site, JANE, 2, preferences=YES)
    assert accepts() is True


def test_an_unknown_list_status_is_noted_and_stored_nowhere(site: Site) -> None:
    result = apply(site, JANE, email_list=EmailListFact(kind="opened", list_id="1"))
    assert result.notes[0].startswith("BAD_LIST_FACT")
    assert not EmailListStatus.objects.exists()
