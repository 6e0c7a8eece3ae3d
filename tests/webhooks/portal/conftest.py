from __future__ import annotations

import pytest

from webhooks.outbound.portal.guarding import throttle


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    throttle.forget()
