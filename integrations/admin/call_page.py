"""What the page of one API call shows; bodies and addresses follow from the role."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from common.admin.payload_text import PayloadText, payload_text
from common.admin.status_chip import status_chip
from common.masks import mask_identities
from common.redaction import redact_url
from integrations.admin.call_words import (
    call_words,
    failure_words,
    outcome_chip,
    reason_words,
    took_words,
)
from integrations.generic_api.options import options_of
from integrations.generic_api.verdicts import verdict_of
from integrations.models import ApiCall, Direction, GenericApi
from integrations.models.generic_api import KEY_NAMES, SECRET_FIELDS
from sites.admin.integration_sections import section_url
from sites.models import Site

_MOST_NEIGHBOURS: Final = 20


def call_context(call: ApiCall, *, is_masked: bool, with_bodies: bool) -> dict[str, Any]:
    """Return all of the page; `with_bodies` is for people who may look at bodies."""
    api = settings_of(call.site)
    verdict = verdict_of(api, call)
    names = _personal_names(api)
    reason = reason_words(call) if is_masked else call.reason
    return {
        "call": call,
        "outcome": outcome_chip(call.outcome),
        "explained": mask_identities(verdict.sentence) if is_masked else verdict.sentence,
        "verdict_chip": status_chip(verdict.headline, verdict.tone),
        # Most verdicts begin with it.
        "reason": "" if call.reason in verdict.sentence else reason,
        "notes": [mask_identities(note) if is_masked else note for note in call.notes],
        "failure": failure_words(call),
        "took": took_words(call),
        "url": mask_identities(redact_url(call.url)) if is_masked else call.url,
        "is_erased": not call.url,
        "is_masked": is_masked,
        "request_body": _body(call.request_body, is_masked, names) if with_bodies else None,
        "response_body": _body(call.response_body, is_masked, names) if with_bodies else None,
        "settings_url": section_url(call.site, "generic"),
        "is_sent": call.direction == Direction.SENT,
        "neighbours": _neighbours(call),
    }


def settings_of(site: Site) -> GenericApi:
    """Return the settings of now without reading a secret: a log opens without the key to them."""
    rows = GenericApi.objects.filter(site=site).select_related("site")
    found: GenericApi | None = rows.defer(*SECRET_FIELDS, "extra_headers").first()
    return found or GenericApi(site=site)


def _personal_names(api: GenericApi) -> tuple[str, ...]:
    """Return what the site calls the members of its JSON that say something of a person."""
    keys = (getattr(api, name) for name in KEY_NAMES)
    return (*keys, *(option.key for option in options_of(api)))


def _body(text: str, is_masked: bool, names: tuple[str, ...]) -> PayloadText | None:
    if not text:
        return None
    return payload_text(text.encode(), is_masked=is_masked, personal_names=names)


def _neighbours(call: ApiCall) -> list[dict[str, Any]]:
    """Return the other calls of the same submission, in the order in which they were made."""
    if call.submission_id is None:
        return []
    calls: QuerySet[ApiCall] = ApiCall.objects.filter(
        submission_id=call.submission_id, site_id=call.site_id
    )
    listed = calls.only("at", "operation", "direction", "outcome", "purpose").exclude(pk=call.pk)
    return [
        {"call": each, "words": call_words(each), "chip": outcome_chip(each.outcome)}
        for each in listed.order_by("pk")[:_MOST_NEIGHBOURS]
    ]
