from __future__ import annotations

import gc
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from contacts import services
from contacts.applying.states import ContactState
from contacts.models import Activity, Contact, ContactRevision, ContactSourceId
from contacts.services import (
    ChangeItem,
    ChangeKind,
    contact_preview,
    contacts_apply_batch,
    contacts_preview_batch,
)
from contacts.signals import ContactChanged, ContactChanges, contacts_changed
from integrations.contact_change import (
    ActivityFact,
    Channel,
    Deletion,
    EmailListFact,
    EmailStatus,
)
from sites.models import Site
from tests.contacts.changes import apply, at, change, source

JANE = {"email": "jane@example.com"}


def batch(site: Site, size: int, minute: int) -> list[ChangeItem]:
    return [
        ChangeItem(
            site=site,
            source=source(),
            change=change(
                {"email": f"p{n}@example.com", "contact": str(n)},
                minute,
                fields={"city": f"{minute}"},
                preferences={Channel.SMS: bool(minute % 2)},
                email_list=EmailListFact(kind="soft", list_id="1"),
                activities=(ActivityFact(type="a"), ActivityFact(type="b", key="k")),
            ),
        )
        for n in range(size)
    ]


def test_statements_do_not_grow_with_the_batch(site: Site) -> None:
    counts = []
    for size, minute in ((30, 1), (90, 2), (30, 3), (90, 4)):
        with CaptureQueriesContext(connection) as queries:
            contacts_apply_batch(batch(site, size, minute))
        counts.append(len(queries))
    assert max(counts) <= 25
    assert counts[3] == counts[2]
    assert Contact.objects.filter(city="4").count() == 90


def test_a_preview_says_what_would_happen_and_saves_nothing(site: Site) -> None:
    def everything(minute: int) -> Any:
        return change(
            JANE | {"contact": "1"},
            minute,
            fields={"city": str(minute)},
            preferences={Channel.EMAIL: True},
            activities=(ActivityFact(type="visit"),),
        )

    for minute in (1, 2):
        with CaptureQueriesContext(connection) as queries:
            preview = contact_preview(site=site, change=everything(minute), source=source())
        assert all(query["sql"].startswith("SELECT") for query in queries)
        assert not any("FOR NO KEY UPDATE" in query["sql"] for query in queries)
        assert Contact.objects.count() == minute - 1
        result = services.contact_apply(site=site, change=everything(minute), source=source())
        assert (preview.kind, preview.changes, preview.notes, preview.activities) == (
            result.kind,
            result.changes,
            result.notes,
            result.activities,
        )
        assert preview.contact_id == (None if minute == 1 else result.contact_id)


@pytest.mark.parametrize("with_email", [True, False])
def test_a_preview_of_a_deletion_or_merge_saves_nothing(site: Site, with_email: bool) -> None:
    apply(site, JANE)
    apply(site, {"external_id": "1"})
    what = (
        change(JANE | {"external_id": "1"}, 5)
        if with_email
        else change({"external_id": "1"}, 5, deletion=Deletion())
    )
    preview = contact_preview(site=site, change=what, source=source())
    assert preview.kind is (ChangeKind.CHANGED if with_email else ChangeKind.DELETED)
    assert Contact.objects.filter(deleted_at=None).count() == 2


def test_each_change_is_told_once_with_its_delta(site: Site) -> None:
    told: list[ContactChanged] = []

    def receive(changes: ContactChanges, **_: Any) -> None:
        assert all(Contact.objects.filter(pk=each.contact_id).exists() for each in changes)
        told.extend(changes)

    contacts_changed.connect(receive)
    try:
        by = source()
        created = apply(site, JANE, 1, by=by, fields={"city": "Lund"})
        apply(site, JANE, 2, fields={"city": "Malmö"})
        apply(site, JANE, 3, fields={"city": "Malmö"})
        apply(site, JANE, 4, activities=(ActivityFact(type="visit"),))
        apply(site, {}, 5)
    finally:
        contacts_changed.disconnect(receive)
    assert [(each.kind, each.existed_before, each.changes) for each in told] == [
        ("created", False, {"email": [None, "jane@example.com"], "city": [None, "Lund"]}),
        ("changed", True, {"city": ["Lund", "Malmö"]}),
    ]
    assert told[0].contact_id == told[0].kept_id == created.contact_id
    assert (told[0].site_id, told[0].source, told[0].occurred_at) == (site.pk, by, at(1))
    assert [each.snapshot.values["city"] for each in told] == ["Lund", "Malmö"]
    stored = Contact.objects.get()
    assert [each.snapshot.created_at for each in told] == [stored.created_at] * 2


def test_a_receiver_that_fails_undoes_the_whole_batch(site: Site) -> None:
    def refuse(**_: Any) -> None:
        raise LookupError

    contacts_changed.connect(refuse)
    try:
        with pytest.raises(LookupError):
            contacts_apply_batch(batch(site, 3, 1))
    finally:
        contacts_changed.disconnect(refuse)
    for model in (Contact, ContactSourceId, ContactRevision, Activity):
        assert not model._default_manager.exists()


def test_the_loser_of_a_race_tries_again_and_gives_up_after_a_few(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = contacts_apply_batch, [IntegrityError()] * 4

    def unlucky(items: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(items)

    monkeypatch.setattr(services, "contacts_apply_batch", unlucky)
    assert apply(site, JANE).kind is ChangeKind.CREATED
    failures.extend([IntegrityError()] * 5)
    with pytest.raises(IntegrityError):
        apply(site, JANE)


def test_results_come_in_the_order_of_the_items(site: Site) -> None:
    items = batch(site, 3, 1)
    items.insert(1, ChangeItem(site=site, change=change({}), source=source()))
    kinds = [result.kind for result in contacts_apply_batch(items)]
    assert kinds == ["created", "rejected", "created", "created"]
    assert contacts_apply_batch([]) == []


def test_a_change_about_known_people_only_creates_nobody(site: Site) -> None:
    result = apply(site, JANE, 1, only_known=True, activities=(ActivityFact(type="visit"),))
    assert (result.kind, result.cause, result.contact_id) == (ChangeKind.REJECTED, "E0501", None)
    assert result.reason.startswith("Contact does not exist")
    assert not Contact.objects.exists()
    assert not Activity.objects.exists()
    apply(site, JANE, 2)
    result = apply(site, JANE, 3, only_known=True, fields={"city": "Lund"})
    assert result.kind is ChangeKind.CHANGED
    assert Contact.objects.get().city == "Lund"


def test_known_people_only_means_those_of_the_same_batch_too(site: Site) -> None:
    changes = [
        change(JANE, 1, only_known=True),
        change(JANE, 2),
        change(JANE, 3, only_known=True, fields={"city": "Lund"}),
    ]
    items = [ChangeItem(site=site, change=each, source=source()) for each in changes]
    kinds = [result.kind for result in contacts_apply_batch(items)]
    assert kinds == [ChangeKind.REJECTED, ChangeKind.CREATED, ChangeKind.CHANGED]
    assert Contact.objects.get().city == "Lund"


def test_a_conflict_rejects_its_own_row_of_a_batch_and_no_other(site: Site) -> None:
    apply(site, {"email": "a@example.com", "external_id": "A"})
    rows = [{"email": "new@example.com"}, {"email": "b@example.com", "external_id": "A"}]
    items = [
        ChangeItem(site=site, change=change(who, 5), source=source(), named_by="email")
        for who in rows
    ]
    for results in (contacts_preview_batch(items), contacts_apply_batch(items)):
        assert [result.kind for result in results] == [ChangeKind.CREATED, ChangeKind.REJECTED]
        assert (results[1].cause, results[1].held) == ("CONTACT_CONFLICT", ("external_id",))
    emails = Contact.objects.order_by("email").values_list("email", flat=True)
    assert list(emails) == ["a@example.com", "new@example.com"]


def test_a_previewed_batch_sees_what_its_earlier_rows_would_do(site: Site) -> None:
    items = [
        ChangeItem(site=site, change=change({"email": "a@example.com"}, 1), source=source())
        for _ in range(2)
    ]
    kinds = [result.kind for result in contacts_preview_batch(items)]
    assert kinds == [ChangeKind.CREATED, ChangeKind.UNCHANGED]
    assert not Contact.objects.exists()


def test_the_same_state_of_an_address_keeps_the_cause_that_is_known(site: Site) -> None:
    jane = {"email": "jane@example.com"}
    apply(site, jane, 1, email_status=EmailStatus.BOUNCED, cause="hard_bounce")
    assert apply(site, jane, 2, email_status=EmailStatus.BOUNCED).changes == {}
    assert apply(site, jane, 3, email_status=EmailStatus.BANNED).changes == {
        "email_status": ["bounced", "banned"],
        "email_status_cause": ["hard_bounce", None],
    }


def test_batch_is_gone_when_it_is_done(site: Site) -> None:
    """What only the collector can free adds up until it runs, and running costs every event."""

    def held() -> int:
        return sum(type(each) is ContactState for each in gc.get_objects())

    gc.collect()
    before = held()
    gc.disable()
    try:
        for minute in (0, 1):
            contacts_apply_batch(batch(site, 5, minute))
        after = held()
    finally:
        gc.enable()
    assert after == before
