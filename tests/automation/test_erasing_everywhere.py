"""What workflows, points, vouchers, consents and segments knew of a person is gone with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from automation.models import Segment, SegmentMember, WorkflowRun
from automation.segments.computing import segment_compute
from automation.segments.rules import read_rule
from automation.segments.services import segment_save
from contacts.models import Consent, Contact, PointDefinition, RewardVoucher, SubjectErasure
from contacts.subject_rights.erasing import erase_pending, subject_erase
from contacts.subject_rights.export import export_json
from integrations.contact_change import ConsentFact
from sites.models import Site
from tests.automation.workflows.making import (
    ACTOR,
    AMOUNT,
    process,
    purchases,
    receive,
    set_field,
    step,
    workflow,
)
from tests.contacts.changes import apply
from tests.contacts.whole_database import tables_with
from tests.webhooks.publishing import subscribe

pytestmark = pytest.mark.django_db

EMAIL = "canary.quux@example.com"
CANARIES = ("canary.quux", "canary-city", "canary-consent", "canary-points", "canary-voucher")


@pytest.fixture
def known(site: Site) -> Contact:
    """A person of whom everything has something."""
    PointDefinition.objects.create(site=site, number=7, name="Club")
    subscribe(site)
    event = purchases(site, AMOUNT, {"field_id": "town", "name": "Town", "type": "text"})
    workflow(
        site,
        set_field("city", "/event/town"),
        step(
            "award_points", definition=7, amount={"literal": "10"}, description="canary-points"
        ),
        step(
            "create_voucher", amount={"literal": "50"}, currency="SEK", valid_days=30,
            description="canary-voucher",
        ),
        step("wait", amount=3, unit="days"),
        trigger={"type": "reception_event", "event": event.event_id},
    )  # fmt: skip
    receive(event, email=EMAIL, amount=5, town="canary-city")
    process()
    consent = ConsentFact(consent_id="club", value=True, comment="canary-consent")
    apply(site, {"email": EMAIL}, None, consents=(consent,))
    rule: dict[str, Any] = {
        "include": {
            "kind": "group", "match": "all",
            "items": [{"kind": "field", "field": "city", "operator": "is_set"}],
        },
        "exclude": None,
    }  # fmt: skip
    segment = Segment(site=site, name="Everybody")
    segment_save(segment=segment, rule=read_rule(rule, site), actor=ACTOR)
    segment_compute(segment)
    return Contact.objects.get(email=EMAIL)


def test_nothing_of_it_is_left(known: Contact) -> None:
    assert all(tables_with(*CANARIES).values())
    assert SegmentMember.objects.filter(contact=known).exists()
    subject_erase(contact=known, reason="Asked", actor=ACTOR)
    SubjectErasure.objects.update(job=None)
    assert erase_pending() == 1
    workflow_texts = {"canary-points", "canary-voucher"}  # they stand in the workflow itself
    left = {text: tables for text, tables in tables_with(*CANARIES).items() if tables}
    assert left == {text: ["automation_workflowversion"] for text in workflow_texts}
    assert not SegmentMember.objects.exists()
    assert not Consent.objects.exists()
    assert not RewardVoucher.objects.exists()
    assert WorkflowRun.objects.get().variables == {}


def test_a_copy_holds_it(known: Contact) -> None:
    document = json.loads("".join(export_json(known)))
    rows = {part["title"]: part["rows"] for part in document["parts"]}
    assert rows["Consents"][0]["comment"] == "canary-consent"
    assert rows["History of consents"][0]["value"] is True
    assert rows["Points"][0]["balance"] == 10
    assert rows["Point transactions"][0]["description"] == "canary-points"
    assert rows["Vouchers"][0]["description"] == "canary-voucher"
    assert rows["Segments"][0]["segment"] == "Everybody"
    assert rows["Workflows"][0]["variables"]["event"]["town"] == "canary-city"
