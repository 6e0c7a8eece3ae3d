"""A dry run of one request through a source: what it would say and change, saving nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from contacts.applied_change import AppliedChange, ChangeSource
from contacts.services import contact_preview
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.preset import Sample
from integrations.request import InboundRequest, RefusedBody, RequestIdentity
from webhooks.inbound.models import Source

# A page can show so many; the rest is counted.
MOST_ROWS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedEvent:
    """One inbound event and what it would do; `change` is None where it touches no contact."""

    event: InboundEvent
    change: AppliedChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedRequest:
    """What would become of a request.

    `refusal` is (cause, sentence) when it would be answered 400 or could not be read by the
    worker; then there are no events. `more` counts events beyond those that were tried.
    """

    body: bytes
    identity: RequestIdentity | None = None
    refusal: tuple[str, str] | None = None
    events: tuple[PreviewedEvent, ...] = ()
    more: int = 0


def source_preview(
    *,
    source: Source,
    sample_name: str = "",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> PreviewedRequest:
    """Return what a sample of the preset, or a body of one's own, would do right now.

    Signatures are not checked. Raises KeyError for a sample that the preset does not have.
    """
    request = _request(source, sample_name, body, headers or {}, query or {})
    identity = None
    try:
        identity = source.preset.identify(request, source.config)
        events = source.preset.parse(request, source.config)
    except (RefusedBody, UnreadablePayload) as error:
        reason = error.detail if isinstance(error, RefusedBody) else error.reason
        return PreviewedRequest(
            body=request.body, identity=identity, refusal=(str(error.cause), reason)
        )
    tried = events[:MOST_ROWS]
    return PreviewedRequest(
        body=request.body,
        identity=identity,
        events=tuple(_previewed(source, event, request.received_at) for event in tried),
        more=len(events) - len(tried),
    )


def _request(
    source: Source,
    sample_name: str,
    body: bytes | None,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> InboundRequest:
    if body is None:
        sample = _sample(source, sample_name)
        body = source.preset.sample_body(sample, source.config)
        headers = {"content-type": sample.content_type, **sample.headers}
        query = sample.query
    return InboundRequest(
        body=body,
        headers=headers,
        query=query,
        path=source.reception_path,
        received_at=timezone.now(),
    )


def _sample(source: Source, name: str) -> Sample:
    for sample in source.preset.samples():
        if sample.name == name:
            return sample
    raise KeyError(name)


def _previewed(source: Source, event: InboundEvent, now: datetime) -> PreviewedEvent:
    if event.disposition is not Disposition.ACCEPTED or event.change is None:
        return PreviewedEvent(event=event)
    says = ChangeSource(key=source.public_id, label=source.name, received_at=now)
    change = contact_preview(site=source.site, change=event.change, source=says)
    return PreviewedEvent(event=event, change=change)
