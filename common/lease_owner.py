"""Names for those who hold rows under a lease."""

from __future__ import annotations

import os
import platform
import secrets


def new_owner() -> str:
    """Return a name for this process that no other one has, on this machine or another."""
    return f"{platform.node()[:32]}-{os.getpid()}-{secrets.token_hex(6)}"
