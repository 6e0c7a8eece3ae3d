"""Giving to all members of a segment in the console: the plan, and the job that it starts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automation.models import Segment
from contacts.models import PointAccount, PromotionAssignment, RewardVoucher
from sites.jobs import run_job_slice
from sites.models import Job, Role, Site
from tests.admin.test_theme_of_pages import INLINE
from tests.automation.segments.made import computed, contact, field, segment
from tests.conftest import MakeMember
from tests.contacts.loyalty.giving import definition_of, promotion_of
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="token" value="([^"]+)"')


@pytest.fixture
def chosen(site: Site) -> Segment:
    for number in range(3):
        contact(site, external_id=f"p{number}", city="Malmö")
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    return made


def give_url(of: Segment, **query: Any) -> str:
    return reverse("admin:automation_segment_give", args=[of.pk], query=query or None)


def text_of(response: Any) -> str:
    assert response.status_code == 200
    page = str(response.content.decode())
    assert not INLINE.search(page)
    return page


def started(client: Client, url: str) -> Job:
    """Show the plan, press its button twice, and let the job run."""
    found = TOKEN.search(text_of(client.get(url)))
    assert found
    answers = [client.post(url, {"token": found[1]}) for _ in range(2)]
    job = Job.objects.get()
    assert {each["Location"] for each in answers} == {
        reverse("admin:sites_job_change", args=[job.pk])
    }
    run_job_slice(job.pk)
    return job


def test_points_are_planned_and_given_once(operator: Client, site: Site, chosen: Segment) -> None:
    definition = definition_of(site, name="Bonus points")
    assert give_url(chosen) in text_of(
        operator.get(reverse("admin:automation_segment_change", args=[chosen.pk]))
    )
    page = text_of(operator.get(give_url(chosen)))
    assert "Give it to all" not in page
    url = give_url(chosen, kind="points", definition=definition.pk, amount="12.5",
                   description="Thanks", plan=1)  # fmt: skip
    page = text_of(operator.get(url))
    assert "3 contacts would get it" in page
    assert "12.5 of Bonus points" in page
    job = started(operator, url)
    assert set(PointAccount.objects.values_list("balance", flat=True)) == {12.5}
    assert PointAccount.objects.count() == 3
    assert job.title in text_of(operator.get(give_url(chosen)))


def test_a_voucher_and_a_promotion_are_given(operator: Client, site: Site, chosen: Segment) -> None:
    started(operator, give_url(chosen, kind="voucher", amount="50", currency="sek",
                               valid_days="30", plan=1))  # fmt: skip
    assert RewardVoucher.objects.filter(currency="SEK").count() == 3
    Job.objects.all().delete()
    promotion = promotion_of(site)
    url = give_url(chosen, kind="promotion", promotion=promotion.pk, plan=1)
    started(operator, url)
    assert PromotionAssignment.objects.count() == 3
    page = text_of(operator.get(url))
    assert "Nobody would get it" in page
    assert "3 have it already, and keep it" in page
    assert "Give it to all of them" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"kind": "points", "amount": "0"}, "The amount must be more than 0."),
        ({"kind": "points", "amount": "1", "definition": "0"}, "Select a valid choice."),
        ({"kind": "voucher", "amount": "1", "currency": "kr"}, "three capital letters"),
        ({"kind": "voucher", "amount": "1", "currency": "SEK", "valid_days": "0"}, "greater than"),
        ({"kind": "promotion", "promotion": "x"}, "is not a valid UUID"),
        ({"kind": "other", "amount": "x"}, "Enter a number, with a point"),
    ],
)
def test_what_cannot_be_given_has_no_plan(
    operator: Client, site: Site, chosen: Segment, query: Any, words: str
) -> None:
    definition_of(site)
    promotion_of(site)
    url = give_url(chosen, **query, plan=1)
    page = text_of(operator.get(url))
    assert words in page
    assert 'id="plan"' not in page
    assert operator.post(url, {"token": "give_" + "a" * 22}).status_code == 200
    assert not Job.objects.exists()


def test_without_a_plan_nothing_starts(operator: Client, site: Site, chosen: Segment) -> None:
    definition = definition_of(site)
    url = give_url(chosen, kind="points", definition=definition.pk, amount="1", plan=1)
    page = text_of(operator.post(url, {"token": ""}, follow=True))
    assert "Look at the plan first" in page
    assert not Job.objects.exists()


def test_what_is_another_sites_is_neither_offered_nor_given(
    operator: Client, chosen: Segment
) -> None:
    other = SiteFactory.create()
    definition, promotion = definition_of(other, name="Theirs"), promotion_of(other, name="Hers")
    for query in (
        {"kind": "points", "definition": definition.pk, "amount": 1},
        {"kind": "promotion", "promotion": promotion.pk},
    ):
        page = text_of(operator.get(give_url(chosen, **query, plan=1)))
        assert "Theirs" not in page
        assert "Hers" not in page
        assert 'id="plan"' not in page


def test_others_than_operators_give_nothing(
    client: Client, member: MakeMember, chosen: Segment
) -> None:
    for role in (Role.VIEWER, Role.SUPPORT):
        client.force_login(member(role))
        assert client.get(give_url(chosen)).status_code == 403
        assert client.post(give_url(chosen)).status_code == 403
        page = client.get(reverse("admin:automation_segment_change", args=[chosen.pk]))
        assert give_url(chosen) not in text_of(page)
