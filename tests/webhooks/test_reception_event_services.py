"""Defining events: what is refused beside which field, and what stays in step."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from contacts.models import ContactField
from integrations.causes import RejectionCause
from integrations.custom_integrations.services import integration_delete, integration_save
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import AuditEntry, ConfigurationVersion, Site
from tests.factories import (
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SourceFactory,
    email_field,
)
from tests.webhooks.defining import Errors, errors_of, field
from tests.webhooks.received import received_event, rejected_request
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.models import (
    Context,
    ReceivedEvent,
    ReceptionEvent,
    ReceptionField,
    Source,
    Status,
)

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("tests")
COMPILED = {
    "type": "text",
    "required": False,
    "primary_key": False,
    "default_country_code": "",
    "options": [],
    "pointer": "",
    "target": "",
}


def save(event: ReceptionEvent, *fields: ReceptionField, **more: Any) -> ReceptionEvent:
    return reception_event_save(event=event, fields=fields, actor=ACTOR, **more)


class TestIntegrations:
    def test_is_stored_tidied_and_audited(self, site: Site) -> None:
        saved = integration_save(
            integration=CustomIntegration(site=site, name="  The   ERP "), actor=ACTOR
        )
        saved.colour = "pink"
        integration_save(integration=saved, actor=ACTOR)

        assert CustomIntegration.objects.get().name == "The ERP"
        created, updated = AuditEntry.objects.order_by("pk")
        assert created.action == "custom_integration.created"
        assert (updated.action, updated.changes) == (
            "custom_integration.updated",
            {"colour": ["teal", "pink"]},
        )

    def test_says_what_is_wrong_beside_the_field(self, site: Site) -> None:
        CustomIntegrationFactory.create(site=site, name="ERP")

        def given(**values: str) -> Errors:
            integration = CustomIntegration(site=site, **values)
            return errors_of(lambda: integration_save(integration=integration, actor=ACTOR))

        assert given(name="ERP") == {"name": [f"Another integration of {site} has this name."]}
        assert set(given(name="", colour="beige")) == {"name", "colour"}

    def test_goes_only_without_events_and_names_those_that_are_left(self, site: Site) -> None:
        event = ReceptionEventFactory.create(site=site, name="Order paid")
        integration = CustomIntegration.objects.get()
        with pytest.raises(ValidationError, match="“Order paid”"):
            integration_delete(integration=integration, actor=ACTOR)
        received_event(event.source, Status.PROCESSED)
        reception_event_delete(event=event, actor=ACTOR)

        integration_delete(integration=integration, actor=ACTOR)

        assert not CustomIntegration.objects.exists()
        assert ReceivedEvent.objects.count() == 1


class TestSaving:
    def test_an_event_owns_a_source_compiled_from_its_fields(self, site: Site) -> None:
        shop = ContactField.objects.create(site=site, field_id="shop", name="Shop", type="text")
        event = ReceptionEventFactory.create(
            site=site,
            name="Order paid",
            alias="order-paid",
            fields=[
                email_field(),
                field(
                    field_id="phone",
                    name="Phone",
                    type="phone",
                    default_country_code="34",
                    system_field="_mobilePhone",
                ),
                field(field_id="", name="Shop", contact_field=shop),
            ],
        )
        source = Source.objects.get(reception_event=event)

        assert (source.preset_key, source.name, source.is_active) == (
            "reception_event",
            "Order paid",
            True,
        )
        assert source.settings == {
            "context": "api",
            "alias": "order-paid",
            "event_id": event.event_id,
            "name": "Order paid",
            "fields": [
                COMPILED
                | {"id": "email", "name": "E-mail", "type": "email"}
                | {"required": True, "primary_key": True},
                COMPILED
                | {"id": "phone", "name": "Phone", "type": "phone"}
                | {"default_country_code": "34", "target": "system:_mobilePhone"},
                COMPILED | {"id": "field-1", "name": "Shop", "target": "field:shop"},
            ],
        }
        assert list(event.fields.values_list("field_id", flat=True)) == [
            "email",
            "phone",
            "field-1",
        ]

    def test_a_change_reaches_the_source_the_version_and_the_audit(self) -> None:
        event = ReceptionEventFactory.create(name="Before")
        version = ConfigurationVersion.objects.get().value
        event.name, event.alias = "After", "after"
        save(event, email_field(), field(), active=False, throttle_per_second=5)

        source = Source.objects.get()
        assert (source.name, source.is_active, source.throttle_per_second) == ("After", False, 5)
        assert source.settings["alias"] == "after"
        assert ConfigurationVersion.objects.get().value > version
        entry = AuditEntry.objects.get(action="reception_event.updated")
        assert entry.changes["name"] == ["Before", "After"]
        assert entry.changes["fields.name"][1]["type"] == "text"

    def test_saving_what_is_stored_changes_nothing(self) -> None:
        event = ReceptionEventFactory.create()
        version = ConfigurationVersion.objects.get().value
        save(event, email_field())
        assert ConfigurationVersion.objects.get().value == version
        assert not AuditEntry.objects.filter(action="reception_event.updated").exists()

    def test_the_context_stays(self) -> None:
        event = ReceptionEventFactory.create(context=Context.API)
        event.context = Context.WEBHOOK
        assert set(errors_of(lambda: save(event, email_field()))) == {"context"}

    def test_the_primary_key_moves_to_another_field(self) -> None:
        event = ReceptionEventFactory.create()
        old = ReceptionField(field_id="email", name="E-mail", type="email")
        new = ReceptionField(field_id="other", name="Other", type="email", is_primary_key=True)
        save(event, old, new)
        assert event.fields.get(is_primary_key=True).field_id == "other"
        assert event.fields.get(is_primary_key=True).is_required

    def test_a_field_keeps_its_row_and_moves(self) -> None:
        event = ReceptionEventFactory.create(fields=[email_field(), field()])
        kept = event.fields.get(field_id="name").pk
        save(event, field(name="Full name"), email_field())
        row = event.fields.get(field_id="name")
        assert (row.pk, row.name, row.position) == (kept, "Full name", 0)

    def test_a_default_id_never_comes_back(self) -> None:
        event = ReceptionEventFactory.create(
            fields=[email_field(), field(field_id=""), field(field_id="", name="B")]
        )
        save(event, email_field(), field(field_id="field-1"))
        save(event, email_field(), field(field_id="field-1"), field(field_id="", name="C"))
        assert list(event.fields.values_list("field_id", flat=True)) == [
            "email",
            "field-1",
            "field-3",
        ]

    def test_events_of_one_name_have_sources_of_their_own_names(self, site: Site) -> None:
        SourceFactory.create(site=site, name="Order")
        first = ReceptionEventFactory.create(site=site, name="Order")
        second = ReceptionEventFactory.create(site=site, name="Order")
        assert (first.source.name, second.source.name) == ("Order (2)", "Order (3)")
        assert (first.name, second.name) == ("Order", "Order")


class TestDeletion:
    def test_without_history_nothing_is_left(self) -> None:
        event = ReceptionEventFactory.create()
        reception_event_delete(event=event, actor=ACTOR)
        assert not ReceptionEvent.objects.exists()
        assert not Source.objects.exists()
        entry = AuditEntry.objects.get(action="reception_event.deleted")
        assert entry.changes["keeps_history"] == [None, False]

    @pytest.mark.parametrize("kind", ["accepted", "rejected"])
    def test_history_stays_and_the_alias_is_free(self, kind: str) -> None:
        event = ReceptionEventFactory.create(alias="order")
        if kind == "accepted":
            received_event(event.source, Status.PROCESSED)
        else:
            rejected_request(event.source, RejectionCause.BAD_JSON, b"{")
        reception_event_delete(event=event, actor=ACTOR)

        stored = ReceptionEvent.objects.get()
        assert stored.deleted_at is not None
        assert not stored.source.is_active
        assert stored.source.received_events.count() + stored.source.rejected_requests.count() == 1
        again = ReceptionEventFactory.create(site=event.site, alias="order")
        assert again.event_id != stored.event_id
        with pytest.raises(ValidationError):
            reception_event_delete(event=event, actor=ACTOR)
        with pytest.raises(ValidationError):
            save(event, email_field())

    def test_a_live_event_has_an_integration_whoever_writes(self) -> None:
        event = ReceptionEventFactory.create()
        with pytest.raises(IntegrityError):
            ReceptionEvent.objects.filter(pk=event.pk).update(integration=None)
