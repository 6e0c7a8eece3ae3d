"""The end of a submission is an event, stored with it or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from django.utils import timezone

from contacts.models import Contact
from onsite.interrupted import end_interrupted_submissions
from onsite.models import State, Submission
from onsite.signals import submission_finished
from sites.models import Site
from tests.onsite.campaign import JANE, Campaign
from tests.onsite.submissions import submission
from tests.webhooks.publishing import stored, subscribe, told
from webhooks.models import Event
from webhooks.outbound.event_types import event_type_named

pytestmark = pytest.mark.django_db


def fitting(site: Site, event_type: str) -> dict[str, Any]:
    payload: dict[str, Any] = dict(stored(site))[event_type]
    known = event_type_named(site, event_type)
    assert known is not None
    jsonschema.validate(payload, known.schema)
    return payload


def test_a_visitor_who_continues(own_campaign: Campaign) -> None:
    everything = subscribe(own_campaign.site)
    own_campaign.send(conversion={})
    assert told(everything) == ["contact.created", "onsite.submission.continued"]
    payload = fitting(own_campaign.site, "onsite.submission.continued")
    contact = Contact.objects.get()
    assert payload["submissionId"] == str(own_campaign.submission.pk)
    assert (payload["contactId"], payload["role"]) == (str(contact.pk), "friend")
    assert (payload["redeal"], payload["hasConverted"]) == (own_campaign.submission.tag, True)
    event = Event.objects.get(type="onsite.submission.continued")
    assert (event.contact_id, event.subject) == (contact.pk, {"email": JANE})
    assert JANE not in event.payload


def test_a_visitor_whose_process_died_is_blocked(site: Site) -> None:
    everything = subscribe(site)
    submission(site, State.RUNNING, lease_expires_at=timezone.now() - timedelta(minutes=1))
    end_interrupted_submissions()
    assert told(everything) == ["onsite.submission.blocked"]
    payload = fitting(site, "onsite.submission.blocked")
    assert (payload["contactId"], payload["isKnown"]) == (None, None)
    assert payload["code"] == Submission.objects.get().code
    event = Event.objects.get()
    assert event.subject == {}
    assert "jane" not in json.dumps([event.payload, event.subject])


def test_a_submission_ends_with_its_event_or_not_at_all(own_campaign: Campaign) -> None:
    subscribe(own_campaign.site)

    def refuse(**_: Any) -> None:
        raise LookupError

    submission_finished.connect(refuse)
    try:
        assert own_campaign.send().status == 500
    finally:
        submission_finished.disconnect(refuse)
    assert not Event.objects.filter(type="onsite.submission.continued").exists()
    assert not Contact.objects.exists()
