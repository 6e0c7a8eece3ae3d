"""The pages of custom integrations and reception events: made, edited, tried, deleted, by role."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import ContactField
from integrations.causes import RejectionCause
from integrations.models import CustomIntegration
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.webhooks.received import received_event, rejected_request
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent, Status

TOKEN = "token-with-24-characters-or-more"
LOOKS = {"colour": "orange", "icon": "cart", "category": "store", "description": ""}
BASICS = {"name": "Purchase", "alias": "purchase", "is_active": "on", "throttle_per_second": "50"}
CHECK = {"setting-verification": "none", "setting-unsigned_reason": "It cannot sign."}
EMAIL = {
    "row": ["0"],
    "f0-id": "email",
    "f0-name": "E-mail",
    "f0-type": "email",
    "primary_key": "0",
}
BODY = {"customer": {"email": "anna@example.com", "phone": "070-123 45 67"}, "total": 12.5}
PHONE = {
    "field_id": "phone",
    "name": "Phone",
    "type": "phone",
    "default_country_code": "46",
    "pointer": "/customer/phone",
    "system_field": "_mobilePhone",
}


@pytest.fixture
def integration(site: Site) -> CustomIntegration:
    return custom_integration(site)


@pytest.fixture
def webhook(integration: CustomIntegration) -> ReceptionEvent:
    return reception_event(integration, PHONE, context=Context.WEBHOOK)


def page_of(row: CustomIntegration | ReceptionEvent, page: str = "change") -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[row.pk])


def editor_url(integration: CustomIntegration, context: str) -> str:
    add = reverse("admin:webhooks_receptionevent_add")
    return f"{add}?integration={integration.pk}&context={context}"


def row(number: int, **columns: str) -> dict[str, str]:
    return {f"f{number}-{name}": value for name, value in columns.items()}


def unescaped(html: str) -> str:
    return html.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")


def text_of(response: Any) -> str:
    return unescaped(response.content.decode())


# -- integrations ----------------------------------------------------------------------------------


def test_empty_list_says_what_to_do(operator: Client) -> None:
    html = text_of(operator.get(reverse("admin:integrations_customintegration_changelist")))
    assert "Create a new integration for a system that no preset speaks for" in html


def test_operator_creates_an_integration(operator: Client, site: Site) -> None:
    url = reverse("admin:integrations_customintegration_add")
    response = operator.post(url, LOOKS | {"name": " Store  tills "})
    made = CustomIntegration.objects.get()
    assert response.headers["Location"] == page_of(made)
    assert (made.site, made.name, made.colour, made.icon) == (site, "Store tills", "orange", "cart")
    assert AuditEntry.objects.filter(action="custom_integration.created").exists()


def test_site_is_chosen_among_those_that_one_configures(
    operator: Client, member: MakeMember
) -> None:
    foreign = SiteFactory.create()
    url = reverse("admin:integrations_customintegration_add")
    operator.post(url, LOOKS | {"name": "Tills", "site": foreign.pk})
    assert not CustomIntegration.objects.filter(site=foreign).exists()


def test_of_several_sites_none_is_chosen_for_the_user(client: Client, superuser: User) -> None:
    first, second = SiteFactory.create(), SiteFactory.create()
    client.force_login(superuser)
    url = reverse("admin:integrations_customintegration_add")
    assert "Choose a site" in text_of(client.get(url))
    html = text_of(client.post(url, LOOKS | {"name": "Tills", "site": ""}))
    assert "Choose the site that it belongs to." in html
    assert not CustomIntegration.objects.exists()
    assert f'value="{second.pk}" selected' in text_of(client.get(f"{url}?site={second.pk}"))
    client.post(url, LOOKS | {"name": "Tills", "site": first.pk})
    assert CustomIntegration.objects.get().site == first


def test_list_counts_events_and_shows_the_last_activity(
    operator: Client, webhook: ReceptionEvent
) -> None:
    html = text_of(operator.get(reverse("admin:integrations_customintegration_changelist")))
    assert re.search(r'field-events">1 event<', html)
    assert "mark-teal" in html


def test_taken_name_is_said_beside_the_name(
    operator: Client, integration: CustomIntegration
) -> None:
    url = reverse("admin:integrations_customintegration_add")
    html = text_of(operator.post(url, LOOKS | {"name": integration.name}))
    assert "Another integration of" in html


def test_integration_with_events_is_kept_and_the_sentence_names_them(
    client: Client, superuser: User, webhook: ReceptionEvent
) -> None:
    client.force_login(superuser)
    assert webhook.integration is not None
    delete = page_of(webhook.integration, "delete")
    html = text_of(client.post(delete, {"post": "yes"}, follow=True))
    assert "still has events: “Purchase in a store”. Delete them first." in html
    assert CustomIntegration.objects.exists()


def test_empty_integration_is_deleted(
    client: Client, superuser: User, integration: CustomIntegration
) -> None:
    client.force_login(superuser)
    client.post(page_of(integration, "delete"), {"post": "yes"})
    assert not CustomIntegration.objects.exists()


# -- making an event -------------------------------------------------------------------------------


def test_connection_type_is_chosen_before_the_editor(
    operator: Client, integration: CustomIntegration
) -> None:
    html = text_of(operator.get(editor_url(integration, "")))
    assert "Choose the connection type" in html
    assert "Go to editor" in html
    assert "Add a new field" not in html


def many_rows(count: int) -> dict[str, Any]:
    """Return what the editor posts of so many rows, with every column that a row has."""
    columns = {"type": "text", "code": "", "options": "", "pointer": "", "target": ""}
    data: dict[str, Any] = {"row": [str(number) for number in range(count)], "primary_key": "0"}
    for number in range(count):
        data |= row(number, name=f"Field {number}", id="", required="on", **columns)
    return data | {"f0-type": "email", "f0-id": "email"}


def test_as_many_fields_as_an_event_may_have_are_saved_and_no_more_are_added(
    operator: Client, integration: CustomIntegration
) -> None:
    url = editor_url(integration, "webhook")
    posted = BASICS | CHECK | many_rows(100)
    full = text_of(operator.post(url, posted | {"action": "add"}))
    assert re.search('value="add" disabled>Add a new field', full)
    assert 'name="f100-id"' not in full
    operator.post(url, posted)
    assert ReceptionEvent.objects.get().fields.count() == 100


def test_too_many_fields_are_said_to_be_too_many(
    operator: Client, integration: CustomIntegration
) -> None:
    response = operator.post(editor_url(integration, "webhook"), BASICS | CHECK | many_rows(200))
    assert response.status_code == 200
    assert "An event may have at most 100 fields." in text_of(response)
    assert 'name="f199-id"' in text_of(response)
    assert not ReceptionEvent.objects.exists()


def test_new_event_begins_with_its_primary_key(
    operator: Client, integration: CustomIntegration
) -> None:
    html = text_of(operator.get(editor_url(integration, "api")))
    assert 'name="f0-id" value="email"' in html
    assert re.search(r'name="primary_key" value="0" checked', html)
    assert "JSON Pointer" not in html
    assert "setting-verification" not in html


def test_api_event_is_saved_and_confirmed(operator: Client, integration: CustomIntegration) -> None:
    fields = EMAIL | {"row": ["0", "3"]} | row(
        3, id="phone", name="Phone", type="phone", code="+46", target="system:_mobilePhone"
    )  # fmt: skip
    response = operator.post(editor_url(integration, "api"), BASICS | fields, follow=True)
    event = ReceptionEvent.objects.get()
    assert response.redirect_chain[0][0] == page_of(event, "saved")
    email, phone = event.fields.order_by("position")
    assert (email.field_id, email.is_primary_key, email.is_required) == ("email", True, True)
    assert (phone.default_country_code, phone.system_field) == ("46", "_mobilePhone")
    assert event.source.throttle_per_second == 50
    html = text_of(response)
    assert "/custom-events/alias/purchase</code>" in html
    assert "Authorization" in html.title()
    assert "createContact=true" in html
    assert "Back to event list" in html


def test_alias_is_made_from_the_name_when_it_is_empty(
    operator: Client, integration: CustomIntegration
) -> None:
    given = BASICS | EMAIL | {"name": "Köp i butik", "alias": ""}
    operator.post(editor_url(integration, "api"), given)
    assert ReceptionEvent.objects.get().alias == "kop-i-butik"


def test_what_a_type_or_a_context_hides_does_not_count(
    operator: Client, integration: CustomIntegration
) -> None:
    hidden = row(0, code="46", options="a = A", pointer="/email", target="system:_name")
    operator.post(editor_url(integration, "api"), BASICS | EMAIL | hidden)
    field = ReceptionEvent.objects.get().fields.get()
    assert (field.default_country_code, field.options, field.pointer) == ("", [], "")
    assert field.system_field == ""


def test_options_are_lines_of_id_and_label(
    operator: Client, integration: CustomIntegration
) -> None:
    fields = EMAIL | {"row": ["0", "1"]} | row(
        1, name="Tier", type="radio", options="gold = Gold member\n\nplain\n"
    )  # fmt: skip
    operator.post(editor_url(integration, "api"), BASICS | fields)
    event = ReceptionEvent.objects.get()
    tier = event.fields.get(name="Tier")
    assert tier.field_id == "field-1"
    assert tier.options == [
        {"id": "gold", "label": "Gold member"},
        {"id": "plain", "label": "plain"},
    ]
    assert "gold = Gold member\nplain = plain</textarea>" in text_of(operator.get(page_of(event)))


def test_custom_field_of_the_site_is_offered_and_written_to(
    operator: Client, integration: CustomIntegration, site: Site
) -> None:
    own = ContactField.objects.create(site=site, field_id="store", name="Store", type="text")
    ContactField.objects.create(
        site=SiteFactory.create(), field_id="secret-plan", name="Plan", type="text"
    )
    html = text_of(operator.get(editor_url(integration, "api")))
    assert 'value="field:store"' in html
    assert "secret-plan" not in html
    fields = EMAIL | {"row": ["0", "1"]} | row(1, name="S", type="text", target="field:store")
    operator.post(editor_url(integration, "api"), BASICS | fields)
    assert ReceptionEvent.objects.get().fields.get(name="S").contact_field == own


def test_errors_stand_with_their_row_and_field(
    operator: Client, integration: CustomIntegration
) -> None:
    fields = EMAIL | {"row": ["0", "7"]} | row(7, id="_x", name="Phone", type="phone")
    html = text_of(operator.post(editor_url(integration, "api"), BASICS | fields))
    first, second = html.split('data-field-row="7"')[:2]
    assert "Default country code:</strong> A phone needs" in second
    assert "Ids that begin with an underscore" in second
    assert "has-errors" not in first.split("<ol")[1].split("<li")[1]
    assert "Not saved" in html
    assert not ReceptionEvent.objects.exists()


def test_missing_primary_key_is_said_above_the_rows(
    operator: Client, integration: CustomIntegration
) -> None:
    without = {key: value for key, value in EMAIL.items() if key != "primary_key"}
    html = text_of(operator.post(editor_url(integration, "api"), BASICS | without))
    assert "One field must be the primary key" in html


@pytest.mark.parametrize(
    ("action", "order"),
    [
        ("add", ["0", "1", "2", "3"]),
        ("up-2", ["0", "2", "1"]),
        ("down-0", ["1", "0", "2"]),
        ("up-0", ["0", "1", "2"]),
        ("remove-1", ["0", "2"]),
        ("remove-9", ["0", "1", "2"]),
    ],
)
def test_rows_move_without_scripts_and_nothing_is_saved(
    operator: Client, integration: CustomIntegration, action: str, order: list[str]
) -> None:
    fields = EMAIL | {"row": ["0", "1", "2"], "action": action} | row(1, name="Second")
    response = operator.post(editor_url(integration, "api"), BASICS | fields)
    rows = response.context["form"].field_rows
    assert [each.number for each in rows] == order
    assert "This field is required" not in text_of(response)
    assert not ReceptionEvent.objects.exists()


def test_webhook_says_how_it_is_checked(operator: Client, integration: CustomIntegration) -> None:
    url = editor_url(integration, "webhook")
    html = text_of(operator.get(url))
    assert 'data-shown-when="setting-verification=token_header|token_query"' in html
    pointer = row(0, pointer="/customer/email")
    operator.post(url, BASICS | EMAIL | pointer | CHECK)
    event = ReceptionEvent.objects.get()
    assert event.source.settings["unsigned_reason"] == "It cannot sign."
    assert event.fields.get().pointer == "/customer/email"


def test_generated_token_is_shown_once_with_the_whole_address(
    operator: Client, integration: CustomIntegration
) -> None:
    check = {"setting-verification": "token_query", "setting-token_parameter": "t"}
    response = operator.post(editor_url(integration, "webhook"), BASICS | EMAIL | check)
    event = ReceptionEvent.objects.get()
    token = event.source.secrets["tokens"][0]
    assert token in text_of(response)
    assert token not in text_of(operator.get(page_of(event, "saved")))
    assert token not in text_of(operator.get(page_of(event)))
    assert "t=•••" in text_of(operator.get(page_of(event)))


def test_deleting_and_editing_need_their_role(
    client: Client, member: MakeMember, webhook: ReceptionEvent
) -> None:
    for role, may_edit, may_delete in (
        (Role.VIEWER, False, False),
        (Role.SUPPORT, False, False),
        (Role.OPERATOR, True, False),
        (Role.ADMIN, True, True),
    ):
        client.force_login(member(role))
        html = text_of(client.get(page_of(webhook)))
        assert "Purchase in a store" in html
        assert ("Add a new field" in html) is may_edit
        assert ("Copy URL" in html) is may_edit
        assert (client.get(page_of(webhook, "saved")).status_code == 200) is may_edit
        assert (client.get(page_of(webhook, "postman")).status_code == 200) is may_edit
        assert (client.get(page_of(webhook, "delete")).status_code == 200) is may_delete
        if not may_edit:
            assert client.post(page_of(webhook), BASICS | EMAIL | CHECK).status_code == 403


def test_only_admins_replace_and_reveal_secrets(
    client: Client, member: MakeMember, integration: CustomIntegration
) -> None:
    event = reception_event(
        integration,
        context=Context.WEBHOOK,
        verification={"verification": "token_header", "token_header": "X-Token"},
        secrets={"tokens": [TOKEN]},
    )
    reveal = page_of(event, "reveal")
    client.force_login(member(Role.OPERATOR))
    assert "setting-tokens" not in text_of(client.get(page_of(event)))
    assert client.post(reveal).status_code == 403
    given = BASICS | EMAIL | {"setting-verification": "token_header", "setting-token_header": "X-T"}
    client.post(page_of(event), given | {"setting-tokens": "n" * 30})
    event.source.refresh_from_db()
    assert event.source.secrets == {"tokens": [TOKEN]}
    client.force_login(member(Role.ADMIN))
    assert client.get(reveal).status_code == 405
    assert TOKEN in text_of(client.post(reveal))
    assert AuditEntry.objects.filter(action="source.revealed").exists()


# -- sending ---------------------------------------------------------------------------------------


def test_postman_collection_holds_the_request_and_no_secret(
    operator: Client, integration: CustomIntegration
) -> None:
    event = reception_event(
        integration,
        context=Context.WEBHOOK,
        verification={"verification": "token_query", "token_parameter": "t"},
        secrets={"tokens": [TOKEN]},
    )
    response = operator.get(page_of(event, "postman"))
    assert TOKEN not in text_of(response)
    assert "purchase.postman_collection.json" in response.headers["Content-Disposition"]
    request = json.loads(response.content)["item"][0]["request"]
    assert request["url"]["raw"].endswith("/custom-events/alias/purchase?t={{secret}}")
    assert json.loads(request["body"]["raw"])["customer"]["email"]


def test_postman_collection_of_the_public_api_asks_for_the_key(
    operator: Client, integration: CustomIntegration
) -> None:
    event = reception_event(integration)
    collection = json.loads(operator.get(page_of(event, "postman")).content)
    request = collection["item"][0]["request"]
    assert {"key": "Authorization", "value": "ApiKey {{api_key}}"} in request["header"]
    assert request["url"]["query"] == [{"key": "createContact", "value": "true"}]
    assert [each["key"] for each in collection["variable"]] == ["api_key"]


def test_signed_request_of_the_collection_holds_for_its_body(
    operator: Client, integration: CustomIntegration
) -> None:
    event = reception_event(
        integration,
        context=Context.WEBHOOK,
        verification={"verification": "hmac", "hmac_header": "X-Signature"},
        secrets={"hmac_secrets": [TOKEN]},
    )
    request = json.loads(operator.get(page_of(event, "postman")).content)["item"][0]["request"]
    signature = hmac.new(TOKEN.encode(), request["body"]["raw"].encode(), "sha256").hexdigest()
    assert {"key": "X-Signature", "value": signature} in request["header"]
    assert "Signed just now" in text_of(operator.get(page_of(event)))


# -- the tester ------------------------------------------------------------------------------------


def try_fields(client: Client, event: ReceptionEvent, **given: Any) -> str:
    return text_of(client.post(page_of(event), {"action": "test", "fragment": "1"} | given))


def test_tester_reads_a_pasted_body_with_the_unsaved_fields(
    operator: Client, webhook: ReceptionEvent
) -> None:
    fields = EMAIL | {"row": ["0", "1"]} | row(0, pointer="/customer/email") | row(
        1, id="total", name="Total", type="integer", pointer="/total"
    )  # fmt: skip
    html = try_fields(operator, webhook, **fields, **{"tester-body": json.dumps(BODY)})
    assert 'data-pointer="/customer/phone"' in html
    assert "<code>anna@example.com</code>" in html
    assert 'data-pointer="/total" title="/total">12.5</button>' in html
    assert "Left out" in html
    assert "It would be accepted." in html
    assert webhook.fields.count() == 2
    assert not ReceivedEvent.objects.exists()


def test_tester_says_why_a_body_would_be_refused(operator: Client, webhook: ReceptionEvent) -> None:
    fields = EMAIL | row(0, pointer="/nowhere")
    html = try_fields(operator, webhook, **fields, **{"tester-body": json.dumps(BODY)})
    assert "422" in html
    assert "email: Required field is missing." in html
    assert "not JSON" in try_fields(operator, webhook, **fields, **{"tester-body": "{"})
    assert "Paste a body" in try_fields(operator, webhook, **fields)


def test_tester_marks_rows_that_cannot_be_read(operator: Client, webhook: ReceptionEvent) -> None:
    fields = EMAIL | {"row": ["0", "1"]} | row(1, name="Tier", type="radio")
    html = try_fields(operator, webhook, **fields, **{"tester-body": json.dumps(BODY)})
    assert "1 field could not be tried" in html


def test_tester_masks_personal_values_of_stored_requests(
    operator: Client, webhook: ReceptionEvent
) -> None:
    stored = received_event(webhook.source, Status.PROCESSED, body=json.dumps(BODY).encode())
    fields = EMAIL | {"row": ["0", "1"]} | row(0, pointer="/customer/email") | row(
        1, id="p", name="Phone", type="phone", code="46", pointer="/customer/phone"
    )  # fmt: skip
    pick = {"tester-pick": f"received:{stored.pk}"}
    html = try_fields(operator, webhook, **fields, **pick)
    assert "anna@example.com" not in html
    assert "+46701234567" not in html
    assert "It would be accepted." in html
    assert not AuditEntry.objects.filter(action="received_event.body_revealed").exists()
    shown = try_fields(operator, webhook, **fields, **pick, **{"tester-reveal": "on"})
    assert "<code>+46701234567</code>" in shown
    assert AuditEntry.objects.filter(action="received_event.body_revealed").exists()


def test_tester_offers_rejected_requests_and_never_reveals_them(
    operator: Client, webhook: ReceptionEvent
) -> None:
    rejected = rejected_request(
        webhook.source, RejectionCause.INVALID_FIELDS, json.dumps(BODY).encode()
    )
    pick = {"tester-pick": f"rejected:{rejected.pk}", "tester-reveal": "on"}
    assert f'value="rejected:{rejected.pk}"' in text_of(operator.get(page_of(webhook)))
    html = try_fields(operator, webhook, **EMAIL, **row(0, pointer="/customer/email"), **pick)
    assert "It would be accepted." in html
    assert "anna@example.com" not in html


def test_tester_reads_no_request_of_another_event(
    operator: Client, webhook: ReceptionEvent
) -> None:
    foreign = reception_event(custom_integration(SiteFactory.create()))
    stored = received_event(foreign.source, Status.PROCESSED, body=b'{"mark": "foreign"}')
    for key in (stored.pk, "no-id"):
        html = try_fields(operator, webhook, **EMAIL, **{"tester-pick": f"received:{key}"})
        assert "not kept any more" in html
        assert "foreign" not in html


def test_support_tries_the_saved_fields_and_viewers_do_not(
    client: Client, member: MakeMember, webhook: ReceptionEvent
) -> None:
    unsaved = EMAIL | row(0, pointer="/nowhere") | {"tester-body": json.dumps(BODY)}
    client.force_login(member(Role.SUPPORT))
    html = try_fields(client, webhook, **unsaved)
    assert "It would be accepted." in html
    assert "/customer/phone" in html
    client.force_login(member(Role.VIEWER))
    response = client.post(page_of(webhook), {"action": "test"} | unsaved)
    assert response.status_code == 403
    assert "Try a body" not in text_of(client.get(page_of(webhook)))


# -- history and links -----------------------------------------------------------------------------


def test_deleted_event_keeps_what_it_received_and_a_page(
    client: Client, superuser: User, webhook: ReceptionEvent
) -> None:
    received = received_event(webhook.source, Status.PROCESSED)
    client.force_login(superuser)
    delete = page_of(webhook, "delete")
    assert "1 received event stays" in text_of(client.get(delete))
    client.post(delete, {"post": "yes"})
    received.refresh_from_db()
    webhook.refresh_from_db()
    assert webhook.deleted_at is not None
    page = text_of(client.get(page_of(webhook)))
    assert "Deleted" in page
    assert "Add a new field" not in page
    assert client.post(page_of(webhook), BASICS | EMAIL | CHECK).status_code == 403
    assert client.get(delete).status_code == 403
    for gone in ("saved", "postman", "reveal"):
        assert client.post(page_of(webhook, gone)).status_code == 404
    listed = client.get(reverse("admin:webhooks_receptionevent_changelist"))
    assert page_of(webhook) not in text_of(listed)


def test_source_of_a_received_event_leads_to_the_event(
    operator: Client, webhook: ReceptionEvent
) -> None:
    source = reverse("admin:webhooks_source_change", args=[webhook.source_id])
    assert operator.get(source).headers["Location"] == page_of(webhook)
    listed = text_of(operator.get(reverse("admin:webhooks_source_changelist")))
    assert page_of(webhook) not in listed
    assert source not in listed
    html = text_of(operator.get(page_of(webhook)))
    assert re.search(r'aria-current="page">Custom integrations<', html)
    for model in ("receivedevent", "rejectedrequest"):
        url = reverse(f"admin:webhooks_{model}_changelist")
        assert f"{url}?source={webhook.source_id}" in html


def test_site_page_has_the_section_custom(operator: Client, webhook: ReceptionEvent) -> None:
    url = reverse("admin:sites_site_change", args=[webhook.site_id])
    html = text_of(operator.get(f"{url}?section=custom"))
    assert "1 integration, 1 reception event" in html
    assert webhook.integration is not None
    assert page_of(webhook.integration) in html
