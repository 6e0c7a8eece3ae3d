"""Giving something to all members of a segment: the plan, the job, and doing nothing twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from automation.models import Segment
from automation.segments import giving
from automation.segments.gifts import Gift, GiftKind
from automation.segments.giving import giving_plan, giving_start, run_giving
from contacts.loyalty.assigning import promotions_assign
from contacts.models import (
    Contact,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)
from integrations.contact_change import Deletion
from sites.jobs import run_job_slice
from sites.models import Job, JobState, Site
from tests.automation.segments.made import ACTOR, computed, contact, field, segment
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import by, definition_of, promotion_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(site: Site) -> list[Contact]:
    return [contact(site, external_id=f"p{number}", city="Malmö") for number in range(5)]


@pytest.fixture
def chosen(site: Site, people: list[Contact]) -> Segment:
    contact(site, external_id="other", city="Lund")
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    return made


@pytest.fixture
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving, "_SLICE", 2)


def points(site: Site, amount: str = "100", **values: Any) -> Gift:
    return Gift(site=site, kind=GiftKind.POINTS, definition=definition_of(site, **values),
                amount=Decimal(amount), description="For all")  # fmt: skip


def given(of: Segment, gift: Gift, token: str = "one") -> Job:
    job = giving_start(segment=of, gift=gift, token=token, actor=ACTOR)
    run_job_slice(job.pk)
    job.refresh_from_db()
    return job


def test_every_member_gets_points_and_nobody_else(
    site: Site, chosen: Segment, people: list[Contact], slices_of_two: None
) -> None:
    gift = points(site)
    assert giving_plan(segment=chosen, gift=gift).total == 5
    job = given(chosen, gift)
    assert (job.state, job.done, job.counts) == (JobState.DONE, 5, {"given": 5})
    accounts = PointAccount.objects.values_list("contact_id", "balance")
    assert dict(accounts) == {each.pk: 100 for each in people}
    row = PointTransaction.objects.earliest("pk")
    assert (row.source, row.description, row.source_key) == ("Console", "For all", "console")


@pytest.mark.parametrize("kind", list(GiftKind))
def test_a_slice_that_comes_twice_gives_nothing_twice(
    site: Site, chosen: Segment, kind: GiftKind, slices_of_two: None
) -> None:
    gift = {
        GiftKind.POINTS: lambda: points(site),
        GiftKind.VOUCHER: lambda: Gift(
            site=site, kind=kind, amount=Decimal(50), currency="SEK", valid_days=30
        ),
        GiftKind.PROMOTION: lambda: Gift(site=site, kind=kind, promotion=promotion_of(site)),
    }[kind]()
    job = given(chosen, gift)
    job.cursor, job.done, job.counts = "", 0, {}
    while not run_giving(job):
        pass
    assert job.counts == {"had it already": 5}
    rows: dict[GiftKind, Any] = {
        GiftKind.POINTS: PointTransaction,
        GiftKind.VOUCHER: RewardVoucher,
        GiftKind.PROMOTION: PromotionAssignment,
    }
    assert rows[kind].objects.count() == 5


def test_the_same_press_starts_one_job_and_another_one_gives_again(
    site: Site, chosen: Segment
) -> None:
    gift = points(site)
    first, repeated = given(chosen, gift), given(chosen, gift)
    assert first.pk == repeated.pk
    given(chosen, gift, "two")
    assert set(PointAccount.objects.values_list("balance", flat=True)) == {200}


def test_vouchers_of_one_job_end_together(site: Site, chosen: Segment) -> None:
    gift = Gift(site=site, kind=GiftKind.VOUCHER, amount=Decimal("49.5"), currency="EUR",
                valid_days=30)  # fmt: skip
    job = given(chosen, gift)
    assert set(RewardVoucher.objects.values_list("valid_from", "valid_to")) == {
        (job.created_at, job.created_at + timedelta(days=30))
    }
    assert len(set(RewardVoucher.objects.values_list("unique_code", flat=True))) == 5


def test_who_has_a_promotion_keeps_it(site: Site, chosen: Segment, people: list[Contact]) -> None:
    promotion = promotion_of(site)
    promotions_assign(promotion=promotion, contact_ids=[people[0].pk], source=by())
    gift = Gift(site=site, kind=GiftKind.PROMOTION, promotion=promotion)
    plan = giving_plan(segment=chosen, gift=gift)
    assert (plan.members, plan.skipped, plan.total) == (5, 1, 4)
    assert given(chosen, gift).counts == {"given": 4, "had it already": 1}


def test_points_that_a_source_keeps_are_left_alone(
    site: Site, chosen: Segment, people: list[Contact]
) -> None:
    gift = points(site)
    PointAccount.objects.create(
        definition=gift.definition_of, contact=people[0], balance=7, told_by="src_engage",
        updated_at=timezone.now(),
    )  # fmt: skip
    assert giving_plan(segment=chosen, gift=gift).skipped == 1
    counts = given(chosen, gift).counts
    assert counts == {"given": 4, "have points that a connected system keeps": 1}
    assert PointAccount.objects.get(contact=people[0]).balance == 7


def test_who_went_or_came_in_between_gets_nothing(
    site: Site, chosen: Segment, people: list[Contact]
) -> None:
    job = giving_start(segment=chosen, gift=points(site), token="one", actor=ACTOR)
    apply(site, {"external_id": "p0"}, 60 * 24 * 365 * 20, deletion=Deletion(reason="asked"))
    late = contact(site, external_id="late", city="Malmö")
    computed(chosen)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == (JobState.DONE, 4, {"given": 4})
    assert not PointAccount.objects.filter(contact__in=[people[0].pk, late.pk]).exists()


@pytest.mark.parametrize("is_ended", [False, True])
def test_a_promotion_that_is_no_more_stops_the_job_with_the_reason(
    site: Site, chosen: Segment, is_ended: bool
) -> None:
    promotion = promotion_of(site)
    gift = Gift(site=site, kind=GiftKind.PROMOTION, promotion=promotion)
    job = giving_start(segment=chosen, gift=gift, token="one", actor=ACTOR)
    if is_ended:
        promotion.ends_at = timezone.now() - timedelta(hours=1)
        promotion.save()
    else:
        promotion.delete()
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert ("has ended" if is_ended else "was deleted") in job.error
    assert not PromotionAssignment.objects.exists()


def test_what_cannot_be_given_starts_no_job(site: Site, chosen: Segment) -> None:
    switched_off = points(site, number=2, is_active=False)
    draft = Gift(site=site, kind=GiftKind.PROMOTION, promotion=promotion_of(site, is_draft=True))
    for gift in (switched_off, draft):
        assert giving_plan(segment=chosen, gift=gift).total == 0
        with pytest.raises(ValidationError):
            giving_start(segment=chosen, gift=gift, token="one", actor=ACTOR)
    assert not Job.objects.exists()
