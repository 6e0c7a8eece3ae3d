"""Keys for tests and for tools that load the settings; they protect nothing."""

from __future__ import annotations

import base64
from typing import Final

TEST_KEYS: Final = {
    "SECRET_KEY": "test-only-secret-key-" + "x" * 40,
    "ENCRYPTION_KEYS": "test:" + base64.b64encode(bytes(range(32))).decode(),
}
