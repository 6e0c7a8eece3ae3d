"""Taking a redemption back in the console: who may, how it is asked, and what stays to be seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, voucher_redeem, vouchers_create
from contacts.models import Contact, PromotionAssignment, RewardVoucher
from sites.models import AuditEntry, Role, Site
from tests.admin.test_theme_of_pages import INLINE
from tests.automation.admin.page_form import PageForm
from tests.conftest import MakeMember
from tests.contacts.loyalty.giving import by, contact_of, promotion_of
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

WHY = "Wrong customer <at the till>"


@pytest.fixture
def contact(site: Site) -> Contact:
    return contact_of(site)


@pytest.fixture
def voucher(site: Site, contact: Contact) -> RewardVoucher:
    order = VoucherOrder(contact_id=contact.pk, amount=Decimal(50), currency="SEK")
    made = vouchers_create(site=site, orders=[order], source=by())[0].voucher
    assert made
    return voucher_redeem(voucher=made, source=by())


@pytest.fixture
def assignment(site: Site, contact: Contact) -> PromotionAssignment:
    promotion = promotion_of(site, name="Shoes")
    made = promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())[0]
    assert made.assignment
    return assignment_redeem(assignment=made.assignment, channel="POS", source=by())


@pytest.fixture
def operator(client: Client, member: MakeMember) -> Client:
    client.force_login(member(Role.OPERATOR))
    return client


def tab_url(contact: Contact, tab: str) -> str:
    return f"{reverse('admin:contacts_contact_loyalty', args=[contact.pk])}?tab={tab}"


def page_url(voucher: RewardVoucher) -> str:
    return reverse("admin:contacts_rewardvoucher_change", args=[voucher.pk])


def undo_url(voucher: RewardVoucher) -> str:
    return reverse("admin:contacts_rewardvoucher_undo", args=[voucher.pk])


def html_of(response: Any) -> str:
    assert response.status_code == 200
    html = str(response.content.decode())
    assert not INLINE.search(html)
    return html


def undone(client: Client, url: str, to: str = "", **values: Any) -> str:
    """Send the form of a page; return the page that comes after it."""
    form = PageForm(html_of(client.get(url)), "undo")
    return html_of(client.post(to or url, {**form.values, "reason": WHY, **values}, follow=True))


def test_a_voucher_is_taken_back_on_its_page(operator: Client, voucher: RewardVoucher) -> None:
    html = undone(operator, page_url(voucher), undo_url(voucher))
    assert "can be used again" in html
    assert "Wrong customer &lt;at the till&gt;" in html
    assert ">Redeem</button>" in html
    assert "Undo redemption" not in html
    assert RewardVoucher.objects.get().redeemed_at is None
    assert AuditEntry.objects.filter(action="voucher.redemption_undone").count() == 1


def test_a_voucher_is_taken_back_beside_it(
    operator: Client, contact: Contact, voucher: RewardVoucher
) -> None:
    html = undone(operator, tab_url(contact, "vouchers"))
    assert f"The redemption of {voucher.unique_code} was undone" in html
    assert "Wrong customer &lt;at the till&gt;" in html
    # And on the person's own page, with all that happened to them.
    page = html_of(operator.get(reverse("admin:contacts_contact_change", args=[contact.pk])))
    assert "voucher.redemption.undone" in page
    assert "Wrong customer &lt;at the till&gt;" in page


def test_a_promotion_is_taken_back_beside_it(
    operator: Client, contact: Contact, assignment: PromotionAssignment
) -> None:
    html = undone(operator, tab_url(contact, "promotions"))
    assert "The redemption of “Shoes” was undone" in html
    assert "Wrong customer &lt;at the till&gt;" in html
    assert "At the till" in html
    assert PromotionAssignment.objects.get().is_open


def test_a_page_that_is_old_undoes_nothing_else(
    operator: Client, contact: Contact, voucher: RewardVoucher
) -> None:
    form = PageForm(html_of(operator.get(page_url(voucher))), "undo")
    undone(operator, page_url(voucher), undo_url(voucher))
    voucher_redeem(voucher=RewardVoucher.objects.get(), source=by())
    sent = {**form.values, "reason": "Again"}
    html = html_of(operator.post(undo_url(voucher), sent, follow=True))
    assert "This redemption is there no more" in html
    assert RewardVoucher.objects.get().redeemed_at
    for instant in ("", "yesterday", "2026-13-45T00:00:00Z", "2026-05-01T10:00:00"):
        sent["redeemed_at"] = [instant]
        html = html_of(operator.post(undo_url(voucher), sent, follow=True))
        assert "The page was incomplete" in html


def test_without_a_reason_it_stays_redeemed(operator: Client, voucher: RewardVoucher) -> None:
    html = undone(operator, page_url(voucher), undo_url(voucher), reason=" ")
    assert "Say why it is taken back" in html
    assert RewardVoucher.objects.get().redeemed_at


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_who_may_not_redeem_may_not_undo(
    client: Client,
    member: MakeMember,
    role: Role,
    contact: Contact,
    voucher: RewardVoucher,
    assignment: PromotionAssignment,
) -> None:
    client.force_login(member(role))
    at = voucher.redeemed_at
    assert at
    sent = {"undo": "1", "redeemed_at": at.isoformat(), "reason": WHY}
    for url in (page_url(voucher), tab_url(contact, "vouchers"), tab_url(contact, "promotions")):
        assert "Undo redemption" not in html_of(client.get(url))
    assert client.post(undo_url(voucher), sent).status_code == 403
    by_tab = {**sent, "voucher": str(voucher.pk)}
    assert client.post(tab_url(contact, "vouchers"), by_tab).status_code == 403
    assert RewardVoucher.objects.get().redeemed_at == at


def test_a_voucher_of_another_site_is_not_there(
    operator: Client, contact: Contact, voucher: RewardVoucher
) -> None:
    RewardVoucher.objects.update(site=SiteFactory.create())
    assert operator.post(undo_url(voucher), {"reason": WHY}).status_code == 404
    assert operator.get(undo_url(voucher)).status_code == 405
