"""What is refused of an event as it is defined, and beside which field."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import ContactField
from sites.models import Site
from tests.factories import (
    ContactFieldFactory,
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SiteFactory,
    email_field,
)
from tests.webhooks.defining import Errors, errors_of, errors_with, field
from webhooks.models import Context, ReceptionEvent, ReceptionField, Source

pytestmark = pytest.mark.django_db


class TestRefusals:
    def test_the_event_itself(self, site: Site) -> None:
        foreign = CustomIntegrationFactory.create()
        ReceptionEventFactory.create(site=site, alias="taken")
        assert set(errors_with(name=" ", alias="not a slug", integration=foreign)) == {
            "name",
            "alias",
            "integration",
        }
        assert set(errors_with(alias="")) == {"alias"}
        assert set(errors_with(context="fax")) == {"context"}
        assert errors_with(site=site, alias="taken") == {
            "alias": ["Another event of this site has this alias. Choose another."]
        }
        assert ReceptionEventFactory.create(site=SiteFactory.create(), alias="taken").pk
        assert set(errors_with(throttle_per_second=-1)) == {"throttle_per_second"}

    def test_one_primary_key_of_type_email(self) -> None:
        def errors(*fields: ReceptionField) -> Errors:
            return errors_of(lambda: ReceptionEventFactory.create(fields=list(fields)))

        assert set(errors()) == {"fields"}
        assert set(errors(field())) == {"fields"}
        assert set(errors(field(is_primary_key=True))) == {"fields.0.is_primary_key"}
        second = field(field_id="second", type="email", is_primary_key=True)
        assert set(errors(email_field(), second)) == {"fields"}

    def test_events_of_pages_and_apps_need_no_primary_key(self) -> None:
        def errors(*fields: ReceptionField) -> Errors:
            return errors_of(
                lambda: ReceptionEventFactory.create(context=Context.APP, fields=list(fields))
            )

        for fields in ([], [field()], [email_field()], [field(type="email")]):
            assert ReceptionEventFactory.create(context=Context.APP, fields=fields).pk
        only_sometimes = field(type="email", is_primary_key=True)
        event = ReceptionEventFactory.create(context=Context.APP, fields=[only_sometimes])
        assert not event.fields.get().is_required
        second = field(field_id="second", type="email", is_primary_key=True)
        assert set(errors(email_field(), second)) == {"fields"}
        assert set(errors(field(is_primary_key=True))) == {"fields.0.is_primary_key"}
        assert set(errors(field(pointer="/name"))) == {"fields.0.pointer"}

    @pytest.mark.parametrize(
        ("values", "attribute"),
        [
            ({"field_id": "_name"}, "id"),
            ({"field_id": "a b"}, "id"),
            ({"field_id": "x" * 65}, "id"),
            ({"field_id": "email"}, "id"),
            ({"name": ""}, "name"),
            ({"type": "colour"}, "type"),
            ({"type": "phone"}, "default_country_code"),
            ({"type": "phone", "default_country_code": "+34"}, "default_country_code"),
            ({"type": "radio"}, "options"),
            ({"type": "radio", "options": [{"id": "a"}]}, "options"),
            ({"type": "radio", "options": "a"}, "options"),
            ({"type": "checkbox", "options": [{"id": "a", "label": "A"}] * 2}, "options"),
            ({"pointer": "/name"}, "pointer"),
            ({"system_field": "_email"}, "target"),
            ({"system_field": "_nothing"}, "target"),
            ({"system_field": "_points"}, "target"),
            (
                {
                    "type": "radio",
                    "options": [{"id": "gone", "label": "Gone"}],
                    "system_field": "_emailStatus",
                },
                "target",
            ),
        ],
    )
    def test_a_field(self, values: dict[str, Any], attribute: str) -> None:
        assert f"fields.1.{attribute}" in errors_with(field(**values))

    def test_pointers_of_webhooks_are_read(self) -> None:
        bad = errors_with(field(pointer="name"), context=Context.WEBHOOK)
        assert set(bad) == {"fields.1.pointer"}

    def test_targets_are_of_the_site_of_a_fitting_type_and_used_once(self, site: Site) -> None:
        def target(of: Site = site, **values: Any) -> ContactField:
            return ContactField.objects.create(site=of, name="Target", **values)

        def errors(*fields: ReceptionField) -> set[str]:
            return set(errors_with(*fields, site=site))

        foreign = target(SiteFactory.create(), field_id="foreign", type="text")
        number = target(field_id="number", type="integer")
        tier = target(field_id="tier", type="radio", options=[{"id": "gold", "label": "Gold"}])
        silver = [{"id": "silver", "label": "Silver"}]
        gone = ContactFieldFactory.create(site=site)
        ContactField.objects.filter(pk=gone.pk).delete()
        assert errors(field(contact_field=gone)) == {"fields.1.target"}
        assert errors(field(contact_field=foreign)) == {"fields.1.target"}
        assert errors(field(contact_field=number)) == {"fields.1.target"}
        assert errors(field(type="radio", options=silver, contact_field=tier)) == {
            "fields.1.target"
        }
        assert errors(
            field(system_field="_name"), field(field_id="other", system_field="_name")
        ) == {"fields.1.target", "fields.2.target"}

    def test_nothing_is_stored_of_an_event_that_is_refused(self) -> None:
        errors_with(field(type="phone"))
        assert not ReceptionEvent.objects.exists()
        assert not Source.objects.exists()
