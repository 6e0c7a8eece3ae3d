"""What every verifier is, and the one way in which it says no."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.causes import RejectionCause
from integrations.request import InboundRequest


class VerificationFailed(Exception):
    """The request is refused. `cause` and `detail` go to our log, never into the answer."""

    def __init__(self, cause: RejectionCause, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


@dataclass(slots=True, kw_only=True, repr=False)
class Credentials:
    """What a sender would add to a request so that it verifies.

    `reveals_secret` is True when a value *is* the secret or a static digest of it, so that showing
    it to somebody hands the secret over.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    reveals_secret: bool = False


class Verifier(abc.ABC):
    """One check over the raw bytes, in constant time where secrets are compared.

    `secret_query_names` and `secret_header_names` are masked before anything is stored or logged.
    Construction never fails: a verifier whose secret is missing or too short refuses every request
    with SECRET_NOT_SET, so that a row edited behind the form's back stays shut.
    """

    secret_query_names: frozenset[str] = frozenset()
    secret_header_names: frozenset[str] = frozenset()

    @abc.abstractmethod
    def verify(self, request: InboundRequest, now: datetime) -> None:
        """Return quietly, or raise `VerificationFailed`; no input makes it raise anything else."""

    @abc.abstractmethod
    def credentials(self, body: bytes, now: datetime) -> Credentials:
        """Return what a correct sender would send with this body at this time.

        Raises `VerificationFailed` with SECRET_NOT_SET when there is nothing to sign with.
        """

    @abc.abstractmethod
    def describe(self) -> str:
        """Return one sentence for the source's page on how requests are checked."""

    @property
    def unsigned_reason(self) -> str:
        """Why nothing is verified, for the warning badge; empty when something is."""
        return ""


def single_header(
    request: InboundRequest,
    name: str,
    *,
    missing: RejectionCause,
    malformed: RejectionCause,
    longest: int,
) -> bytes:
    """Return one header as ASCII bytes.

    A comma means that the header came twice: servers join repeats, and picking one of them would
    let a sender and a proxy disagree about which counts.
    """
    value = request.headers.get(name, "").strip()
    if not value:
        raise VerificationFailed(missing, f"No header {name}.")
    if len(value) > longest:
        raise VerificationFailed(malformed, f"The header {name} is longer than {longest}.")
    if "," in value:
        raise VerificationFailed(malformed, f"The header {name} came more than once.")
    return ascii_bytes(value, malformed, f"The header {name}")


def ascii_bytes(value: str, malformed: RejectionCause, what: str) -> bytes:
    """Return the text as bytes; `compare_digest` raises on a `str` that is not ASCII."""
    if not value.isascii():
        raise VerificationFailed(malformed, f"{what} holds characters outside ASCII.")
    return value.encode("ascii")
