"""From events to the request that goes out: format, encryption, headers, signature."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from joserfc.errors import JoseError

from common.http import OutgoingRequest
from webhooks.outbound import encryption
from webhooks.outbound.formats.base import BuiltRequest, CannotBuild, Format, SentEvent
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.signing import Sign, Signed, SigningChoice, Unsignable, signer
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

logger = logging.getLogger(__name__)

USER_AGENT: Final = "Patchbay/1"
MOST_BODY_BYTES: Final = 8 * 1024 * 1024

_NO_FORMAT: Final = "The format of this subscription is not installed any more. Choose another one."
_BAD_KEY: Final = "The key that encrypts payloads is unusable. Set it again, then send again."
_TOO_LARGE: Final = (
    f"The request would have more than {MOST_BODY_BYTES // 1024 // 1024} MiB. Where events go out "
    "in batches, choose smaller ones, then send again."
)
_NOT_ENCRYPTED: Final = (
    "This format does not encrypt payloads in the chosen way, and nothing is sent in the clear "
    "instead. Choose another encryption or format."
)
_ERASED: Final = "The contents of this event were erased or have passed their retention."


class Sendable(Protocol):
    """What `prepare` needs of a built request; a kept body has the same."""

    @property
    def body(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...
    @property
    def query(self) -> Sequence[tuple[str, str]]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A request about to go out; `secret_*` (lower-case names) are masked in the log."""

    request: OutgoingRequest
    secret_headers: frozenset[str] = field(default_factory=frozenset)
    secret_query: frozenset[str] = field(default_factory=frozenset)


def build(
    snapshot: SubscriptionSnapshot, events: Sequence[SentEvent], message_id: str
) -> BuiltRequest:
    """Return the request in the subscription's dialect. Raises `CannotBuild`.

    A format that fails on an event must not stop the others: whatever it raises becomes a
    sentence, and the log has the rest. Of a batch, events that were emptied meanwhile, or that
    the format does not carry, are left out.
    """
    dialect = format_for(snapshot.format_key)
    if snapshot.fault or dialect is None:
        raise CannotBuild(snapshot.fault or _NO_FORMAT)
    told = [event for event in events if event.payload_text]
    if not told:
        raise CannotBuild(_ERASED)
    encrypt = _encryptor(snapshot, dialect, message_id)
    # They may have been published when the subscription had another format.
    told = [event for event in told if dialect.carries(event.type, snapshot.format_settings)]
    if not told:
        raise CannotBuild(f"The format “{dialect.label}” does not carry events of this type.")
    try:
        built = dialect.build(
            told,
            message_id=message_id,
            settings=snapshot.format_settings,
            encrypt=encrypt,
            is_batch=snapshot.is_batched or len(events) > 1,
        )
    except CannotBuild:
        raise
    except Exception as error:
        # The text of the error may quote the payload.
        logger.error("format %s failed: %s", snapshot.format_key, type(error).__name__)  # noqa: TRY400
        raise CannotBuild(
            f"The format “{dialect.label}” failed on this event ({type(error).__name__}). Tell the "
            "makers of Patchbay, with the id of this delivery."
        ) from None
    if len(built.body) > MOST_BODY_BYTES:
        raise CannotBuild(_TOO_LARGE)
    return built


def is_repeatable(snapshot: SubscriptionSnapshot) -> bool:
    """Return whether the same events give the same bytes again, so that none need be kept."""
    return encryption.is_repeatable(snapshot.encryption)


def prepare(
    snapshot: SubscriptionSnapshot, built: Sendable, message_id: str, now: datetime
) -> Prepared:
    """Return the signed request of one attempt. Raises `CannotBuild`."""
    try:
        outline = _outlines.get(snapshot) or _outline(snapshot)
        signed = outline.sign(message_id, built.body, now)
    except Unsignable as error:
        raise CannotBuild(str(error)) from None
    request = OutgoingRequest(
        method="POST",
        url=_with_query(snapshot.url, (*built.query, *signed.query)),
        headers=_headers(outline, built, signed),
        body=built.body,
        total_seconds=float(snapshot.timeout_seconds),
        verify_tls=snapshot.verify_tls,
    )
    return Prepared(
        request=request,
        secret_headers=outline.secret_headers | signed.secret_headers,
        secret_query=signed.secret_query,
    )


class _Outline(NamedTuple):
    """What all requests of a subscription have in common, worked out once for its snapshot.

    `headers` are name and value by the lower-case name.
    """

    sign: Sign
    headers: Mapping[str, tuple[str, str]]
    secret_headers: frozenset[str]


_outlines: Final[WeakKeyDictionary[SubscriptionSnapshot, _Outline]] = WeakKeyDictionary()


def _outline(snapshot: SubscriptionSnapshot) -> _Outline:
    choice = SigningChoice(
        method=snapshot.signing,
        settings={**snapshot.format_settings, **snapshot.signing_settings},
        secrets=snapshot.secrets,
        previous_until=snapshot.previous_until,
    )
    headers = {name.lower(): (name, value) for name, value in snapshot.headers.items()}
    secret_headers = frozenset(headers)
    headers["user-agent"] = ("User-Agent", USER_AGENT)
    outline = _Outline(signer(choice), headers, secret_headers)
    _outlines[snapshot] = outline
    return outline


def _headers(outline: _Outline, built: Sendable, signed: Signed) -> dict[str, str]:
    # The last one wins, however it is spelt: nothing replaces what is signed.
    found = dict(outline.headers)
    found["content-type"] = ("Content-Type", built.content_type)
    for group in (built.headers, signed.headers):
        for name, value in group.items():
            found[name.lower()] = (name, value)
    return dict(found.values())


def _with_query(url: str, added: Sequence[tuple[str, str]]) -> str:
    if not added:
        return url
    between = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
    return f"{url}{between}{urlencode(added)}"


def _encryptor(
    snapshot: SubscriptionSnapshot, dialect: Format, message_id: str
) -> encryption.Encrypt | None:
    if snapshot.encryption not in ("none", *dialect.encryptions):
        raise CannotBuild(_NOT_ENCRYPTED)
    key = snapshot.secrets.get("encryption", "")
    try:
        return encryption.encryptor(snapshot.encryption, key, message_id)
    except (JoseError, ValueError, TypeError):
        raise CannotBuild(_BAD_KEY) from None
