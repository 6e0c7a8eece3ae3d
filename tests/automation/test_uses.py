"""What a segment or a workflow uses cannot go, and who asks is told who uses it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from automation.models import Segment, Use, Workflow
from automation.segments.services import segment_delete
from automation.uses import Needs, uses_write
from contacts.consents.definitions import consent_definition_delete
from contacts.contact_fields.services import contact_field_delete, contact_field_update
from contacts.loyalty.definitions import point_definition_delete
from contacts.loyalty.promotions import promotion_delete
from contacts.models import ConsentDefinition, ContactField, PointDefinition, Promotion
from integrations.custom_integrations.services import integration_delete
from sites.models import Site
from tests.automation.segments.made import ACTOR, did, field, segment
from tests.factories import (
    ContactFieldFactory,
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SiteFactory,
    SourceFactory,
    email_field,
)
from tests.webhooks.outbound.send_events import send_event
from webhooks.inbound.models import ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.inbound.sources.deletion import source_delete
from webhooks.outbound.send_events.services import send_event_delete


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        act()
    return " ".join(caught.value.messages)


def test_a_contact_field_stays_while_a_segment_looks_at_it(site: Site) -> None:
    tier = ContactFieldFactory.create(site=site, field_id="tier", name="Tier")
    made = segment(site, field("attribute:tier", "is_set"), name="Gold")
    told = refused(lambda: contact_field_delete(field=tier, actor=ACTOR))
    assert "the segment “Gold”" in told
    segment_delete(segment=made, actor=ACTOR)
    contact_field_delete(field=tier, actor=ACTOR)
    assert not ContactField.objects.exists()


def test_an_option_stays_while_a_segment_names_it(site: Site) -> None:
    options = [{"id": "gold", "label": "Gold"}, {"id": "tin", "label": "Tin"}]
    tier = ContactFieldFactory.create(site=site, field_id="tier", type="radio", options=options)
    segment(site, field("attribute:tier", "in", ["gold"]), name="Best")
    tier.options = options[1:]
    told = refused(lambda: contact_field_update(field=tier, actor=ACTOR))
    assert "the segment “Best”" in told
    tier.options = options[:1]
    contact_field_update(field=tier, actor=ACTOR)


def test_consents_and_points_stay_while_a_segment_asks_for_them(site: Site) -> None:
    consent = ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    points = PointDefinition.objects.create(site=site, number=1, name="Bonus")
    segment(
        site,
        {"kind": "consent", "consent_id": "terms", "is": "yes"},
        {"kind": "points", "definition": 1, "operator": "ge", "value": "10"},
        name="Loyal",
    )
    for act in (
        lambda: consent_definition_delete(definition=consent, actor=ACTOR),
        lambda: point_definition_delete(definition=points, actor=ACTOR),
    ):
        assert "the segment “Loyal”" in refused(act)


def visit_event(site: Site) -> ReceptionEvent:
    fields = [
        email_field(),
        ReceptionField(field_id="shop", name="Shop", type="text"),
        ReceptionField(field_id="other", name="Other", type="text"),
    ]
    return ReceptionEventFactory.create(site=site, alias="visit", name="Visit", fields=fields)


def saved_fields(event: ReceptionEvent, **types: str) -> list[ReceptionField]:
    """Return the fields as an editor posts them; an empty type leaves one out."""
    rows = list(event.fields.order_by("position"))
    for row in rows:
        row.type = types.get(row.field_id, row.type)
    return [row for row in rows if row.type]


def test_a_reception_event_and_its_compared_fields_stay(site: Site) -> None:
    event = visit_event(site)
    shop = {"path": "shop", "operator": "eq", "value": "Malmö"}
    segment(site, did("visit", properties=[shop]), name="Visitors")
    named = "the segment “Visitors”"
    assert named in refused(lambda: reception_event_delete(event=event, actor=ACTOR))
    for types in ({"shop": ""}, {"shop": "integer"}):
        fields = saved_fields(event, **types)
        told = refused(partial(reception_event_save, event=event, fields=fields, actor=ACTOR))
        assert named in told
    event.alias = "call"
    told = refused(
        lambda: reception_event_save(event=event, fields=saved_fields(event), actor=ACTOR)
    )
    assert named in told
    event.alias = "visit"
    reception_event_save(event=event, fields=saved_fields(event, other="integer"), actor=ACTOR)


def test_all_else_that_a_workflow_needs_stays(site: Site) -> None:
    workflow = Workflow.objects.create(site=site, name="Welcome")
    promotion = Promotion.objects.create(site=site, name="Ten off")
    integration = CustomIntegrationFactory.create(site=site)
    source, sent = SourceFactory.create(site=site), send_event(site)
    used = segment(site, name="All")
    needs = Needs(
        promotions=frozenset((promotion.pk,)),
        integrations=frozenset((integration.pk,)),
        sources=frozenset((source.pk,)),
    ) | Needs(send_events=frozenset((sent.pk,)), segments=frozenset((used.pk,)))
    uses_write(workflow=workflow, needs=needs)
    for act in (
        lambda: promotion_delete(promotion=promotion, actor=ACTOR),
        lambda: integration_delete(integration=integration, actor=ACTOR),
        lambda: source_delete(source=source, actor=ACTOR),
        lambda: send_event_delete(event=sent, actor=ACTOR),
        lambda: segment_delete(segment=used, actor=ACTOR),
    ):
        assert "the workflow “Welcome”" in refused(act)
    # Also past the services.
    with pytest.raises(ProtectedError), transaction.atomic():
        source.delete()
    uses_write(workflow=workflow, needs=Needs())
    assert not Use.objects.exists()
    segment_delete(segment=used, actor=ACTOR)


def test_what_is_gone_or_of_another_site_cannot_be_needed(site: Site) -> None:
    made = segment(site, name="All")
    foreign = SourceFactory.create(site=SiteFactory.create())
    for needs in (
        Needs(sources=frozenset((foreign.pk,))),
        Needs(promotions=frozenset((uuid4(),))),
        Needs(contact_fields=frozenset(("gone",))),
        Needs(reception_events=frozenset(((visit_event(site).pk, "gone"),))),
    ):
        told = refused(partial(uses_write, segment=made, needs=needs))
        assert "deleted in the meantime" in told


def test_a_use_is_by_one_and_of_one_thing(site: Site) -> None:
    made = Segment.objects.get(pk=segment(site, name="All").pk)
    for values in ({}, {"segment": made}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Use.objects.create(**values)
