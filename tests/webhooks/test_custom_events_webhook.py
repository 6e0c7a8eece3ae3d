"""The context Webhook through HTTP: pointers, leniency, and taking in after a correction."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contacts.models import Activity, Contact
from sites.audit import Actor
from sites.models import Site
from tests.factories import SiteFactory
from tests.webhooks.custom_events import (
    FLAT,
    documented,
    documented_event,
    erp_event,
    post,
    worked_off,
)
from tests.webhooks.reception import knock, written_rejections
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.inbound.replaying.reprocessing import rejected_request_reprocess
from webhooks.models import Context, EventOutcome, ReceivedEvent, RejectedRequest

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = Actor.system("tests")


def body_of(response: Any) -> Any:
    return json.loads(response.content)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("is_upper", [False, True])
def test_the_documented_event_needs_no_key_and_creates(
    site: Site, slash: str, is_upper: bool
) -> None:
    event = documented_event(site, Context.WEBHOOK, alias="webhook-event-example")
    site_id = str(site.public_id)
    address = f"/webhooks/{site_id.upper() if is_upper else site_id}"
    path = f"{address}/custom-events/alias/{event.alias}{slash}?createContact=false"
    body = json.dumps(FLAT).encode()

    response = knock("POST", path, body, "application/json", {})

    assert response.status_code == 201
    assert re.fullmatch("[0-9a-f]{24}", body_of(response)["id"])
    worked_off()
    assert Contact.objects.get().email == "john.doe@example.org"


def test_a_nested_body_is_mapped_and_what_is_not_mapped_is_dropped(site: Site) -> None:
    event = erp_event(site)
    assert post(event, documented("webhook_event_nested.json")).status_code == 201
    worked_off()
    found = Contact.objects.get()
    assert (found.email, found.first_name) == ("john.doe@example.org", "John Doe")
    assert found.attributes["_points"] == 120
    properties = Activity.objects.get().properties
    assert properties["tags"] == ["vip", "b2b"]
    assert "birthdate" not in properties


def test_an_optional_value_that_does_not_convert_is_dropped_with_a_note(site: Site) -> None:
    event = documented_event(site, Context.WEBHOOK)
    body = FLAT | {"points": "many", "nickname": "Johnny", "vip": "true"}
    assert post(event, body).status_code == 201
    worked_off()
    properties = Activity.objects.get().properties
    assert "points" not in properties
    assert properties["vip"] is True
    assert any("points" in note for note in EventOutcome.objects.get().notes)


@pytest.mark.parametrize("email", [{}, {"email": None}, {"email": "nobody"}, {"email": {}}])
def test_without_a_valid_primary_key_it_is_422(site: Site, email: dict[str, Any]) -> None:
    event = documented_event(site, Context.WEBHOOK)
    response = post(event, {"name": "John"} | email)
    assert response.status_code == 422
    errors = body_of(response)["validationErrors"]
    assert [error["path"] for error in errors] == ["email"]


def test_a_refused_request_is_taken_in_after_the_mapping_was_corrected(site: Site) -> None:
    event = documented_event(site, Context.WEBHOOK)
    body = {"customer": {"mail": "john.doe@example.org"}, "name": "John", "padding": "x" * 5_000}
    assert post(event, body).status_code == 422
    written_rejections()
    rejected = RejectedRequest.objects.get()
    assert (rejected.cause, rejected.is_whole) == ("INVALID_FIELDS", True)
    with pytest.raises(ValidationError, match="refused again"):
        rejected_request_reprocess(rejected=rejected, actor=ACTOR)

    fields = list(event.fields.all())
    fields[0].pointer = "/customer/mail"
    reception_event_save(event=event, fields=fields, actor=ACTOR)
    appended = rejected_request_reprocess(rejected=rejected, actor=ACTOR)

    worked_off()
    assert ReceivedEvent.objects.get().pk == appended.id
    assert Contact.objects.get().email == "john.doe@example.org"
    with pytest.raises(ValidationError):
        rejected_request_reprocess(rejected=rejected, actor=ACTOR)


def test_a_changed_mapping_is_used_without_a_restart(site: Site) -> None:
    event = documented_event(site, Context.WEBHOOK)
    body = {"mail": "john.doe@example.org"}
    assert post(event, body).status_code == 422
    fields = list(event.fields.all())
    fields[0].pointer = "/mail"
    reception_event_save(event=event, fields=fields, actor=ACTOR)
    assert journal_writer.run_chores()
    assert post(event, body).status_code == 201


def test_a_chosen_check_is_kept(site: Site) -> None:
    event = documented_event(
        site,
        Context.WEBHOOK,
        verification={"verification": "token_header", "token_header": "X-Token"},
        secrets={"tokens": ["token-of-a-sender-of-24-bytes"]},
    )
    token = {"X-Token": "token-of-a-sender-of-24-bytes"}
    assert post(event, FLAT).status_code == 401
    assert post(event, FLAT, {"X-Token": "another"}).status_code == 401
    assert post(event, FLAT, token).status_code == 201
    stored = ReceivedEvent.objects.get()
    assert token["X-Token"] not in json.dumps(stored.headers)


def test_what_is_not_there_is_404(site: Site) -> None:
    api = documented_event(site)
    off = documented_event(site, Context.WEBHOOK, alias="off", active=False)
    foreign = documented_event(SiteFactory.create(), Context.WEBHOOK, alias="foreign")
    for event in (api, off):
        assert post(event, FLAT).status_code == 404
    for address in (
        f"/webhooks/{site.public_id}/custom-events/alias/{foreign.alias}",
        f"/webhooks/{site.public_id}/custom-events/alias/none",
        "/webhooks/nobody/custom-events/alias/off",
    ):
        assert knock("POST", address, b"{}", "application/json", {}).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_405(method: str) -> None:
    response = knock(method, "/webhooks/x/custom-events/alias/y", b"", "", {})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST, OPTIONS")
