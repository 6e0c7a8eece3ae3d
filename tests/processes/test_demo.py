from __future__ import annotations

import pytest

from contacts.models import Contact
from integrations.registry import offered_presets
from onsite.models import Submission
from sites.models import Site
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from webhooks.models import (
    Delivery,
    ReceivedEvent,
    RejectedRequest,
    Source,
    Status,
)

pytestmark = pytest.mark.processes

OPEN = (Status.RECEIVED, Status.PROCESSING)


def test_demo_plays_every_sample_of_every_preset_once(start_stack: StartStack) -> None:
    stack = start_stack("--demo")
    presets = offered_presets()
    samples = sum(len(preset.samples()) for preset in presets)
    line = f"Demo: {len(presets)} sources, {samples} of {samples} sample requests accepted"
    eventually(lambda: line in stack.output(), what=line)
    last = "5 of 5 events of pages taken, 3 of 3 visitors continued."
    eventually(lambda: last in stack.output(), what=last)
    assert set(Site.objects.values_list("slug", flat=True)) == {"demo", "demo-retailer"}
    assert list(Submission.objects.order_by("pk").values_list("tag", flat=True)) == [
        "NewAmbassador",
        "NewFriend",
        "ConvertedFriend",
    ]
    retailer = Contact.objects.filter(site__slug="demo-retailer")
    assert (
        retailer.filter(email__in=("maja.lind@example.com", "olle.van.dyk@example.com")).count()
        == 2
    )
    assert {source.preset_key for source in Source.objects.all()} == {
        *(preset.key for preset in offered_presets()),
        "reception_event",
    }
    eventually(
        lambda: not ReceivedEvent.objects.filter(status__in=OPEN).exists(), what="all processed"
    )
    assert not ReceivedEvent.objects.filter(status=Status.FAILED).exists()
    # What she looked at before she gave her address is hers now.
    maja = Contact.objects.get(site__slug="demo", email="nils.berg@example.com")
    assert maja.activities.filter(type="product-viewed").count() == 3
    rejected = eventually(RejectedRequest.objects.first, what="the refused request")
    assert rejected is not None
    assert rejected.cause == "BAD_SIGNATURE"
    # What happened to the store's contacts went out in Engage's dialect, and came in next door.
    told = Delivery.objects.filter(subscription__format_key="engage")
    eventually(lambda: not told.exclude(status="succeeded").exists(), what="all told to the CRM")
    eventually(
        lambda: not ReceivedEvent.objects.filter(status__in=OPEN).exists(), what="all processed"
    )
    assert retailer.filter(email="john.doe@example.com").exists()
    down = Delivery.objects.filter(subscription__format_key="standard_webhooks")
    eventually(lambda: not down.filter(last_status_code=None).exists(), what="all were tried")
    assert set(down.values_list("last_status_code", flat=True)) == {404}
    counted = played()
    stack.stop()

    again = start_stack("--demo")
    eventually(lambda: "The demo site is there already" in again.output())
    assert played() == counted


def played() -> tuple[int, ...]:
    """Count what the demo sends. A workflow of it that waits tells the other site more, later."""
    return (
        ReceivedEvent.objects.filter(site__slug="demo").count(),
        RejectedRequest.objects.count(),
        Submission.objects.count(),
    )
