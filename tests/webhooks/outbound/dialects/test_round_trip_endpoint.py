"""From one site to another, all the way: what came in there, sent on, and taken in here.

The sender's events are stored and matched as always; each delivery is built from its rows and
posted to the address of a source, through the door of the web process, and then processed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone

from common.identifiers import new_row_id
from contacts.models import Activity, Contact, Preference
from integrations.registry import preset_for
from integrations.request import PresetConfig
from sites.models import Site
from tests.factories import ReceptionEventFactory, SiteFactory, SourceFactory, email_field
from tests.webhooks.outbound.dialects.receiving import (
    ENGAGE,
    KEY,
    ONGAGE,
    STANDARD,
    STRUCTURED,
    WEBENGAGE,
    generic,
)
from tests.webhooks.outbound.dialects.sending import PLAIN_SECRET, SECRET, parsed, sample_request
from tests.webhooks.outbound.send_events import send_event
from tests.webhooks.outbound.subscribing import ACTOR, saved
from tests.webhooks.received import received_event
from tests.webhooks.reception import knock
from webhooks.inbound.models import Context, ReceptionField, Source, Status
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import claim_fresh
from webhooks.models import Delivery, ReceivedEvent, Subscription
from webhooks.outbound.building import build, prepare
from webhooks.outbound.delivering.database_values import id_value
from webhooks.outbound.delivering.loading import load
from webhooks.outbound.delivering.unit import Part, Unit
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.send_events.publishing import send_event_publish
from webhooks.outbound.subscriptions.directory import subscriptions_by_id

pytestmark = pytest.mark.django_db(transaction=True)

BASE: Final = "https://patchbay.example.com:8443"
EMAIL: Final = "john.doe@example.com"


@pytest.fixture
def there(db: None) -> Site:
    return SiteFactory.create()


@pytest.fixture
def here(db: None) -> Site:
    return SiteFactory.create()


def source(site: Site, preset_key: str, config: PresetConfig) -> Source:
    cleaned, errors = preset_for(preset_key).clean(config)
    assert not errors
    return SourceFactory.create(
        site=site,
        preset_key=preset_key,
        settings=dict(cleaned.settings),
        secrets=dict(cleaned.secrets),
    )


def subscription(
    site: Site, format_key: str, to: Source | str, event_types: list[str], **fields: Any
) -> Subscription:
    path = to if isinstance(to, str) else f"/in/{to.public_id}"
    return saved(site, format_key=format_key, url=BASE + path, event_types=event_types, **fields)


def came_in(site: Site, preset_key: str, config: PresetConfig, *sample_names: str) -> Source:
    """Let samples of a preset come in to a new source of a site, one after the other."""
    preset, found = preset_for(preset_key), source(site, preset_key, config)
    samples = {each.name: each for each in preset.samples()}
    for name in sample_names:
        request = sample_request(preset, samples[name])
        body = request.body.replace(b'"myTenantName"', b'"acme"')
        received_event(
            found, Status.RECEIVED, body=body, body_bytes=len(body), headers=dict(request.headers)
        )
        work()
    ends = set(ReceivedEvent.objects.filter(source=found).values_list("status", flat=True))
    assert ends <= {"processed", "partly_processed"}
    return found


def work() -> None:
    Processing("me").process(claim_fresh("me"))


def deliver(to: Subscription) -> list[HttpResponse]:
    """Post what a subscription is due, as its worker would, and process what was taken."""
    deliveries = list(Delivery.objects.filter(subscription=to).order_by("pk"))
    assert deliveries
    parts = [Part(id_value(each.pk), id_value(each.event_id)) for each in deliveries]
    units = [parts] if to.is_batched else [[part] for part in parts]
    answers = []
    for some in units:
        unit_id = id_value(new_row_id()) if to.is_batched else some[0].delivery_id
        unit = Unit(id=unit_id, subscription_id=to.pk, parts=some, attempts=1, trigger="event")
        load([unit])
        snapshot = subscriptions_by_id()[to.pk]
        request = prepare(
            snapshot,
            build(snapshot, unit.events, unit.message_id),
            unit.message_id,
            timezone.now(),
        ).request
        headers = dict(request.headers)
        parts_of_url = urlsplit(request.url)
        answers.append(
            knock(
                request.method,
                f"{parts_of_url.path}?{parts_of_url.query}",
                request.body or b"",
                headers.pop("Content-Type"),
                headers,
            )
        )
        work()
    dialect = format_for(to.format_key)
    assert dialect is not None
    assert all(dialect.is_success(each.status_code) for each in answers), answers[0].content
    return answers


FACTS: Final = (
    "email", "phone", "external_id", "first_name", "last_name", "care_of", "street", "postal_code",
    "city", "country_code", "birth_date", "gender", "language", "attributes", "email_status",
)  # fmt: skip


def contact_facts(site: Site) -> list[Mapping[str, Any]]:
    rows = Contact.objects.filter(site=site, deleted_at=None).order_by("email")
    return list(rows.values(*FACTS))


def preferences(site: Site) -> list[Any]:
    rows = Preference.objects.filter(contact__site=site).order_by("contact__email", "channel")
    return list(rows.values_list("contact__email", "channel", "accepts"))


def activities(site: Site) -> list[Any]:
    rows = Activity.objects.filter(site=site).order_by("contact__email", "type", "properties")
    return sorted(map(repr, rows.values_list("contact__email", "type", "properties")))


@pytest.mark.parametrize("encryption", ["none", "engage"])
def test_contacts_go_from_site_to_site_in_the_envelope_of_engage(
    there: Site, here: Site, encryption: str
) -> None:
    key = {"encryption": KEY} if encryption != "none" else {}
    to = subscription(
        there, "engage", source(here, "voyado_engage", ENGAGE), ["contact.*"],
        format_settings={"tenant": "acme"}, encryption=encryption,
        secrets={"signing": SECRET, **key},
    )  # fmt: skip
    came_in(
        there, "voyado_engage", ENGAGE,
        "contact.created.json", "contact.updated.json", "contact.acceptsEmail.changed.json",
        "contact.consent.changed.json",
    )  # fmt: skip
    deliver(to)
    assert contact_facts(here) == contact_facts(there) != []
    assert preferences(here) == preferences(there) != []
    assert ReceivedEvent.objects.filter(site=here).exclude(status="processed").count() == 0


@pytest.mark.parametrize("format_key", ["webengage_event", "ongage_batch"])
def test_an_opt_out_there_is_an_opt_out_here(there: Site, here: Site, format_key: str) -> None:
    fields: dict[str, Any]
    if format_key == "webengage_event":
        receiver = source(here, "webengage", WEBENGAGE)
        settings = {"license_code": "311c48b3", "hook": "global_system"}
        fields = {"signing": "webengage", "secrets": {"signing": PLAIN_SECRET}}
    else:
        receiver = source(here, "ongage", ONGAGE)
        settings = {"list_id": "9997"}
        fields = {
            "signing": "basic", "batch_size": 100, "batch_seconds": 600,
            "secrets": {"user": "patchbay", "password": PLAIN_SECRET},
        }  # fmt: skip
    to = subscription(
        there, format_key, receiver, ["contact.acceptsEmail.changed"],
        format_settings=settings, **fields,
    )  # fmt: skip
    rows = source(there, "ongage", ONGAGE)
    for status in ("soft", "unsubscribe"):
        body = json.dumps([{"email": EMAIL, "list_id": 1, "status": status}]).encode()
        received_event(rows, Status.RECEIVED, body=body, body_bytes=len(body))
        work()
    (answer,) = deliver(to)
    assert answer.status_code == 200
    assert preferences(here) == preferences(there) == [(EMAIL, "email", False)]


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize(
    ("format_key", "sample"),
    [
        ("webengage_feedback", "feedback_submit.json"),
        ("webengage_feedback", "feedback_reply_submit.json"),
        ("webengage_feedback", "feedback_submit.xml"),
        ("webengage_survey", "survey_response_submit.json"),
        ("webengage_event", "push_notification_accepted.json"),
        ("webengage_event", "order_placed.json"),
    ],
)
def test_what_webengage_said_there_it_says_here(
    there: Site, here: Site, format_key: str, sample: str, body_format: str
) -> None:
    settings: dict[str, Any] = {"license_code": "311c48b3", "body_format": body_format}
    if format_key == "webengage_event":
        is_system = sample.startswith("push")
        settings = {
            "license_code": "311c48b3",
            "hook": "global_system" if is_system else "global_application",
        }
    to = subscription(
        there, format_key, source(here, "webengage", WEBENGAGE), ["inbound.webengage.*"],
        format_settings=settings, signing="webengage", secrets={"signing": PLAIN_SECRET},
    )  # fmt: skip
    came_in(there, "webengage", WEBENGAGE, sample)
    deliver(to)
    assert contact_facts(here) == contact_facts(there) != []
    if body_format == "json" or sample.endswith(".xml"):
        assert activities(here) == activities(there) != []
    else:
        # XML has no types: 12 visits are "12" visits.
        assert len(activities(here)) == len(activities(there)) > 0


def test_rows_of_ongage_arrive_as_rows_of_ongage(there: Site, here: Site) -> None:
    to = subscription(
        there, "ongage_batch", source(here, "ongage", ONGAGE), ["inbound.ongage.*"],
        format_settings={"list_id": "1"}, signing="basic", batch_size=100, batch_seconds=600,
        secrets={"user": "patchbay", "password": PLAIN_SECRET},
    )  # fmt: skip
    came_in(there, "ongage", ONGAGE, "batch.json", "with_bad_row.json")
    assert len(deliver(to)) == 1
    assert contact_facts(here) == contact_facts(there) != []
    assert preferences(here) == preferences(there) != []
    assert ReceivedEvent.objects.get(site=here).status == "processed"
    ours, theirs = activities(here), activities(there)
    assert [each.replace("Patchbay", "") for each in ours] == theirs


@pytest.mark.parametrize("format_key", ["standard_webhooks", "cloudevents"])
@pytest.mark.parametrize("signing", ["standard_webhooks", "hmac", "basic"])
def test_a_contact_arrives_at_a_generic_source(
    there: Site, here: Site, format_key: str, signing: str
) -> None:
    pointers = STANDARD if format_key == "standard_webhooks" else STRUCTURED
    secrets = {
        "standard_webhooks": {"signing": SECRET},
        "hmac": {"signing": PLAIN_SECRET},
        "basic": {"user": "patchbay", "password": PLAIN_SECRET},
    }[signing]
    fields = {"first_name": "/data/firstName", "city": "/data/city"}
    receiver = source(here, "generic_json", generic(signing, **pointers, fields=fields))
    to = subscription(
        there, format_key, receiver, ["contact.created"], signing=signing, secrets=secrets,
    )  # fmt: skip
    came_in(there, "voyado_engage", ENGAGE, "contact.created.json")
    deliver(to)
    (mine,), (theirs,) = contact_facts(here), contact_facts(there)
    for name in ("email", "first_name", "city"):
        assert mine[name] == theirs[name] != ""


def test_a_send_event_arrives_at_a_generic_source_and_at_a_reception_event(
    there: Site, here: Site
) -> None:
    event = send_event(
        there,
        {"id": "email", "name": "E-mail", "type": "email", "required": True},
        {"id": "total", "name": "Total", "type": "decimal"},
    )
    reception = ReceptionEventFactory.create(
        site=here, context=Context.WEBHOOK, alias="voucher",
        fields=[
            email_field(), ReceptionField(field_id="total", name="Total", type="decimal"),
        ],
        verification={"verification": "hmac"}, secrets={"hmac_secrets": [PLAIN_SECRET]},
    )  # fmt: skip
    config = generic("hmac", email_pointer="/email", properties={"total": "/total"})
    targets: tuple[Source | str, ...] = (
        source(here, "generic_json", config),
        f"/webhooks/{here.public_id}/custom-events/alias/{reception.alias}",
    )
    for number, target in enumerate(targets):
        to = subscription(
            there, "connectif_send", target, [f"send.{event.event_id}"], name=f"To {number}",
            signing="hmac", secrets={"signing": PLAIN_SECRET},
        )  # fmt: skip
        send_event_publish(
            event=event, values={"email": EMAIL, "total": Decimal("12345678901.25")}, actor=ACTOR
        )
        deliver(to)
    assert [each["email"] for each in contact_facts(here)] == [EMAIL]
    found = Activity.objects.filter(site=here).order_by("type")
    assert {each.type for each in found} == {"event", "voucher"}
    assert {str(each.properties["total"]) for each in found} == {"12345678901.25"}


def test_a_request_passed_on_as_it_came_is_taken_by_the_same_preset(
    there: Site, here: Site
) -> None:
    to = subscription(
        there, "raw_request", source(here, "voyado_engage", ENGAGE), ["inbound.*"],
        secrets={"signing": SECRET}, format_settings={"headers": "x-request-id"},
    )  # fmt: skip
    came_in(there, "voyado_engage", ENGAGE, "contact.created.json", "loyalty.addPoints.json")
    deliver(to)
    assert contact_facts(here) == contact_facts(there) != []
    assert activities(here) == activities(there) != []


def test_a_url_that_has_what_the_format_adds_is_refused(there: Site) -> None:
    with pytest.raises(ValidationError) as raised:
        subscription(
            there, "webengage_event", "/in/x?secret=1&eventType=", ["*"],
            format_settings={"license_code": "1"}, signing="webengage",
            secrets={"signing": PLAIN_SECRET},
        )  # fmt: skip
    assert raised.value.message_dict == {
        "url": ["Remove eventType, secret from the URL: it is added to each request."]
    }


def test_samples_are_what_this_suite_takes_them_for() -> None:
    preset = preset_for("webengage")
    named = [event.cause for sample in preset.samples() for event in parsed(preset, sample)]
    assert named == [""] * len(named)
