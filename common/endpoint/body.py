"""Reads a request's body under its cap, straight from the server's stream.

Not through Django's request: without a Content-Length that sees zero bytes, so that a chunked body
would look empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Protocol

_CHUNK_BYTES: Final = 64 * 1024
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_UTF8_NAMES: Final = frozenset(("", "utf-8", "utf8", "us-ascii", "ascii"))


class BodyFault(StrEnum):
    """Why a body is refused; the codes that senders see."""

    TOO_LARGE = "TOO_LARGE"
    EMPTY_BODY = "EMPTY_BODY"
    INCOMPLETE_BODY = "INCOMPLETE_BODY"
    UNSUPPORTED_ENCODING = "UNSUPPORTED_ENCODING"


@dataclass(slots=True, kw_only=True, eq=False)
class BodyRefused(Exception):
    """No body that could be worked on. `told` is the sentence for the sender, `detail` for us.

    `body` is what was read so far, `body_bytes` what is known of the size of the whole.
    """

    kind: BodyFault
    status: int
    told: str
    detail: str = ""
    body: bytes = b""
    body_bytes: int = 0


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_body(environ: Mapping[str, Any], most_bytes: int) -> bytes:
    """Return the body; raise `BodyRefused` when it is encoded, too large, cut short or empty."""
    _check_encoding(environ.get("HTTP_CONTENT_ENCODING", ""))
    if environ.get("HTTP_TRANSFER_ENCODING"):
        body = _chunked(environ["wsgi.input"], most_bytes)
    else:
        body = _announced(environ["wsgi.input"], _content_length(environ), most_bytes)
    if not body:
        raise BodyRefused(
            kind=BodyFault.EMPTY_BODY,
            status=HTTPStatus.BAD_REQUEST,
            told="The body is empty.",
        )
    charset = _charset(environ.get("CONTENT_TYPE", ""))
    if charset not in _UTF8_NAMES:
        # The signature covers bytes: they must mean one text only.
        raise BodyRefused(
            kind=BodyFault.UNSUPPORTED_ENCODING,
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            detail="The Content-Type names a character set other than UTF-8.",
            told="Send the body in UTF-8.",
            body=body,
        )
    return body


def read_start(environ: Mapping[str, Any], most_bytes: int) -> tuple[bytes, int]:
    """Return the start of the body and its announced size, for a request refused unread."""
    try:
        announced = _content_length(environ)
        start = _read_up_to(environ["wsgi.input"], min(announced, most_bytes))
    except BodyRefused:
        return b"", 0
    return start, announced


def _check_encoding(encoding: str) -> None:
    if encoding.strip().lower() not in ("", "identity"):
        raise BodyRefused(
            kind=BodyFault.UNSUPPORTED_ENCODING,
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            detail="The body came with a Content-Encoding.",
            told="Send the body without Content-Encoding.",
        )


def _content_length(environ: Mapping[str, Any]) -> int:
    text = str(environ.get("CONTENT_LENGTH") or "0").strip()
    # Plain digits: int() would also take signs, underscores and other scripts' digits.
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise BodyRefused(
            kind=BodyFault.INCOMPLETE_BODY,
            status=HTTPStatus.BAD_REQUEST,
            detail="The Content-Length is not a number.",
            told="The Content-Length is not a number.",
        )
    return int(text)


def _announced(stream: _Stream, length: int, most_bytes: int) -> bytes:
    if length > most_bytes:
        raise _too_large(most_bytes, body_bytes=length)
    body = _read_up_to(stream, length)
    if len(body) < length:
        raise BodyRefused(
            kind=BodyFault.INCOMPLETE_BODY,
            status=HTTPStatus.BAD_REQUEST,
            detail=f"{len(body)} of {length} bytes came.",
            told="Fewer bytes came than Content-Length announced.",
            body=body,
            body_bytes=length,
        )
    return body


def _chunked(stream: _Stream, most_bytes: int) -> bytes:
    # The server hides whether the last chunk came. A body that was cut off fails its signature,
    # and part of a JSON or XML document is none.
    body = _read_up_to(stream, most_bytes + 1)
    if len(body) > most_bytes:
        raise _too_large(most_bytes, body=body)
    return body


def _read_up_to(stream: _Stream, size: int) -> bytes:
    """Return `size` bytes, or what came before the end of the stream or the connection."""
    parts: list[bytes] = []
    missing = size
    while missing > 0:
        try:
            part = stream.read(min(missing, _CHUNK_BYTES))
        except OSError:
            # The connection was cut: what came is not whole, and the caller counts it.
            break
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most_bytes: int, *, body: bytes = b"", body_bytes: int = 0) -> BodyRefused:
    return BodyRefused(
        kind=BodyFault.TOO_LARGE,
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        detail=f"The limit is {most_bytes} bytes.",
        told=f"The body may have up to {most_bytes} bytes.",
        body=body,
        body_bytes=body_bytes,
    )


@lru_cache(maxsize=256)
def _charset(content_type: str) -> str:
    """Return the charset parameter in lower case, "" without one; two of them name none we take."""
    found = _CHARSET.findall(content_type)
    return found[0].lower() if len(found) == 1 else "" if not found else "ambiguous"
