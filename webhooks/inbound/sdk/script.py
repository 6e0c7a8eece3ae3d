"""The script that web pages load, as it goes over the wire."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final


def _served(source: str) -> bytes:
    """Leave out indentation and comment lines; everything else stays as it was written."""
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//")).encode()


SCRIPT: Final = _served(Path(__file__).with_name("patchbay.js").read_text(encoding="utf-8"))
ETAG: Final = f'"{hashlib.sha256(SCRIPT).hexdigest()[:32]}"'
