"""Takes an erased person out of the log of API calls, which lies below contacts."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from common.json_text import json_text
from common.without_person import names_person
from contacts.subject_rights.personal_data import Place, Sought, Step
from integrations.models import ApiCall
from integrations.models.api_call import NOTHING_SAID

_AT_ONCE: Final = 500


def erase_calls(sought: Sought, cursor: str) -> Step:
    """Empty calls that name the person; those of their contact were emptied with it."""
    rows = ApiCall.objects.filter(site_id=sought.site_id)
    if cursor:
        rows = rows.filter(pk__gt=UUID(cursor))
    calls = list(rows.order_by("pk")[:_AT_ONCE])
    found = [call.pk for call in calls if names_person(_said(call), sought.texts)]
    ApiCall.objects.filter(pk__in=found).update(**NOTHING_SAID)
    return Step(len(found), str(calls[-1].pk) if calls else cursor, len(calls) < _AT_ONCE)


def calls_about(contact_id: UUID) -> int:
    about = ApiCall.objects.filter(contact_id=contact_id)
    return about.exclude(**NOTHING_SAID).count()


def _said(call: ApiCall) -> bytes:
    around = json_text([call.request_headers, call.response_headers, call.notes])
    said = (call.url, call.request_body, call.response_body, call.reason, around)
    return "\n".join(said).encode()


PLACES: Final = (Place(key="calls", label="API calls", erase=erase_calls, held=calls_about),)
