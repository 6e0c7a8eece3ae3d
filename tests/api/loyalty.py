"""Points, a voucher and promotions of an installation, for the examples of the schema."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.loyalty_api.api_description.schemas import CONTACT_ID
from contacts.models import Contact, PromotionAssignment, RewardVoucher
from tests.contacts.loyalty.giving import award, by, definition_of, promotion_of


class Loyalty:
    """What `contact` has, and another contact by the id that examples name."""

    def __init__(self, contact: Contact) -> None:
        site = contact.site
        now = timezone.now()
        Contact.objects.create(
            pk=CONTACT_ID, site=site, email="named@example.org", created_at=now, updated_at=now
        )
        award(contact, definition_of(site), "100.5")
        order = VoucherOrder(contact_id=contact.pk, amount=Decimal(50), currency="SEK")
        vouchers_create(site=site, orders=[order], source=by())
        promotions_assign(promotion=promotion_of(site), contact_ids=[contact.pk], source=by())
        self.voucher = RewardVoucher.objects.get(contact=contact)
        self.assignment = PromotionAssignment.objects.get(contact=contact)
        self.promotion = promotion_of(site)

    def path_values(self) -> dict[str, str]:
        return {
            "voucher_id": str(self.voucher.pk),
            "assignment_id": str(self.assignment.pk),
            "promotion_id": str(self.promotion.pk),
        }
