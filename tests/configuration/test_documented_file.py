"""The file in `docs/configuration-as-code.md` is one that can be applied as it stands."""

from __future__ import annotations

import re
from typing import Final

import pytest
from pytest_django.fixtures import Settings

from config.configuration.applying import configuration_apply
from config.environment import BASE_DIR
from sites.audit import Actor
from webhooks.outbound.models import Subscription

pytestmark = pytest.mark.django_db
ACTOR: Final = Actor.system("test")
SECRETS: Final = {
    "PATCHBAY_BRAND_GENERIC_API_HMAC_SECRET": "a secret of our own, long enough",
    "PATCHBAY_BRAND_GENERIC_API_HEADER_X_GATEWAY": "north",
    "PATCHBAY_BRAND_ENGAGE_SIGNING_SECRETS_1": "whsec_" + "A" * 43 + "=",
    "PATCHBAY_BRAND_CUSTOMER_SAVED_TOKENS_1": "a-token-of-24-characters-or-more",
    "PATCHBAY_BRAND_SHOP_SIGNING": "whsec_" + "B" * 43 + "=",
    "PATCHBAY_BRAND_SHOP_HEADER_X_GATEWAY": "south",
}


def documented_file() -> bytes:
    page = (BASE_DIR / "docs" / "configuration-as-code.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(r"```yaml\n(version: .*?)```", page, re.DOTALL)
    return found[0].encode()


def test_it_applies_says_what_it_means_and_the_second_time_changes_nothing(
    settings: Settings,
) -> None:
    settings.OUTBOUND_ALLOWED_PORTS = [range(443, 444)]
    file = documented_file()
    first = configuration_apply(files=[file], environment=SECRETS, actor=ACTOR)
    assert first.changes
    shop = Subscription.objects.get(name="Shop")
    assert shop.conditions == [{"pointer": "/countryCode", "operator": "in", "value": ["SE", "NO"]}]
    again = configuration_apply(files=[file], environment=SECRETS, actor=ACTOR)
    assert not again.changes
