"""What goes out over HTTP and what comes back, whichever client carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MOST_ANSWER_BYTES: Final = 16 * 1024


class FailureKind(StrEnum):
    """Why no usable answer came."""

    DNS = "dns"
    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    TLS = "tls"
    BLOCKED = "blocked"  # the address is not allowed
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """One request, sent as it stands: the URL is not re-quoted, nothing is added to the body.

    `total_seconds` bounds everything from the look-up of the name to the last byte read.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    connect_seconds: float = 5.0
    total_seconds: float = 15.0
    verify_tls: bool = True
    most_answer_bytes: int = MOST_ANSWER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A whole answer, its body undecoded; `is_cut` when it went on beyond what was read."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_cut: bool
    duration_ms: int


class HttpFailure(Exception):
    """No usable answer came. `sentence` is for staff: no address of the internal network in it."""

    def __init__(self, kind: FailureKind, sentence: str, duration_ms: int = 0) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.duration_ms = duration_ms


class Unsendable(HttpFailure):
    """The request itself cannot go out as it is: trying again changes nothing."""
