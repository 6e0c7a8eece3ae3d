"""Two requests under one key at the same time, and answers that are old."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.contacts.contact_client import Answer
from tests.contacts.contact_client import ContactClient as Client
from webhooks.models import AnsweredRequest, Subscription

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/api/v1/subscriptions"
NEW = {"name": "Shop", "url": "https://shop.example.com:8443/h", "format": "standard_webhooks"}


def test_of_two_at_once_one_does_it_and_both_know_the_secret(api: Client) -> None:
    together = Barrier(2)

    def create(_: int) -> Answer:
        together.wait()
        try:
            return api.send("POST", BASE, NEW, idempotency_key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(create, range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert first.body["secret"]
    assert Subscription.objects.count() == 1


def test_an_answer_is_kept_for_a_day_and_is_not_readable_at_rest(api: Client) -> None:
    secret = api.send("POST", BASE, NEW, idempotency_key="one").body["secret"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT answer FROM {AnsweredRequest._meta.db_table}")
        ((stored,),) = cursor.fetchall()
    assert stored.startswith("enc:v1:")
    assert secret not in stored
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        api.send("POST", BASE, NEW | {"name": "Two"}, idempotency_key="two")
    (left,) = AnsweredRequest.objects.all()
    assert left.idempotency_key == "two"


def test_keys_of_two_callers_are_apart(api: Client) -> None:
    other = Client(api.site.__class__.objects.create(name="Other", slug="other"))
    answers = [each.send("POST", BASE, NEW, idempotency_key="one") for each in (api, other)]
    assert [each.status for each in answers] == [201, 201]
    assert answers[0].body["id"] != answers[1].body["id"]
