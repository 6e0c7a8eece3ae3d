"""Several processes meet the same person at one time: threads with connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from contacts.models import Activity, Contact, ContactMerge, ContactSourceId, EmailListStatus
from contacts.services import AppliedChange, ChangeKind
from integrations.contact_change import ActivityFact, EmailListFact
from sites.models import Site
from tests.contacts.changes import apply, source

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def at_once(work: Callable[[int], AppliedChange]) -> list[AppliedChange]:
    barrier = Barrier(THREADS)

    def run(number: int) -> AppliedChange:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_new_address_met_by_many_is_one_contact(site: Site) -> None:
    results = at_once(
        lambda n: apply(
            site,
            {"email": "jane@example.com"},
            n,
            by=f"src_{n}",
            attributes={f"a{n}": n},
            activities=(ActivityFact(type="view"),),
        )
    )
    contact = Contact.objects.get()
    assert {result.contact_id for result in results} == {contact.pk}
    assert [result.kind for result in results].count(ChangeKind.CREATED) == 1
    assert contact.attributes == {f"a{n}": n for n in range(THREADS)}
    assert Activity.objects.count() == THREADS


def test_one_new_id_of_a_sender_met_by_many_is_one_contact(site: Site) -> None:
    results = at_once(lambda n: apply(site, {"contact": "1", "external_id": "crm-1"}, n))
    assert {result.contact_id for result in results} == {Contact.objects.get().pk}
    assert ContactSourceId.objects.count() == 1


def test_no_soft_bounce_is_lost_or_counted_twice(site: Site) -> None:
    apply(site, {"email": "jane@example.com"})
    soft = EmailListFact(kind="soft", list_id="1")
    replayed = source()

    def work(number: int) -> AppliedChange:
        by = replayed if number % 2 else source()
        return apply(site, {"email": "jane@example.com"}, number, by=by, email_list=soft)

    at_once(work)
    assert EmailListStatus.objects.get().soft_bounces == THREADS // 2 + 1


def test_merges_at_the_same_time_leave_one_contact(site: Site) -> None:
    names: list[dict[str, Any]] = [
        {"email": "jane@example.com"},
        {"external_id": "crm-1"},
        {"phone": "0701234567"},
    ]
    for name in names:
        apply(site, name)
    everything: dict[str, Any] = {key: value for name in names for key, value in name.items()}
    at_once(lambda n: apply(site, everything, n, fields={"city": str(n)}))
    contact = Contact.objects.get()
    assert contact.city == str(THREADS - 1)
    assert ContactMerge.objects.filter(contact=contact).count() == len(names) - 1
