"""Points, vouchers and promotions as events: in Engage's shapes, and in the same transaction."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from django.db import transaction

from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.expiring import expire_points
from contacts.loyalty.points import points_award
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import Contact, PointAccount
from sites.models import Site
from tests.contacts.loyalty.giving import (
    LONG_AGO,
    award,
    by,
    contact_of,
    definition_of,
    order,
    promotion_of,
    redeem,
)
from tests.factories import SiteFactory
from tests.webhooks.publishing import stored, subscribe, told
from webhooks.models import Event
from webhooks.outbound.event_types import event_type_named
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.registry import format_for

pytestmark = pytest.mark.django_db

LOYALTY = (
    "loyalty.addPoints",
    "point.balance.updated",
    "reward.voucher.created",
    "promotion.multichannel.assigned",
)


@pytest.fixture
def stockholm() -> Site:
    return SiteFactory.create(time_zone="Europe/Stockholm")


@pytest.fixture
def jane(stockholm: Site) -> Contact:
    contact = contact_of(stockholm)
    subscribe(stockholm, *LOYALTY)
    return contact


def checked(site: Site) -> list[tuple[str, Any]]:
    """Return all events of a site, each of which fits the schema of its type, formats too."""
    events = stored(site)
    for event_type, payload in events:
        known = event_type_named(site, event_type)
        assert known is not None
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(known.schema, format_checker=checker).validate(payload)
        assert payload.keys() <= known.schema["properties"].keys()
    return events


def test_an_award_tells_the_transaction_and_the_balance(stockholm: Site, jane: Contact) -> None:
    points = definition_of(stockholm, 7, expires_after_days=365)
    at = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)
    award(
        jane,
        points,
        "100.5000",
        description="Welcome points",
        reason="New member",
        user_id="u-1",
        user_name="anna.admin",
        source_text="Automation",
        source_id="welcome-2026",
        occurred_at=at,
    )
    account = PointAccount.objects.get()
    assert checked(stockholm) == [
        (
            "loyalty.addPoints",
            {
                "amount": 100.5,
                "contactId": str(jane.pk),
                "pointDefinitionId": 7,
                "source": "Automation",
                "description": "Welcome points",
                "userId": "u-1",
                "userName": "anna.admin",
                "reason": "New member",
                "sourceId": "welcome-2026",
            },
        ),
        (
            "point.balance.updated",
            {
                "accountId": account.pk,
                "balance": 100.5,
                "contactId": str(jane.pk),
                "definitionId": "7",
                "balanceExpires": "2027-03-15T10:30:00+01:00",
            },
        ),
    ]
    event = Event.objects.get(type="loyalty.addPoints")
    assert (event.contact_id, event.subject) == (jane.pk, {"email": "jane@example.com"})
    assert (event.order_key, event.source_key, event.occurred_at) == (jane.pk.hex, "key_shop", at)


def test_every_other_change_tells_the_balance_alone(stockholm: Site, jane: Contact) -> None:
    points = definition_of(stockholm, expires_after_days=30)
    award(jane, points, "10", occurred_at=LONG_AGO)
    award(jane, points, "5.25")
    Event.objects.all().delete()
    expire_points()
    points.expires_after_days = None
    redeem(jane, points, "5.25")
    (first, second) = checked(stockholm)
    assert (first[0], first[1]["balance"]) == ("point.balance.updated", 5.25)
    assert (second[0], second[1]["balance"]) == ("point.balance.updated", 0)
    assert "balanceExpires" not in second[1]


def test_a_repeat_and_a_refusal_tell_nothing(stockholm: Site, jane: Contact) -> None:
    points = definition_of(stockholm)
    award(jane, points, "10", source_id="1")
    Event.objects.all().delete()
    award(jane, points, "10", source_id="1")
    award(jane, points, "0")
    assert stored(stockholm) == []


def test_a_voucher_is_told_in_pascal_case(stockholm: Site, jane: Contact) -> None:
    begin = datetime(2026, 3, 15, tzinfo=UTC)
    (outcome,) = vouchers_create(
        site=stockholm,
        orders=[
            VoucherOrder(
                contact_id=jane.pk,
                amount=Decimal("50.00"),
                currency="SEK",
                unique_code="ABCD-1234",
                valid_from=begin,
                valid_to=begin + timedelta(days=92),
            )
        ],
        source=by(),
    )
    assert outcome.voucher is not None
    assert checked(stockholm) == [
        (
            "reward.voucher.created",
            {
                "Amount": 50,
                "ContactId": str(jane.pk),
                "Currency": "SEK",
                "Id": str(outcome.voucher.pk),
                "UniqueCode": "ABCD-1234",
                "ValidFrom": "2026-03-15T01:00:00+01:00",
                "ValidTo": "2026-06-15T02:00:00+02:00",
            },
        )
    ]


def test_an_assignment_is_told_with_its_channels(stockholm: Site, jane: Contact) -> None:
    ends_at = datetime(2099, 4, 30, 22, tzinfo=UTC)
    promotion = promotion_of(stockholm, external_id="PROMO-1", ends_at=ends_at)
    (outcome,) = promotions_assign(promotion=promotion, contact_ids=[jane.pk], source=by())
    promotions_assign(promotion=promotion, contact_ids=[jane.pk], source=by())
    assert outcome.assignment is not None
    assert checked(stockholm) == [
        (
            "promotion.multichannel.assigned",
            {
                "contactId": str(jane.pk),
                "id": str(outcome.assignment.pk),
                "promotionId": str(promotion.pk),
                "externalId": "PROMO-1",
                "name": promotion.name,
                "expiresOn": "2099-05-01T00:00:00+02:00",
                "redemptionChannels": promotion.redemption_channels,
            },
        )
    ]


def test_what_is_taken_back_is_not_told(stockholm: Site, jane: Contact) -> None:
    points = definition_of(stockholm)
    with transaction.atomic():
        award(jane, points, "10")
        transaction.set_rollback(True)
    assert (stored(stockholm), PointAccount.objects.count()) == ([], 0)


def test_who_caused_it_is_not_told(stockholm: Site, jane: Contact) -> None:
    points = definition_of(stockholm)
    own = subscribe(stockholm, *LOYALTY, source_key="key_shop")
    award(jane, points, "1")
    points_award(orders=[order(jane, points, "1")], source=by("key_till"))
    assert told(own) == ["loyalty.addPoints", "point.balance.updated"]


def test_a_site_that_tells_nobody_stores_nothing(site: Site) -> None:
    award(contact_of(site), definition_of(site), "1")
    assert not Event.objects.exists()


def test_the_engage_format_writes_it_as_engage_does(stockholm: Site, jane: Contact) -> None:
    definition = definition_of(stockholm)
    award(jane, definition, "100.50", source_text="Automation", source_id="welcome-2024")
    dialect = format_for("engage")
    assert dialect is not None
    bodies = [
        dialect.build(
            [
                SentEvent(
                    message_id="msg_1",
                    type=event.type,
                    occurred_at=event.occurred_at,
                    payload_text=event.payload,
                    site_id=str(stockholm.public_id),
                )
            ],
            message_id="msg_1",
            settings={"tenant": "acme"},
        ).body
        for event in Event.objects.order_by("pk")
    ]
    account = PointAccount.objects.get()
    assert bodies == [
        b'{"id":"msg_1","eventType":"loyalty.addPoints","isEncrypted":false,"payload":'
        b'{"amount":100.5,"contactId":"%b","pointDefinitionId":1,"source":"Automation",'
        b'"description":"","userId":"","userName":"","reason":"","sourceId":"welcome-2024"},'
        b'"tenant":"acme"}' % str(jane.pk).encode(),
        b'{"id":"msg_1","eventType":"point.balance.updated","isEncrypted":false,"payload":'
        b'{"accountId":%d,"balance":100.5,"contactId":"%b","definitionId":"1"},'
        b'"tenant":"acme"}' % (account.pk, str(jane.pk).encode()),
    ]
    assert json.loads(bodies[0])["payload"]["amount"] == 100.5
