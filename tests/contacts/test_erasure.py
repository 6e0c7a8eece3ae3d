from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from contacts.models import (
    Activity,
    Consent,
    ConsentChange,
    Contact,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)
from contacts.services import AppliedChange, ChangeItem, ChangeKind, contacts_apply_batch
from contacts.signals import contact_erased, contacts_changed
from integrations.contact_change import (
    ActivityFact,
    Channel,
    ConsentFact,
    Deletion,
    EmailListFact,
    Identity,
)
from sites.models import Site
from tests.contacts.changes import apply, at, change, source

JANE = {"contact": "1", "email": "jane@example.com"}
ID = {"contact": "1"}
GONE = Deletion(reason="cancelled membership")


def create(site: Site, minute: int, **values: Any) -> AppliedChange:
    return apply(site, JANE, minute, revives=True, fields={"first_name": "Jane"}, **values)


def delete(site: Site, minute: int, who: dict[str, Any] | None = None) -> AppliedChange:
    return apply(site, who or ID, minute, deletion=GONE)


def codes(result: AppliedChange) -> list[str]:
    return [note.partition(":")[0] for note in result.notes]


def whole_database() -> str:
    """Return every row of every table of contacts as text."""
    tables = [
        model._meta.db_table
        for model in (
            Contact,
            Activity,
            Preference,
            Consent,
            ConsentChange,
            EmailListStatus,
            ContactRevision,
            ContactSourceId,
        )
    ]
    with connection.cursor() as cursor:
        rows: list[Any] = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            rows += cursor.fetchall()
    return str(rows)


def test_deleting_erases_the_person_and_leaves_a_tombstone(site: Site) -> None:
    created = create(
        site,
        1,
        attributes={"note": "canary-1"},
        preferences={Channel.EMAIL: True},
        consents=(ConsentFact(consent_id="c", value=True, comment="canary-2"),),
        email_list=EmailListFact(kind="soft", list_id="1", esp_name="canary-3"),
        activities=(ActivityFact(type="visit", properties={"page": "canary-4"}),),
    )
    assert "canary-4" in whole_database()
    result = delete(site, 5)
    assert (result.kind, result.contact_id) == (ChangeKind.DELETED, created.contact_id)
    tombstone = Contact.objects.get()
    assert (tombstone.deleted_at, tombstone.deletion_reason) == (at(5), "cancelled membership")
    stored = whole_database()
    assert "canary" not in stored
    assert "jane" not in stored.lower()
    assert ContactSourceId.objects.get().contact == tombstone
    assert list(ContactRevision.objects.order_by("pk").values_list("changes", flat=True)) == [
        {},
        {"state": ["known", "deleted"]},
    ]


def test_the_delta_of_a_deletion_says_who_it_was(site: Site) -> None:
    told: list[dict[str, Any]] = []

    def receive(**values: Any) -> None:
        told.append(values)

    create(site, 1, preferences={Channel.SMS: True})
    contacts_changed.connect(receive)
    contact_erased.connect(receive)
    try:
        result = delete(site, 5)
    finally:
        contacts_changed.disconnect(receive)
        contact_erased.disconnect(receive)
    erased, announced = told
    (changed,) = announced["changes"]
    assert (erased["contact_id"], erased["site_id"]) == (result.contact_id, site.pk)
    assert erased["identity"] == Identity(email="jane@example.com")
    assert (changed.kind, changed.existed_before) == (ChangeKind.DELETED, True)
    assert changed.snapshot.values["deletion_reason"] == "cancelled membership"
    assert changed.changes == {
        "email": ["jane@example.com", None],
        "first_name": ["Jane", None],
        "preference.sms": [True, None],
    }


def test_a_late_event_does_not_bring_a_deleted_person_back(site: Site) -> None:
    create(site, 1)
    delete(site, 5)
    late = apply(site, JANE, 9, fields={"city": "Lund"}, activities=(ActivityFact(type="visit"),))
    assert (late.kind, codes(late)) == (ChangeKind.UNCHANGED, ["CONTACT_DELETED"])
    assert late.activities == ()
    assert Contact.objects.get().email is None
    assert not Activity.objects.exists()


def test_a_newer_creation_lifts_the_tombstone(site: Site) -> None:
    created = create(site, 1, attributes={"old": 1})
    delete(site, 5)
    again = create(site, 9)
    assert (again.kind, again.contact_id) == (ChangeKind.CREATED, created.contact_id)
    contact = Contact.objects.get()
    assert (contact.email, contact.deleted_at, contact.deletion_reason) == (
        "jane@example.com",
        None,
        "",
    )
    assert contact.attributes == {}
    before_deletion = apply(site, JANE, 3, fields={"city": "Lund"})
    assert codes(before_deletion) == ["CONTACT_DELETED"]
    assert Contact.objects.get().city == ""


def test_an_older_creation_does_not_lift_the_tombstone(site: Site) -> None:
    delete(site, 5)
    late = create(site, 1)
    assert (late.kind, codes(late)) == (ChangeKind.UNCHANGED, ["CONTACT_DELETED"])
    assert Contact.objects.get().email is None


def test_a_deletion_of_somebody_unknown_is_remembered_by_the_senders_id(site: Site) -> None:
    result = delete(site, 5)
    assert result.kind is ChangeKind.TOMBSTONED
    assert Contact.objects.get(pk=str(result.contact_id)).deleted_at == at(5)
    by_email = delete(site, 5, {"email": "nobody@example.com"})
    assert (by_email.kind, by_email.contact_id, codes(by_email)) == (
        ChangeKind.UNCHANGED,
        None,
        ["NOT_KNOWN"],
    )


def test_deleting_twice_is_harmless(site: Site) -> None:
    create(site, 1)
    delete(site, 5)
    assert delete(site, 6).kind is ChangeKind.UNCHANGED
    assert create(site, 5).kind is ChangeKind.UNCHANGED
    assert create(site, 7).kind is ChangeKind.CREATED


def test_a_deletion_that_comes_after_the_new_creation_erases_what_is_older(site: Site) -> None:
    apply(
        site,
        JANE,
        1,
        fields={"city": "Lund"},
        preferences={Channel.SMS: True},
        attributes={"old": 1},
        activities=(ActivityFact(type="visit"),),
    )
    create(site, 9, preferences={Channel.EMAIL: True})
    result = delete(site, 5)
    assert codes(result) == ["CREATED_SINCE"]
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.city) == ("jane@example.com", "Jane", "")
    assert contact.attributes == {}
    assert list(Preference.objects.values_list("channel", flat=True)) == ["email"]
    assert not Activity.objects.exists()
    assert "Lund" not in whole_database()


def test_the_address_of_an_erased_person_is_free(site: Site) -> None:
    erased = create(site, 1)
    delete(site, 5)
    other = apply(site, {"email": "jane@example.com"}, 9, by="src_other")
    assert (other.kind, other.contact_id != erased.contact_id) == (ChangeKind.CREATED, True)


@pytest.mark.parametrize("split", range(1, 5))
def test_deletion_and_revival_within_batches_leave_nothing_behind(site: Site, split: int) -> None:
    by = [source() for _ in range(5)]
    visit = (ActivityFact(type="visit", properties={"page": "canary"}),)
    changes = [
        change(JANE, 1, fields={"city": "canary"}, activities=visit),
        change(ID, 5, deletion=GONE),
        change(JANE, 6, fields={"city": "canary"}),
        change(JANE, 9, revives=True, activities=(ActivityFact(type="welcome"),)),
        change({"email": "jane@example.com"}, 10, fields={"city": "Lund"}),
    ]
    items = [ChangeItem(site=site, change=c, source=s) for c, s in zip(changes, by, strict=True)]
    results = contacts_apply_batch(items[:split]) + contacts_apply_batch(items[split:])
    assert [str(result.kind) for result in results] == [
        "created",
        "deleted",
        "unchanged",
        "created",
        "changed",
    ]
    assert "canary" not in whole_database()
    assert Activity.objects.get().type == "welcome"
    assert Contact.objects.get().city == "Lund"


def test_a_revived_contact_joins_the_one_that_took_the_address(site: Site) -> None:
    create(site, 1)
    delete(site, 5)
    taken = apply(site, {"email": "jane@example.com"}, 6, by="src_other", fields={"city": "Lund"})
    again = create(site, 9)
    assert again.absorbed_ids == (taken.contact_id,)
    contact = Contact.objects.get()
    assert (contact.email, contact.city, contact.first_name) == ("jane@example.com", "Lund", "Jane")
