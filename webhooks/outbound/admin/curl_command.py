"""A try as a command for a terminal: what is secret is a placeholder in it."""

from __future__ import annotations

import re
import shlex
from typing import Final

from common.masks import MASK
from webhooks.outbound.models import Attempt

# What curl sets by itself.
_OWN: Final = frozenset(("host", "content-length", "connection", "accept-encoding", "accept"))
_NO_PLACE: Final = re.compile(r"[^A-Z0-9]+")
_MASKED_VALUE: Final = re.compile(rf"([^?&=]+)={MASK}")
_LONGEST_INLINE: Final = 8_192


def curl_command(attempt: Attempt, body: bytes, *, file_name: str, is_inline: bool) -> str:
    """Return the command; the body stands in it where it may and can, else in a file beside it."""
    lines = [f"curl -i -X POST {shlex.quote(_url(attempt.url))}"]
    for name, value in attempt.request_headers.items():
        if name.lower() not in _OWN:
            shown = _placeholder(name) if MASK in str(value) else str(value)
            lines.append(f"-H {shlex.quote(f'{name}: {shown}')}")
    text = _inline_text(body) if is_inline else None
    lines.append(
        f"--data-binary {shlex.quote(f'@{file_name}')}"
        if text is None
        else f"--data-raw {shlex.quote(text)}"
    )
    return " \\\n  ".join(lines)


def _url(url: str) -> str:
    """Return the address with a word in place of each value that was masked."""
    return _MASKED_VALUE.sub(lambda found: f"{found[1]}={_placeholder(found[1])}", url)


def _placeholder(name: str) -> str:
    return f"YOUR_{_NO_PLACE.sub('_', name.upper()).strip('_')}"


def _inline_text(body: bytes) -> str | None:
    """Return a body that a terminal takes as it is, else nothing."""
    if len(body) > _LONGEST_INLINE or b"\0" in body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
