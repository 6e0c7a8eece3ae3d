"""Every answer that counted is kept, with the text that was shown; and never becomes not set."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.models import Consent, ConsentChange, ConsentDefinition, ConsentText, Contact
from contacts.services import ChangeItem, ChangeKind, contacts_apply_batch
from integrations.contact_change import ConsentFact, Deletion
from sites.models import Site
from tests.contacts.changes import apply, at, change, source

JANE = {"contact": "1", "email": "jane@example.com"}


def answer(value: bool, minute: float | None = None, **values: Any) -> dict[str, Any]:
    said_at = None if minute is None else at(minute)
    return {"consents": (ConsentFact(consent_id="terms", value=value, at=said_at, **values),)}


def history() -> list[tuple[bool | None, bool]]:
    rows = ConsentChange.objects.order_by("changed_at", "pk")
    return list(rows.values_list("previous_value", "value"))


def publish(site: Site, *minutes: float) -> ConsentDefinition:
    definition = ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    for version, minute in enumerate(minutes, start=1):
        ConsentText.objects.create(
            definition=definition, version=version, published_at=at(minute), texts={}
        )
    return definition


def test_each_answer_is_kept_with_who_told_it(site: Site) -> None:
    who = source(actor_label="Store clerk")
    apply(site, JANE, 1, by=who, **answer(True, 1, comment="at the till", source="Shop 4"))
    apply(site, JANE, 5, **answer(False, 5))
    assert history() == [(None, True), (True, False)]
    first = ConsentChange.objects.earliest("changed_at")
    assert (first.changed_at, first.comment, first.source_label) == (at(1), "at the till", "Shop 4")
    assert (first.source_key, first.actor_label) == ("src_engage", "Store clerk")
    assert first.received_event_id == who.received_event_id
    row = Consent.objects.get()
    assert (row.value, row.changed_at, first.consent) == (False, at(5), row)


def test_an_answer_that_comes_late_or_again_is_no_new_one(site: Site) -> None:
    apply(site, JANE, 5, **answer(False, 5))
    again = apply(site, JANE, 5, **answer(False, 5))
    older = apply(site, JANE, 2, **answer(True, 2))
    tie = apply(site, JANE, 5, **answer(True, 5))
    # A sender that repeats all it knows with every event does not say when the answer was given.
    repeated = apply(site, JANE, 9, **answer(False))
    assert history() == [(None, False)]
    kinds = {each.kind for each in (again, older, tie, repeated)}
    assert kinds == {ChangeKind.UNCHANGED}


def test_the_same_answer_given_again_is_kept_and_is_no_change(site: Site) -> None:
    publish(site, 0, 10)
    apply(site, JANE, 1, **answer(True, 1))
    result = apply(site, JANE, 12, **answer(True, 12))
    assert history() == [(None, True), (True, True)]
    assert result.changes == {}
    row = Consent.objects.get()
    assert (row.changed_at, row.text_version) == (at(12), 2)


@pytest.mark.parametrize(
    ("minute", "told", "expected"), [(1, None, None), (5, None, 1), (20, None, 2), (20, 1, 1)]
)
def test_the_text_is_the_one_told_or_the_newest_at_the_time(
    site: Site, minute: float, told: int | None, expected: int | None
) -> None:
    publish(site, 3, 10)
    apply(site, JANE, 30, **answer(True, minute, text_version=told))
    assert ConsentChange.objects.get().text_version == expected
    assert Consent.objects.get().text_version == expected


@pytest.mark.parametrize("version", [0, -1, 2**40])
def test_a_version_that_cannot_be_one_does_not_stop_the_answer(site: Site, version: int) -> None:
    apply(site, JANE, 1, **answer(True, 1, text_version=version))
    assert ConsentChange.objects.get().text_version is None


def test_many_answers_of_a_batch_cost_as_many_statements_as_one(site: Site) -> None:
    def cost(people: int, prefix: str) -> int:
        items = [
            ChangeItem(
                site=site,
                change=change({"email": f"{prefix}{n}@example.com"}, n, **answer(True, n)),
                source=source(),
            )
            for n in range(people)
        ]
        with CaptureQueriesContext(connection) as queries:
            contacts_apply_batch(items)
        return len(queries)

    assert cost(2, "a") == cost(40, "b")
    assert ConsentChange.objects.count() == 42


def test_a_batch_without_consents_asks_for_none(site: Site) -> None:
    with CaptureQueriesContext(connection) as queries:
        apply(site, JANE, 1, fields={"city": "Lund"})
    assert not [query for query in queries if "consent" in query["sql"]]


def test_two_who_become_one_have_one_history(site: Site) -> None:
    apply(site, {"contact": "1", "email": "jane@example.com"}, 1, **answer(True, 1))
    apply(site, {"phone": "+46701234567"}, 2, **answer(False, 2))
    other = (ConsentFact(consent_id="news", value=True, at=at(3)),)
    apply(site, {"phone": "+46701234567"}, 3, consents=other)
    assert Contact.objects.count() == 2
    apply(site, {"email": "jane@example.com", "phone": "+46701234567"}, 4)
    contact = Contact.objects.get()
    assert {(row.consent_id, row.value) for row in contact.consents.all()} == {
        ("terms", False),
        ("news", True),
    }
    assert contact.consent_changes.count() == 3
    for row in contact.consent_changes.select_related("consent"):
        assert row.consent.contact_id == contact.pk
    terms = contact.consent_changes.filter(consent__consent_id="terms")
    assert sorted(terms.values_list("value", flat=True)) == [False, True]


def test_two_who_were_never_stored_become_one_within_a_batch(site: Site) -> None:
    items = [
        ChangeItem(site=site, change=each, source=source())
        for each in (
            change({"email": "jane@example.com"}, 1, **answer(True, 1)),
            change({"phone": "+46701234567"}, 2, **answer(False, 2)),
            change({"email": "jane@example.com", "phone": "+46701234567"}, 3, **answer(True, 3)),
        )
    ]
    contacts_apply_batch(items)
    contact = Contact.objects.get()
    assert contact.consent_changes.count() == 3
    assert contact.consents.get().value is True


def test_a_joined_history_ends_with_what_stands(site: Site) -> None:
    apply(site, {"email": "jane@example.com"}, 1, **answer(False, 1))
    # Said again, without a time of its own: no further answer, but newer than the other's yes.
    apply(site, {"email": "jane@example.com"}, 5, **answer(False))
    apply(site, {"phone": "+46701234567"}, 5, **answer(True, 5))
    apply(site, {"email": "jane@example.com", "phone": "+46701234567"}, 6)
    assert history() == [(None, False), (None, True), (True, False)]
    row = Consent.objects.get()
    assert (row.value, row.changed_at) == (False, at(5))


def test_an_erased_person_leaves_no_answer(site: Site) -> None:
    apply(site, JANE, 1, **answer(True, 1))
    apply(site, {"contact": "1"}, 5, deletion=Deletion(reason="left"))
    assert not ConsentChange.objects.exists()
    assert not Consent.objects.exists()


def test_who_was_created_again_keeps_what_was_answered_since(site: Site) -> None:
    apply(site, JANE, 1, revives=True, **answer(True, 1))
    news = ConsentFact(consent_id="news", value=True, at=at(2))
    apply(site, JANE, 2, consents=(news,))
    apply(site, JANE, 10, revives=True, fields={"first_name": "Jane"}, **answer(False, 10))
    apply(site, {"contact": "1"}, 5, deletion=Deletion())
    kept = ConsentChange.objects.get()
    assert (kept.value, kept.previous_value, kept.changed_at) == (False, None, at(10))
    assert Consent.objects.get().value is False


def test_what_a_batch_answers_and_erases_leaves_nothing(site: Site) -> None:
    items = [
        ChangeItem(site=site, change=each, source=source())
        for each in (
            change(JANE, 1, **answer(True, 1)),
            change({"contact": "1"}, 2, deletion=Deletion()),
            change(JANE, 3, revives=True, **answer(False, 3)),
        )
    ]
    contacts_apply_batch(items)
    assert history() == [(None, False)]


def test_a_site_goes_with_its_contacts_and_their_answers(site: Site) -> None:
    publish(site, 0)
    apply(site, JANE, 1, **answer(True, 1))
    site.delete()
    assert not ConsentChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_forget_an_answer() -> None:
    site = Site.objects.create(name="Brand", slug="brand")
    apply(site, JANE, 1, **answer(True, 1))
    table = Consent._meta.db_table
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET value = NULL")
    assert Consent.objects.get().value is True
