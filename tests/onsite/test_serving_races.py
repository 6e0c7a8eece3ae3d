"""Onsite sends the same visitor several times at once: threads with connections of their own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from contacts.models import Contact
from onsite.serving.view import throttle
from sites.models import Site
from tests.onsite.served_site import Onsite, served_api

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def test_the_same_visitor_at_the_same_moment_is_one_contact(site: Site) -> None:
    throttle.forget()
    api = served_api(site)
    barrier = Barrier(THREADS)

    def send(number: int) -> int:
        try:
            connection.ensure_connection()
            barrier.wait()
            document = {
                "email": "jane@example.com",
                "phone": "+46701234567",
                "personalIdentity": "20040217-7935",
                "name": f"Jane Doe{number}",
            }
            return Onsite(api).post(document).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = Counter(pool.map(send, range(THREADS)))
    assert statuses == {201: 1, 200: THREADS - 1}
    assert Contact.objects.count() == 1
    calls = Onsite(api).calls
    assert {call.contact_id for call in calls} == {Contact.objects.get().pk}
    assert len(calls) == THREADS
