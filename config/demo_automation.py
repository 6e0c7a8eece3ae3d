"""What happens by itself in the demo: consents asked, points awarded, a segment that is counted."""

from __future__ import annotations

from typing import Any, Final

from automation.models import Segment, Workflow
from automation.segments.rules import read_rule
from automation.segments.services import segment_save
from automation.workflows.services import workflow_save, workflow_start
from contacts.consents.definitions import consent_definition_save
from contacts.contact_fields.services import contact_field_create
from contacts.loyalty.definitions import point_definition_save
from contacts.loyalty.promotions import promotion_save
from contacts.models import ConsentDefinition, ContactField, PointDefinition, Promotion
from integrations.field_types import FieldType
from sites.audit import Actor
from sites.models import Site
from webhooks.models import ReceptionEvent

# As the sample of Engage's contact.consent.changed names it.
CONSENT_ID: Final = "memberConsent"
_CONSENT_TEXTS: Final = {
    "en-GB": {
        "condition": "<p>The club keeps what you buy for three years. Leave whenever you like.</p>",
        "display": "I want to be a member and accept the terms.",
        "link": "Terms of membership",
    },
    "sv-SE": {
        "condition": "<p>Klubben sparar dina köp i tre år. Du kan gå ur när som helst.</p>",
        "display": "Jag vill bli medlem och godkänner villkoren.",
        "link": "Medlemsvillkor",
    },
}
# The sample of Engage's loyalty.addPoints tells of a kind 1, which stays Engage's own.
_POINTS: Final = 10
_FIELDS: Final = (
    ("last_product", "Last product", FieldType.TEXT),
    ("products_viewed", "Products viewed", FieldType.INTEGER),
)
_PERCENT: Final = {
    "type": "ECOM", "valueType": "PERCENT", "value": "10", "localValues": [], "instruction": "",
}  # fmt: skip
_WORKFLOW: Final = "Remember what people look at"
_SEGMENT: Final = "Looked at products lately"


def demo_automation_make(site: Site, event: ReceptionEvent, *, actor: Actor) -> None:
    """Make and start it all, once; `event` sets the workflow off."""
    if Workflow.objects.filter(site=site).exists():
        return
    consent_definition_save(
        definition=ConsentDefinition(site=site, consent_id=CONSENT_ID, name="Membership"),
        texts=_CONSENT_TEXTS,
        actor=actor,
    )
    points = PointDefinition(site=site, number=_POINTS, name="Club points", expires_after_days=365)
    point_definition_save(definition=points, actor=actor)
    promotion = Promotion(
        site=site, name="10 percent off the next order", external_id="WELCOME-10", is_draft=False,
        assigned_unit=Promotion.Unit.DAYS, assigned_amount=30, redemption_channels=[_PERCENT],
    )  # fmt: skip
    promotion_save(promotion=promotion, actor=actor)
    for field_id, name, kind in _FIELDS:
        field = ContactField(site=site, field_id=field_id, name=name, type=kind)
        contact_field_create(field=field, actor=actor)
    _workflow(site, event, promotion, actor)
    _segment(site, event, actor)


def _workflow(site: Site, event: ReceptionEvent, promotion: Promotion, actor: Actor) -> None:
    workflow = Workflow(
        site=site, name=_WORKFLOW, description="Counts views, thanks with points and an offer."
    )
    workflow_save(workflow=workflow, definition=_definition(event, promotion), actor=actor)
    workflow_start(workflow=workflow, actor=actor)


def _definition(event: ReceptionEvent, promotion: Promotion) -> dict[str, Any]:
    last, viewed = (field_id for field_id, _, _ in _FIELDS)
    rows = [
        {"field": last, "operation": "set", "value": {"variable": "/event/product"}},
        {"field": viewed, "operation": "add", "value": {"literal": 1}},
    ]
    points = {"definition": _POINTS, "amount": {"literal": 5}, "description": "Looked at a product"}
    actions: tuple[tuple[str, dict[str, Any]], ...] = (
        ("set_field", {"rows": rows}),
        ("award_points", points),
        ("wait", {"amount": 2, "unit": "minutes"}),
        ("assign_promotion", {"promotion": str(promotion.pk)}),
    )
    return {
        "trigger": {"type": "reception_event", "event": event.event_id},
        "entry": "always",
        "event_conditions": [],
        "contact_rule": None,
        "steps": [
            {"id": f"s{number}", "action": action, "settings": settings}
            for number, (action, settings) in enumerate(actions, start=1)
        ],
    }


def _segment(site: Site, event: ReceptionEvent, actor: Actor) -> None:
    condition = {
        "kind": "activity", "type": event.alias, "operator": "at_least", "count": 1, "days": 30,
        "properties": [],
    }  # fmt: skip
    rule = {
        "include": {"kind": "group", "match": "all", "items": [condition]},
        "exclude": None,
    }
    segment = Segment(site=site, name=_SEGMENT, every_minutes=5)
    segment_save(segment=segment, rule=read_rule(rule, site), actor=actor)
