"""Engage's loyalty events from the socket's side of the journal to the tables, and out again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import (
    Activity,
    PointAccount,
    PointTransaction,
    Promotion,
    PromotionAssignment,
    RewardVoucher,
)
from integrations.registry import preset_for
from sites.models import Site
from tests.factories import SourceFactory
from tests.webhooks.publishing import stored, subscribe
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, ReceivedEvent, Source, Status
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import claim_fresh

pytestmark = pytest.mark.django_db

LOYALTY = (
    "loyalty.addPoints",
    "point.balance.updated",
    "reward.voucher.created",
    "promotion.multichannel.assigned",
)


@pytest.fixture
def source(site: Site) -> Source:
    return SourceFactory.create(site=site, preset_key="voyado_engage")


def receive(source: Source, body: bytes) -> ReceivedEvent:
    headers = {"content-type": "application/json"}
    return received_event(source, Status.RECEIVED, body=body, body_bytes=len(body), headers=headers)


def receive_samples(source: Source) -> list[ReceivedEvent]:
    samples = preset_for("voyado_engage").samples()
    return [
        receive(source, sample.body())
        for sample in samples
        if sample.name.startswith(("loyalty", "point", "reward", "promotion"))
    ]


def work() -> None:
    Processing("me").process(claim_fresh("me"))


def rows() -> tuple[int, ...]:
    models = (Activity, PointAccount, PointTransaction, RewardVoucher, Promotion)
    return tuple(model._default_manager.count() for model in models)


def test_the_documented_samples_land_in_the_tables_beside_the_activity(
    site: Site, source: Source
) -> None:
    events = receive_samples(source)
    assert len(events) == 5
    work()
    for event in events:
        event.refresh_from_db()
        assert event.status == Status.PROCESSED
    assert rows() == (5, 1, 1, 1, 1)
    account = PointAccount.objects.get()
    assert account.definition.number == 1
    assert account.balance in (Decimal("1000.1234"), Decimal("2500.75"))
    assert account.told_by == source.public_id
    told = PointTransaction.objects.get()
    assert (told.amount, told.description) == (Decimal("100.5"), "Welcome points")
    voucher = RewardVoucher.objects.get()
    assert (voucher.unique_code, voucher.amount) == ("ABCD-1234-EFGH", Decimal(50))
    assignment = PromotionAssignment.objects.get()
    assert assignment.promotion.external_id == "PROMO-2024-03"
    channels = assignment.promotion.redemption_channels
    assert [row["type"] for row in channels] == ["POS", "ECOM"]


def test_a_campaign_may_award_twice(site: Site, source: Source) -> None:
    events = receive_samples(source)
    work()
    sample = next(each for each in events if b"loyalty.addPoints" in bytes(each.body or b""))
    again = json.loads(bytes(sample.body or b"")) | {"id": "another-event"}
    receive(source, json.dumps(again).encode())
    work()
    assert PointTransaction.objects.count() == 2


def test_they_go_out_as_they_came_and_once(site: Site, source: Source) -> None:
    subscribe(site, *LOYALTY)
    events = receive_samples(source)
    work()
    out = stored(site)
    came = [json.loads(bytes(event.body or b"")) for event in events]
    sent = [(kind, payload) for kind, payload in out if kind in LOYALTY]
    expected = [(each["eventType"], each["payload"]) for each in came]
    assert sorted(sent, key=json.dumps) == sorted(expected, key=json.dumps)


def test_a_replay_changes_nothing(site: Site, source: Source) -> None:
    subscribe(site, *LOYALTY)
    receive_samples(source)
    work()
    before, told = rows(), stored(site)
    balance = PointAccount.objects.get().balance
    ReceivedEvent.objects.update(status=Status.RECEIVED, attempts=0, due_at=timezone.now())
    work()
    assert (rows(), stored(site)) == (before, told)
    assert PointAccount.objects.get().balance == balance


@pytest.mark.parametrize(
    ("event_type", "payload", "note"),
    [
        ("loyalty.addPoints", {"amount": 5}, "pointDefinitionId is no whole number"),
        ("loyalty.addPoints", {"amount": 0.00001, "pointDefinitionId": 1}, "decimal places"),
        ("point.balance.updated", {"balance": 5, "definitionId": "gold"}, "definitionId is no"),
        ("reward.voucher.created", {"Amount": 5, "Currency": "SEK"}, "no uniqueCode"),
        (
            "reward.voucher.created",
            {"Amount": -5, "Currency": "SEK", "UniqueCode": "A"},
            "less than nothing",
        ),
    ],
)
def test_what_cannot_be_used_stays_an_activity_with_a_note(
    site: Site, source: Source, event_type: str, payload: dict[str, Any], note: str
) -> None:
    whole = {"contactId": "c-1", **payload}
    body = {"eventId": "e-1", "eventType": event_type, "payload": whole, "tenant": "t"}
    event = receive(source, json.dumps(body).encode())
    work()
    event.refresh_from_db()
    assert event.status == Status.PROCESSED
    assert rows() == (1, 0, 0, 0, 0)
    assert note in str(EventOutcome.objects.values_list("notes", flat=True).get())
