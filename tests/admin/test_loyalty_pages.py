"""Points, vouchers and promotions in the console: of a contact, and of a site."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.admin.loyalty import promotion_list
from contacts.admin.loyalty.promotion_list import assignment_counts
from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import (
    Contact,
    PointAccount,
    PointDefinition,
    PointTransaction,
    Promotion,
    PromotionAssignment,
    RewardVoucher,
)
from sites.models import AuditEntry, Role, Site, User
from tests.admin.test_theme_of_pages import INLINE
from tests.conftest import MakeMember
from tests.contacts.loyalty.giving import award, by, contact_of, definition_of, promotion_of

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="token" value="(form_[0-9A-Za-z]{22})"')


@pytest.fixture
def operator(client: Client, member: MakeMember) -> User:
    user = member(Role.OPERATOR)
    client.force_login(user)
    return user


@pytest.fixture
def contact(site: Site) -> Contact:
    return contact_of(site)


@pytest.fixture
def definition(site: Site) -> PointDefinition:
    return definition_of(site, name="Bonus points")


def loyalty_url(contact: Contact, tab: str = "points") -> str:
    return f"{reverse('admin:contacts_contact_loyalty', args=[contact.pk])}?tab={tab}"


def text_of(response: Any) -> str:
    assert response.status_code == 200
    page = str(response.content.decode())
    assert not INLINE.search(page)
    return page


def token_of(client: Client, url: str) -> str:
    found = TOKEN.search(text_of(client.get(url)))
    assert found
    return found[1]


def send(client: Client, contact: Contact, tab: str, **values: Any) -> Any:
    """Send the form of a tab as the page gave it."""
    url = loyalty_url(contact, tab)
    values.setdefault("token", token_of(client, url))
    return client.post(url, values, follow=True)


def vouchers(contact: Contact, **values: Any) -> RewardVoucher:
    order = VoucherOrder(contact_id=contact.pk, amount=Decimal(50), currency="SEK", **values)
    outcome = vouchers_create(site=contact.site, orders=[order], source=by())[0]
    assert outcome.voucher
    return outcome.voucher


# -- a contact -------------------------------------------------------------------------------------


def test_points_are_awarded_with_the_name_of_who_did(
    client: Client, operator: User, contact: Contact, definition: PointDefinition
) -> None:
    page = text_of(send(client, contact, "points", definition=definition.pk, what="award",
                        amount="12.5", description="Sorry", reason="Broken lamp"))  # fmt: skip
    assert "“Bonus points” awarded." in page
    row = PointTransaction.objects.get()
    assert (row.amount, row.description, row.reason) == (Decimal("12.5"), "Sorry", "Broken lamp")
    assert (row.source_key, row.source, row.user_name) == ("console", "Console", operator.username)
    entry = AuditEntry.objects.get(action="points.awarded")
    assert entry.object_id == str(contact.pk)
    assert entry.changes == {"points": [None, "Bonus points"], "amount": [None, "12.5"]}
    shown = text_of(client.get(reverse("admin:contacts_contact_change", args=[contact.pk])))
    assert "12.5" in shown
    assert "Sorry" in shown


def test_a_form_sent_twice_counts_once(
    client: Client, operator: User, contact: Contact, definition: PointDefinition
) -> None:
    token = token_of(client, loyalty_url(contact))
    for words in ("awarded.", "counted once"):
        page = text_of(send(client, contact, "points", token=token, definition=definition.pk,
                            what="award", amount="5"))  # fmt: skip
        assert words in page
    assert PointAccount.objects.get().balance == 5
    token = token_of(client, loyalty_url(contact, "vouchers"))
    for _ in range(2):
        send(client, contact, "vouchers", token=token, amount="50", currency="sek")
    assert RewardVoucher.objects.get().currency == "SEK"
    assert AuditEntry.objects.filter(action__in=["points.awarded", "voucher.created"]).count() == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": "redeem", "amount": "101"}, "The contact has 100 of these points."),
        ({"what": "award", "amount": "0"}, "The amount must be more than 0."),
        ({"what": "award", "amount": "1.00001"}, "decimal places"),
        ({"what": "correct", "amount": "-5"}, "Say why"),
        ({"what": "correct", "amount": "-101", "reason": "Twice"}, "The contact has 100"),
        ({"what": "award", "amount": "1,5"}, "with a point before its decimals: 12.5"),
        ({"what": "steal", "amount": "1"}, "Select a valid choice."),
        ({"what": "award", "amount": "1", "token": "mine"}, "errorlist"),
    ],
)
def test_what_cannot_be_is_said_at_its_place_and_changes_nothing(
    client: Client, operator: User, contact: Contact, definition: PointDefinition,
    values: Any, words: str,
) -> None:  # fmt: skip
    award(contact, definition, "100")
    page = text_of(send(client, contact, "points", definition=definition.pk, **values))
    assert words in page
    assert '<details class="giving" open>' in page
    assert PointAccount.objects.get().balance == 100


def test_a_correction_takes_points_away(
    client: Client, operator: User, contact: Contact, definition: PointDefinition
) -> None:
    award(contact, definition, "100")
    send(client, contact, "points", definition=definition.pk, what="correct", amount="-30",
         reason="Booked twice")  # fmt: skip
    assert PointAccount.objects.get().balance == 70
    assert AuditEntry.objects.filter(action="points.corrected").exists()


def test_transactions_go_back_page_by_page(
    client: Client, operator: User, contact: Contact, definition: PointDefinition
) -> None:
    for number in range(30):
        award(contact, definition, "1", description=f"Order {number:02}")
    first = text_of(client.get(loyalty_url(contact)))
    assert "Order 29" in first
    assert "Order 04" not in first
    older = re.search(r'href="(\?tab=points&amp;older_than=[^"]+)"', first)
    assert older
    path = reverse("admin:contacts_contact_loyalty", args=[contact.pk])
    second = text_of(client.get(path + older[1].replace("&amp;", "&")))
    assert "Order 04" in second
    assert "Order 05" not in second


def test_a_voucher_is_made_and_redeemed_once(
    client: Client, operator: User, contact: Contact
) -> None:
    send(client, contact, "vouchers", amount="49.5", currency="EUR", unique_code="HELLO-1",
         valid_to="2099-01-01T10:00", description="Birthday")  # fmt: skip
    voucher = RewardVoucher.objects.get()
    assert (voucher.unique_code, voucher.amount, voucher.description) == (
        "HELLO-1", Decimal("49.5"), "Birthday",
    )  # fmt: skip
    again = text_of(send(client, contact, "vouchers", amount="1", currency="EUR",
                         unique_code="HELLO-1"))  # fmt: skip
    assert "has this code already" in again
    url = loyalty_url(contact, "vouchers")
    for words in ("was redeemed.", "was redeemed at"):
        answer = client.post(url, {"voucher": str(voucher.pk)}, follow=True)
        assert words in text_of(answer)
    voucher.refresh_from_db()
    assert voucher.redeemed_by == operator.username
    assert AuditEntry.objects.filter(action="voucher.redeemed").count() == 1


@pytest.mark.parametrize(
    ("values", "place", "words"),
    [
        ({"amount": "0"}, "amount", "must be more than 0"),
        ({"amount": "999999999999"}, "amount", "may be 99999999999.9999 at most"),
        ({"currency": "kr"}, "currency", "three capital letters"),
        ({"valid_to": "2020-01-01T10:00"}, "valid_to", "would end before it begins"),
        ({"unique_code": "TAKEN"}, "unique_code", "has this code already"),
    ],
)
def test_a_refused_voucher_says_so_beside_the_field(
    client: Client, operator: User, contact: Contact, values: Any, place: str, words: str
) -> None:
    vouchers(contact, unique_code="TAKEN")
    page = text_of(send(client, contact, "vouchers", **{"amount": "1", "currency": "SEK"} | values))
    assert re.search(rf'errorlist" id="id_voucher_{place}_error"><li>[^<]*{words}', page)
    assert RewardVoucher.objects.count() == 1


def test_points_that_are_kept_elsewhere_or_switched_off_are_refused_beside_them(
    client: Client, operator: User, site: Site, contact: Contact, definition: PointDefinition
) -> None:
    off = definition_of(site, 2, name="Old points", is_active=False)
    PointAccount.objects.create(
        definition=definition, contact=contact, balance=9, told_by="src_engage",
        updated_at=timezone.now(),
    )  # fmt: skip
    for points, words in ((off, "switched off"), (definition, "A connected system keeps")):
        page = text_of(send(client, contact, "points", definition=points.pk, what="award",
                            amount="1"))  # fmt: skip
        assert re.search(rf'id="id_points_definition_error"><li>[^<]*{words}', page)
    assert not PointTransaction.objects.exists()


def test_nobody_redeems_what_is_another_contacts(
    client: Client, operator: User, site: Site, contact: Contact
) -> None:
    other = contact_of(site, "other@example.com")
    voucher = vouchers(other)
    promotion = promotion_of(site)
    given = promotions_assign(promotion=promotion, contact_ids=[other.pk], source=by())[0]
    assert given.assignment
    posts: list[dict[str, str]] = [
        {"voucher": str(voucher.pk)},
        {"voucher": "x"},
        {"assignment": str(given.assignment.pk), "channel": "POS"},
    ]
    for values in posts:
        assert client.post(loyalty_url(contact, "vouchers"), values).status_code == 404
    assert not RewardVoucher.objects.filter(redeemed_at__isnull=False).exists()
    assert not PromotionAssignment.objects.filter(redeemed_at__isnull=False).exists()


def test_a_promotion_is_assigned_and_redeemed_where_it_can_be(
    client: Client, operator: User, site: Site, contact: Contact
) -> None:
    promotion = promotion_of(site, name="Shoes")
    draft = promotion_of(site, name="Not yet", is_draft=True)
    page = text_of(client.get(loyalty_url(contact, "promotions")))
    assert "Not yet" not in page
    assert "Shoes" in page
    refused = send(client, contact, "promotions", promotion=draft.pk)
    assert "Select a valid choice." in text_of(refused)
    send(client, contact, "promotions", promotion=promotion.pk)
    assert "keeps it" in text_of(send(client, contact, "promotions", promotion=promotion.pk))
    assignment = PromotionAssignment.objects.get()
    assert (assignment.source_key, assignment.source_label) == ("console", "Console")
    url = loyalty_url(contact, "promotions")
    page = text_of(client.get(url))
    assert 'value="POS"' in page
    assert 'value="OTHER"' not in page
    wrong = client.post(url, {"assignment": assignment.pk, "channel": "OTHER"}, follow=True)
    assert "not by OTHER" in text_of(wrong)
    client.post(url, {"assignment": assignment.pk, "channel": "ECOM"})
    assignment.refresh_from_db()
    assert assignment.redeemed_channel == "ECOM"
    actions = AuditEntry.objects.filter(action__startswith="promotion.")
    assert [entry.action for entry in actions.order_by("pk")] == [
        "promotion.assigned", "promotion.redeemed",
    ]  # fmt: skip


def test_viewers_and_support_look_and_give_nothing(
    client: Client, member: MakeMember, contact: Contact, definition: PointDefinition
) -> None:
    vouchers(contact)
    for role in (Role.VIEWER, Role.SUPPORT):
        client.force_login(member(role))
        for tab in ("points", "vouchers", "promotions"):
            page = text_of(client.get(loyalty_url(contact, tab)))
            assert '<form method="post" action="?tab' not in page
            assert client.post(loyalty_url(contact, tab), {"token": "x"}).status_code == 403
        add = reverse("admin:contacts_pointdefinition_add")
        assert client.get(add).status_code == 403
        change = reverse("admin:contacts_pointdefinition_change", args=[definition.pk])
        assert '<input type="text" name="name"' not in text_of(client.get(change))
        assert client.post(change, {"name": "x"}).status_code == 403


def test_an_erased_contact_has_no_loyalty(client: Client, operator: User, site: Site) -> None:
    now = timezone.now()
    gone = Contact.objects.create(site=site, created_at=now, updated_at=now, deleted_at=now)
    assert client.get(loyalty_url(gone)).status_code == 404


# -- points of a site ------------------------------------------------------------------------------


def test_points_are_added_changed_and_deleted(client: Client, operator: User, site: Site) -> None:
    add = reverse("admin:contacts_pointdefinition_add")
    text_of(client.get(add))
    values = {"site": site.pk, "name": "Stars", "number": "7", "expires_after_days": "365",
              "is_active": "on"}  # fmt: skip
    client.post(add, values)
    made = PointDefinition.objects.get()
    assert (made.number, made.expires_after_days, made.is_active) == (7, 365, True)
    assert "has the id 7" in text_of(client.post(add, values))
    url = reverse("admin:contacts_pointdefinition_change", args=[made.pk])
    assert "Enter 1 to" in text_of(client.post(url, {"name": "Stars", "expires_after_days": "0"}))
    client.post(url, {"name": "Gold stars", "expires_after_days": ""})
    made.refresh_from_db()
    assert (made.name, made.expires_after_days, made.is_active) == ("Gold stars", None, False)
    listed = text_of(client.get(reverse("admin:contacts_pointdefinition_changelist")))
    assert "Gold stars" in listed
    assert "Switched off" in listed
    delete = reverse("admin:contacts_pointdefinition_delete", args=[made.pk])
    assert "Delete the kind of points" in text_of(client.get(delete))
    client.post(delete)
    assert not PointDefinition.objects.exists()


def test_points_that_contacts_have_stay(
    client: Client, operator: User, contact: Contact, definition: PointDefinition
) -> None:
    award(contact, definition, "1")
    delete = reverse("admin:contacts_pointdefinition_delete", args=[definition.pk])
    assert "cannot be deleted" in text_of(client.get(delete))
    assert "Switch them off" in text_of(client.post(delete, follow=True))
    assert PointDefinition.objects.exists()


# -- promotions of a site --------------------------------------------------------------------------

NEW = {"name": "Shoes", "starts_at": "2026-03-01T10:00", "assigned_amount": "2",
       "assigned_unit": "Months"}  # fmt: skip
ROW = {"row": "0", "c0-type": "POS", "c0-value_type": "MONEY", "c0-value": "20.5",
       "c0-local_values": "sek = 200\nNOK=210", "c0-instruction": "Show it"}  # fmt: skip


def test_a_promotion_is_made_row_by_row_without_scripts_and_published(
    client: Client, operator: User, site: Site
) -> None:
    Site.objects.filter(pk=site.pk).update(time_zone="Europe/Stockholm")
    add = reverse("admin:contacts_promotion_add")
    page = text_of(client.post(add, {**NEW, "action": "add"}))
    assert 'name="row" value="0"' in page
    assert 'value="Shoes"' in page
    assert "errorlist" not in page
    page = text_of(client.post(add, {**NEW, **ROW, "action": "remove-0"}))
    assert 'name="row"' not in page
    assert not Promotion.objects.exists()
    client.post(add, {**NEW, **ROW, "action": "save"})
    made = Promotion.objects.get()
    assert made.is_draft
    assert (made.assigned_amount, made.assigned_unit) == (2, "Months")
    assert made.starts_at is not None
    assert made.starts_at.isoformat() == "2026-03-01T09:00:00+00:00"
    assert made.redemption_channels == [
        {"type": "POS", "valueType": "MONEY", "value": "20.5", "instruction": "Show it",
         "localValues": [{"currency": "SEK", "value": "200"}, {"currency": "NOK", "value": "210"}]}
    ]  # fmt: skip
    url = reverse("admin:contacts_promotion_change", args=[made.pk])
    page = text_of(client.get(url))
    assert 'value="2026-03-01T10:00"' in page
    assert "NOK = 210" in page
    client.post(url, {**NEW, **ROW, "action": "publish"})
    assert not Promotion.objects.get().is_draft
    client.post(url, {**NEW, "name": "Boots", **ROW, "action": "save"})
    made = Promotion.objects.get()
    assert (made.name, made.is_draft) == ("Boots", False)
    client.post(url, {**NEW, **ROW, "action": "draft"})
    assert Promotion.objects.get().is_draft


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"ends_at": "2026-02-01T10:00"}, "The end must be after the start."),
        ({"assigned_unit": ""}, "Give both"),
        ({"link": "javascript:x"}, "begins with https://"),
        ({"c0-value_type": "PERCENT"}, "Row 1: a percentage"),
        ({"c0-type": "MOON"}, "Row 1: the type"),
        ({"c0-local_values": "SEK"}, "an amount of money"),
    ],
)
def test_what_is_wrong_with_a_promotion_is_said_and_nothing_lost(
    client: Client, operator: User, site: Site, values: Any, words: str
) -> None:
    add = reverse("admin:contacts_promotion_add")
    response = client.post(add, {**NEW, **ROW, **values, "action": "publish"})
    assert response.status_code == 200
    page = response.content.decode()
    assert words in page
    assert "Show it" in page
    assert not Promotion.objects.exists()


def test_one_that_a_source_keeps_is_shown_and_not_changed(
    client: Client, operator: User, site: Site
) -> None:
    told = promotion_of(site, source_key="src_engage", told_id="9", name="Theirs")
    url = reverse("admin:contacts_promotion_change", args=[told.pk])
    page = text_of(client.get(url))
    assert "A connected system keeps this promotion" in page
    assert 'name="action"' not in page
    client.post(url, {**NEW, "action": "save"})
    told.refresh_from_db()
    assert told.name == "Theirs"


def test_the_list_of_promotions_counts_and_filters(
    client: Client, operator: User, site: Site, contact: Contact
) -> None:
    now = timezone.now()
    running = promotion_of(site, name="Running")
    promotion_of(site, name="Later", starts_at=now + timedelta(days=1))
    promotion_of(site, name="Over", ends_at=now - timedelta(days=1))
    promotion_of(site, name="Sketch", is_draft=True)
    promotions_assign(promotion=running, contact_ids=[contact.pk], source=by())
    PromotionAssignment.objects.update(redeemed_at=now, is_open=False)
    url = reverse("admin:contacts_promotion_changelist")
    page = text_of(client.get(url))
    assert "1 contact, 1 redeemed" in page
    names = {"Running": "Active", "Later": "Scheduled", "Over": "Ended", "Sketch": "Draft"}
    for name, status in names.items():
        page = text_of(client.get(url, {"status": status}))
        assert [each for each in names if f'title="{each}"' in page] == [name]


def test_of_very_many_only_the_newest_are_counted(
    site: Site, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion = promotion_of(site)
    for number in range(3):
        person = contact_of(site, f"p{number}@example.com")
        promotions_assign(promotion=promotion, contact_ids=[person.pk], source=by())
    assert assignment_counts(promotion).words == "3 contacts, 0 redeemed"
    monkeypatch.setattr(promotion_list, "COUNTED", 2)
    assert assignment_counts(promotion).words == "more than 2 contacts, 0 of the newest 2 redeemed"


def test_a_promotion_that_was_assigned_stays(
    client: Client, operator: User, site: Site, contact: Contact
) -> None:
    promotion = promotion_of(site)
    promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
    delete = reverse("admin:contacts_promotion_delete", args=[promotion.pk])
    assert "Give it an end instead" in text_of(client.get(delete))
    assert "Give it an end instead" in text_of(client.post(delete, follow=True))
    PromotionAssignment.objects.all().delete()
    client.post(delete)
    assert not Promotion.objects.exists()


# -- vouchers of a site ----------------------------------------------------------------------------


def test_vouchers_are_found_by_state_code_and_contact(
    client: Client, operator: User, site: Site, contact: Contact
) -> None:
    now = timezone.now()
    day = timedelta(days=1)
    vouchers(contact, unique_code="VALID-1")
    vouchers(contact, unique_code="LATER-1", valid_from=now + day)
    vouchers(contact, unique_code="OVER-1", valid_from=now - 2 * day, valid_to=now - day)
    used = vouchers(contact, unique_code="USED-1")
    RewardVoucher.objects.filter(pk=used.pk).update(redeemed_at=now)
    other = contact_of(site, "other@example.com")
    vouchers(other, unique_code="OTHER-1")
    url = reverse("admin:contacts_rewardvoucher_changelist")
    everything = ("VALID-1", "LATER-1", "OVER-1", "USED-1", "OTHER-1")

    def found(**query: str) -> list[str]:
        page = text_of(client.get(url, query))
        return [code for code in everything if f'title="{code}"' in page]

    assert found() == list(everything)
    assert found(state="valid") == ["VALID-1", "OTHER-1"]
    assert found(state="not_yet") == ["LATER-1"]
    assert found(state="expired") == ["OVER-1"]
    assert found(state="redeemed") == ["USED-1"]
    assert found(state="stolen") == []
    assert found(q="used-1") == ["USED-1"]
    assert found(q="other@example.com") == ["OTHER-1"]
    assert found(q="jane@example.com", state="expired") == ["OVER-1"]
    assert found(when="hour", site=str(site.pk), state="redeemed") == ["USED-1"]


def test_a_voucher_is_redeemed_on_its_page(
    client: Client, member: MakeMember, contact: Contact
) -> None:
    voucher = vouchers(contact)
    url = reverse("admin:contacts_rewardvoucher_change", args=[voucher.pk])
    redeem = reverse("admin:contacts_rewardvoucher_redeem", args=[voucher.pk])
    client.force_login(member(Role.SUPPORT))
    assert redeem not in text_of(client.get(url))
    assert client.post(redeem).status_code == 403
    client.force_login(member(Role.OPERATOR))
    assert redeem in text_of(client.get(url))
    assert client.get(redeem).status_code == 405
    assert "was redeemed." in text_of(client.post(redeem, follow=True))
    assert "was redeemed at" in text_of(client.post(redeem, follow=True))
