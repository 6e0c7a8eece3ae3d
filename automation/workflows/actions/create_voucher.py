from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from automation.workflows.actions.action import (
    Action,
    Category,
    Settings,
    StepCall,
    StepResult,
    value_words,
)
from automation.workflows.actions.loyalty_gifts import Amounts, amounts_given
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.loyalty.vouchers import VoucherOrder, VoucherOutcome, vouchers_create

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class CreateVoucher(Action):
    key = "create_voucher"
    label = "Create voucher"
    help = "Gives the contact a reward voucher with a code of its own."
    category = Category.LOYALTY

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("amount", "currency", "valid_days", "description")
        currency = reading.text("currency", longest=3, is_needed=True).upper()
        if currency and not _CURRENCY.fullmatch(currency):
            reading.problem("currency", "Write the three letters of a currency, such as SEK.")
        days = reading.get("valid_days")
        return {
            "amount": reading.amount("amount"),
            "currency": currency,
            "valid_days": None
            if days is None
            else reading.whole("valid_days", least=1, most=3_650),
            "description": reading.text("description", longest=500),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        amount = settings["amount"]
        words = value_words(amount, names) if "variable" in amount else amount["literal"]
        days = settings["valid_days"]
        until = f", valid for {days} days" if days else ""
        return f"Create voucher: {words} {settings['currency']}{until}"

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        settings, now = calls[0].settings, timezone.now()
        days = settings["valid_days"]

        def give(amounts: Amounts) -> list[VoucherOutcome]:
            orders = [
                VoucherOrder(
                    contact_id=call.contact_id,
                    amount=amount,
                    currency=settings["currency"],
                    valid_from=now,
                    valid_to=now + timedelta(days=days) if days else None,
                    description=settings["description"],
                    source_id=call.key,
                )
                for call, amount in amounts
            ]
            return vouchers_create(site=calls[0].site, orders=orders, source=calls[0].source)

        return amounts_given(calls, give, done="Voucher created.", repeat="It was created before.")
