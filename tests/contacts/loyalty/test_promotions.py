from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from common.uses import InUse
from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.definitions import (
    point_definition_delete,
    point_definition_save,
)
from contacts.loyalty.promotions import promotion_delete, promotion_save
from contacts.loyalty.redemption_channels import BadChannel, channels_checked
from contacts.loyalty.validity import expiry_of, status_of
from contacts.loyalty.vouchers import NotRedeemable
from contacts.models import PointDefinition, Promotion, PromotionAssignment
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.contacts.loyalty.giving import (
    award,
    by,
    contact_of,
    contacts_of,
    definition_of,
    nobody,
    promotion_of,
)
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("tests")
NOW = timezone.now()
DAY = timedelta(days=1)


def channel(value_type: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": "POS", "valueType": value_type, "value": value, **more}


@pytest.mark.parametrize(
    "row",
    [
        channel("PERCENT", "20"),
        channel("MONEY", "20.5", localValues=[{"currency": "SEK", "value": "200"}]),
        channel("EXTERNALOFFER", "SPRING20"),
        channel("MANUAL", ""),
        {"type": "OTHER", "valueType": "SWIPE", "instruction": "Show it"},
    ],
)
def test_channels_come_out_in_one_shape(row: Any) -> None:
    (checked,) = channels_checked([row])
    assert set(checked) == {"type", "valueType", "value", "localValues", "instruction"}
    assert channels_checked([checked]) == [checked]


@pytest.mark.parametrize(
    "rows",
    [
        {},
        ["POS"],
        [{"valueType": "MANUAL"}],
        [{"type": "MOON", "valueType": "MANUAL"}],
        [channel("BARTER", "1")],
        [channel("PERCENT", "20.5")],
        [channel("PERCENT", "0")],
        [channel("PERCENT", "101")],
        [channel("PERCENT", 20)],  # type: ignore[arg-type]
        [channel("MONEY", "20,5")],
        [channel("MONEY", "-1")],
        [channel("EXTERNALOFFER", "")],
        [channel("MANUAL", "x" * 201)],
        [channel("MANUAL", "", colour="red")],
        [channel("MONEY", "1", localValues=[{"currency": "kr", "value": "1"}])],
        [channel("MONEY", "1", localValues=[{"currency": "SEK", "value": "much"}])],
        [channel("MANUAL", ""), channel("SWIPE", "")],
    ],
)
def test_a_wrong_channel_is_named(rows: Any) -> None:
    with pytest.raises(BadChannel, match=r"Row 1|must be a list|there twice"):
        channels_checked(rows)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"is_draft": True, "ends_at": NOW - DAY}, "Draft"),
        ({"starts_at": NOW + DAY}, "Scheduled"),
        ({"starts_at": NOW, "ends_at": NOW + DAY}, "Active"),
        ({}, "Active"),
        ({"ends_at": NOW}, "Ended"),
    ],
)
def test_the_status_follows_from_the_dates(values: Any, status: str) -> None:
    assert status_of(Promotion(**{"is_draft": False} | values), NOW) == status


def test_an_assignment_ends_by_its_own_validity_or_the_promotions(site: Site) -> None:
    site = SiteFactory.create(time_zone="Europe/Stockholm")
    at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    days = Promotion(site=site, assigned_unit="Days", assigned_amount=10)
    assert expiry_of(days, at) == at + 10 * DAY
    days.ends_at = at + DAY
    assert expiry_of(days, at) == at + DAY
    # It is February there already, and March in summer time.
    months = Promotion(site=site, assigned_unit="Months", assigned_amount=2)
    assert expiry_of(months, at) == datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    leap = Promotion(site=site, assigned_unit="Months", assigned_amount=1)
    january = datetime(2028, 1, 31, 12, tzinfo=UTC)
    assert expiry_of(leap, january) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert expiry_of(Promotion(site=site), at) is None


def test_saving_checks_and_is_audited(site: Site) -> None:
    promotion = promotion_save(promotion=Promotion(site=site, name="Spring"), actor=ACTOR)
    promotion.redemption_channels = [channel("PERCENT", "20")]
    promotion_save(promotion=promotion, actor=ACTOR)
    promotion_save(promotion=promotion, actor=ACTOR)
    stored = Promotion.objects.get()
    assert stored.redemption_channels[0]["localValues"] == []
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["promotion.created", "promotion.updated"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("ends_at", {"starts_at": NOW, "ends_at": NOW}),
        ("assigned_amount", {"assigned_unit": "Days"}),
        ("assigned_amount", {"assigned_amount": 3}),
        ("assigned_amount", {"assigned_unit": "Months", "assigned_amount": 121}),
        ("assigned_unit", {"assigned_unit": "Years", "assigned_amount": 1}),
        ("link", {"link": "javascript:alert(1)"}),
        ("external_id", {"external_id": "taken"}),
        ("redemption_channels", {"redemption_channels": [{}]}),
    ],
)
def test_what_is_wrong_is_told_by_field(site: Site, field: str, values: Any) -> None:
    promotion_of(site, external_id="taken")
    promotion = Promotion(**{"site": site, "name": "Spring"} | values)
    with pytest.raises(ValidationError) as raised:
        promotion_save(promotion=promotion, actor=ACTOR)
    assert field in raised.value.message_dict


def test_one_that_a_source_keeps_is_not_changed_here(site: Site) -> None:
    promotion = promotion_of(site, source_key="src_engage", told_id="p-1")
    promotion.name = "Other"
    with pytest.raises(ValidationError, match="connected system"):
        promotion_save(promotion=promotion, actor=ACTOR)


def test_one_that_somebody_has_is_not_deleted(site: Site) -> None:
    promotion = promotion_of(site)
    promotions_assign(promotion=promotion, contact_ids=[contact_of(site).pk], source=by())
    with pytest.raises(InUse, match="Contacts have"):
        promotion_delete(promotion=promotion, actor=ACTOR)
    promotion_delete(promotion=promotion_of(site, name="Unused"), actor=ACTOR)
    assert list(Promotion.objects.all()) == [promotion]


def test_many_contacts_get_it_in_a_few_queries(
    site: Site, django_assert_max_num_queries: Any
) -> None:
    contacts, promotion = contacts_of(site, 20), promotion_of(site, ends_at=NOW + DAY)
    ids = [each.pk for each in contacts]
    with django_assert_max_num_queries(8):
        outcomes = promotions_assign(promotion=promotion, contact_ids=[*ids, nobody()], source=by())
    assert [bool(each.refusal) for each in outcomes] == [*[False] * 20, True]
    row = PromotionAssignment.objects.get(contact=contacts[0])
    assert (row.expires_at, row.is_open, row.source_label) == (NOW + DAY, True, "API: Shop")
    again = promotions_assign(promotion=promotion, contact_ids=ids, source=by())
    assert all(each.is_repeat and each.assignment for each in again)
    assert PromotionAssignment.objects.count() == 20


def test_again_once_it_was_redeemed_or_expired_but_not_by_the_same_source_id(site: Site) -> None:
    contact, promotion = contact_of(site), promotion_of(site)

    def give(source_id: str) -> tuple[bool, int]:
        (outcome,) = promotions_assign(
            promotion=promotion,
            contact_ids=[contact.pk],
            source=by(),
            source_ids={contact.pk: source_id},
        )
        assert outcome.assignment is not None
        return outcome.is_repeat, PromotionAssignment.objects.count()

    assert give("1") == (False, 1)
    assignment_redeem(assignment=PromotionAssignment.objects.get(), channel="POS", source=by())
    assert give("1") == (True, 1)
    assert give("2") == (False, 2)
    PromotionAssignment.objects.filter(source_id="2").update(expires_at=NOW - DAY)
    assert give("2") == (True, 2)
    assert give("3") == (False, 3)
    assert give("") == (True, 3)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({"is_draft": True}, "draft"), ({"ends_at": NOW - DAY}, "ended")],
)
def test_only_what_counts_is_assigned(site: Site, values: Any, sentence: str) -> None:
    promotion = promotion_of(site, **values)
    (outcome,) = promotions_assign(
        promotion=promotion, contact_ids=[contact_of(site).pk], source=by()
    )
    assert sentence in outcome.refusal


def test_it_is_redeemed_once_where_it_is_offered(site: Site) -> None:
    contact, promotion = contact_of(site), promotion_of(site)
    (outcome,) = promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
    assignment = outcome.assignment
    assert assignment is not None
    with pytest.raises(NotRedeemable, match="not by OTHER"):
        assignment_redeem(assignment=assignment, channel="OTHER", source=by())
    assignment_redeem(assignment=assignment, channel="ECOM", source=by())
    with pytest.raises(NotRedeemable, match="was redeemed at"):
        assignment_redeem(assignment=assignment, channel="POS", source=by())
    row = PromotionAssignment.objects.get()
    assert (row.redeemed_channel, row.is_open) == ("ECOM", False)


def test_it_is_not_redeemed_out_of_its_time(site: Site) -> None:
    contact, promotion = contact_of(site), promotion_of(site)
    (outcome,) = promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
    assert outcome.assignment is not None
    PromotionAssignment.objects.update(expires_at=NOW - DAY)
    with pytest.raises(NotRedeemable, match="could be redeemed until"):
        assignment_redeem(assignment=outcome.assignment, channel="POS", source=by())
    Promotion.objects.update(starts_at=NOW + DAY)
    with pytest.raises(NotRedeemable, match="is scheduled"):
        assignment_redeem(assignment=outcome.assignment, channel="POS", source=by())


def test_kinds_of_points_keep_their_id(site: Site) -> None:
    definition = point_definition_save(
        definition=PointDefinition(site=site, number=1, name="Bonus"), actor=ACTOR
    )
    definition.expires_after_days = 365
    point_definition_save(definition=definition, actor=ACTOR)
    definition.number = 2
    with pytest.raises(ValidationError, match="stays as it is"):
        point_definition_save(definition=definition, actor=ACTOR)
    for wrong in ({"number": 1}, {"number": 0}, {"number": 9, "expires_after_days": 0}):
        other = PointDefinition(**{"site": site, "name": "Other"} | wrong)
        with pytest.raises(ValidationError):
            point_definition_save(definition=other, actor=ACTOR)
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["point_definition.created", "point_definition.updated"]


def test_points_that_contacts_have_are_not_deleted(site: Site) -> None:
    used, unused = definition_of(site), definition_of(site, 2)
    award(contact_of(site), used, "1")
    with pytest.raises(InUse, match="Switch them off"):
        point_definition_delete(definition=used, actor=ACTOR)
    point_definition_delete(definition=unused, actor=ACTOR)
    assert list(PointDefinition.objects.all()) == [used]
