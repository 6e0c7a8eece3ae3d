"""The section of a contact's page: what they have, and what came and went last."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from contacts.admin.contact_sections import ContactSection, contact_section_add
from contacts.admin.loyalty.contact_rows import latest_rows, shown_accounts
from contacts.models import Contact
from sites.models import Role
from sites.scope import meets

_LATEST: Final = 5


def loyalty_section(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    if contact.deleted_at:
        return None
    return {
        "accounts": shown_accounts(contact),
        "transactions": latest_rows(contact, "points", _LATEST),
        "vouchers": latest_rows(contact, "vouchers", _LATEST),
        "promotions": latest_rows(contact, "promotions", _LATEST),
        "may_give": meets(request, contact.site_id, Role.OPERATOR),
    }


contact_section_add(
    ContactSection(
        key="loyalty",
        title="Points, vouchers and promotions",
        template="admin/loyalty/contact_section.html",
        context=loyalty_section,
        position=30,
        styles=("patchbay/loyalty.css",),
    )
)
