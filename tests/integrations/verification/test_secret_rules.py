from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.verification.secret_rules import (
    clean_legacy_secret,
    clean_secret,
    clean_signing_secret,
    clean_token,
    new_token,
)
from tests.integrations.arrivals import SIGNING_SECRET, TOKEN


@pytest.mark.parametrize(
    ("clean", "secret"),
    [
        (clean_signing_secret, SIGNING_SECRET),
        (clean_signing_secret, SIGNING_SECRET.removeprefix("whsec_")),
        (clean_secret, "x" * 24),
        (clean_secret, "é" * 12),
        (clean_legacy_secret, "my-webhook-secret"),
        (clean_legacy_secret, "x" * 8),
        (clean_token, TOKEN),
        (clean_token, f"Bearer {TOKEN}"),
    ],
)
def test_strong_secret_is_kept_as_it_is(clean: Callable[[str], str], secret: str) -> None:
    assert clean(secret) == secret


def test_token_made_here_is_strong_and_new_each_time() -> None:
    first, second = new_token(), new_token()
    assert clean_token(first) == first != second


@pytest.mark.parametrize(
    ("clean", "secret"),
    [
        (clean_signing_secret, ""),
        (clean_signing_secret, "whsec_"),
        (clean_signing_secret, "whsec_plJ3nmyCDGBKInavdOK15jsl"),
        (clean_signing_secret, "whsec_" + "A" * 88),
        (clean_signing_secret, "whsec_not base64 at all, is it?"),
        (clean_secret, ""),
        (clean_secret, "x" * 23),
        (clean_secret, "x" * 1025),
        (clean_legacy_secret, "x" * 7),
        (clean_token, "é" * 24),
        (clean_token, "x" * 20 + ",xxxx"),
        (clean_token, "x" * 24 + "\n"),
    ],
)
def test_weak_secret_is_refused_with_a_sentence(clean: Callable[[str], str], secret: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        clean(secret)
