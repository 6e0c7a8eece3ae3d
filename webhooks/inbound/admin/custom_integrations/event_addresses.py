"""Where and how to send an event: its address, a ready command, and a body to begin with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from common.masks import MASK
from integrations.presets.reception_event.definition import event_definition
from integrations.presets.reception_event.sample_document import sample_body
from integrations.sample_request import BuiltRequest, build_request, curl_line
from integrations.verification import VerificationFailed
from sites.publishable_keys.page_code import key_to_show
from webhooks.inbound.admin.custom_integrations.app_sending import (
    AppSending,
    app_request,
    app_sending,
)
from webhooks.inbound.models import Context, ReceptionEvent

# Connectif's documentation joins id and secret by a colon and calls the whole the API key.
KEY_PLACEHOLDER: Final = "YOUR-KEY-ID:YOUR-SECRET"
_JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingHelp:
    """What whoever connects the sender needs; `problem` says why there is no command yet.

    `app` is what goes into pages and apps, for an event of theirs.
    """

    url: str
    url_has_secret: bool
    body: str
    curl: str = ""
    has_placeholder: bool = False
    is_signed: bool = False
    problem: str = ""
    app: AppSending | None = None


def event_url(event: ReceptionEvent) -> str:
    """Return an event's own address, without a secret that may belong into it.

    Events of pages and apps have none.
    """
    return f"{settings.PUBLIC_URL}{_path(event)}"


def sending_help(event: ReceptionEvent, *, mask_secrets: bool = True) -> SendingHelp:
    if event.context == Context.APP:
        return _app_help(event)
    url, shown = event_url(event), masked_url(event)
    body = sample_text(event)
    try:
        request = example_request(event)
    except VerificationFailed as error:
        return SendingHelp(
            url=shown, url_has_secret=url != shown, body=body, problem=str(error.detail)
        )
    return SendingHelp(
        url=shown if mask_secrets or url == shown else request.url,
        url_has_secret=url != shown,
        body=body,
        curl=curl_line(request, mask_secrets=mask_secrets),
        has_placeholder=mask_secrets and request.reveals_secret,
        is_signed=is_signed(event, request),
    )


def _app_help(event: ReceptionEvent) -> SendingHelp:
    app = app_sending(event)
    request = app_request(event, app.key)
    return SendingHelp(
        url=request.url,
        url_has_secret=False,
        body=sample_text(event),
        curl=curl_line(request, mask_secrets=False),
        app=app,
    )


def is_signed(event: ReceptionEvent, request: BuiltRequest) -> bool:
    """Say whether a header was computed from the very bytes of the body."""
    has_own_headers = request.headers.keys() > _JSON.keys()
    return event.context == Context.WEBHOOK and has_own_headers and not request.reveals_secret


def masked_url(event: ReceptionEvent) -> str:
    """Return the address with a mask where the sender has to carry a secret in it."""
    names = sorted(event.source.preset.verifier(event.source.config).secret_query_names)
    query = "&".join(f"{quote(name)}={MASK}" for name in names)
    return f"{event_url(event)}?{query}" if query else event_url(event)


def sample_text(event: ReceptionEvent) -> str:
    return sample_body(event_definition(event.source.settings)).decode()


def example_request(event: ReceptionEvent) -> BuiltRequest:
    """Return an accepted request with the sample body. Raises `VerificationFailed`."""
    if event.context == Context.APP:
        return app_request(event, key_to_show(event.site))
    body = json.dumps(_sample(event), ensure_ascii=False).encode()
    if event.context == Context.API:
        return BuiltRequest(
            url=f"{event_url(event)}?createContact=true",
            headers={**_JSON, "authorization": f"ApiKey {KEY_PLACEHOLDER}"},
            body=body,
            secret_headers=frozenset(),
            secret_query=frozenset(),
        )
    return build_request(
        verifier=event.source.preset.verifier(event.source.config),
        body=body,
        headers=_JSON,
        url=event_url(event),
        now=timezone.now(),
    )


def _sample(event: ReceptionEvent) -> Any:
    return json.loads(sample_text(event))


def _path(event: ReceptionEvent) -> str:
    if event.context == Context.API:
        return reverse("custom-event-by-alias", kwargs={"alias": event.alias})
    names = {"site_id": event.site.public_id, "alias": event.alias}
    return reverse("custom-event-webhook", kwargs=names)
