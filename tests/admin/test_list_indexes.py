"""What lists ask of long tables is answered along the index that fits, and ends early."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automation.models import RunState, SegmentMove, WorkflowRun, WorkflowVersion
from contacts.models import Promotion, PromotionAssignment
from sites.models import Site, User
from tests.admin.list_plans import plan_of, statements
from tests.automation.admin.workflow_rows import workflow
from tests.automation.segments.made import contact, field, segment
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.delivery_log import delivery
from tests.webhooks.publishing import subscribe
from webhooks.inbound.models import ReceivedEvent, Source, Status
from webhooks.outbound.models import Delivery, DeliveryStatus, Event

pytestmark = pytest.mark.django_db

_ROWS = 2_000
_OWNERS = 4


def moves_make(site: Site) -> None:
    made = [segment(site, field("city", "eq", "Lund"), name=f"S {n}") for n in range(_OWNERS)]
    person, now = contact(site), timezone.now()
    SegmentMove.objects.bulk_create(
        SegmentMove(segment=made[n % _OWNERS], contact=person, has_entered=True, at=now)
        for n in range(_ROWS)
    )


def runs_make(site: Site) -> None:
    made = [workflow(site, name=f"W {n}") for n in range(_OWNERS)]
    versions = {each.pk: WorkflowVersion.objects.get(workflow=each) for each in made}
    WorkflowRun.objects.bulk_create(
        WorkflowRun(
            workflow=made[n % _OWNERS],
            version=versions[made[n % _OWNERS].pk],
            trigger_key=str(n),
            state=RunState.FINISHED,
            started_at=timezone.now(),
        )
        for n in range(_ROWS)
    )


def assignments_make(site: Site) -> None:
    made = [Promotion.objects.create(site=site, name=f"P {n}") for n in range(_OWNERS)]
    person, now = contact(site), timezone.now()
    PromotionAssignment.objects.bulk_create(
        PromotionAssignment(
            promotion=made[n % _OWNERS], contact=person, assigned_at=now, is_open=False
        )
        for n in range(_ROWS)
    )


@pytest.mark.parametrize(
    ("make", "most", "url_name", "index"),
    [
        (moves_make, "automation.admin.segments.recent_moves.MOST_COUNTED",
         "automation_segment", "segment_move_by_segment"),
        (runs_make, "automation.admin.workflows.workflow_counts.MOST_COUNTED",
         "automation_workflow", "workflow_run_by_workflow"),
        (assignments_make, "contacts.admin.loyalty.capped_counts.COUNTED_IN_LIST",
         "contacts_promotion", "assignment_by_promotion"),
    ],
)  # fmt: skip
def test_newest_rows_are_counted_along_the_index_of_their_owner(
    client: Client,
    superuser: User,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Site], None],
    most: str,
    url_name: str,
    index: str,
) -> None:
    monkeypatch.setattr(most, 10)
    make(site)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(superuser)
    with statements() as seen:
        assert client.get(reverse(f"admin:{url_name}_changelist")).status_code == 200
    (plan,) = [plan_of(sql, params) for sql, params in seen if "AS number" in sql]
    assert sum(index in step for step in plan) == _OWNERS
    assert not [step for step in plan if "FOR ORDER BY" in step]


def received_make(_: Site) -> None:
    sources = [SourceFactory.create(site=SiteFactory.create()) for _ in range(_OWNERS)]
    received_many(sources, Status.PROCESSED)


def received_many(sources: Sequence[Source], *statuses: Status) -> None:
    """Make rows of one source after another, in one state after another."""
    now = timezone.now()
    ReceivedEvent.objects.bulk_create(
        ReceivedEvent(
            site=sources[n % len(sources)].site,
            source=sources[n % len(sources)],
            dedupe_key=str(n),
            event_type="order.paid",
            received_at=now,
            due_at=now,
            body_bytes=0,
            status=statuses[n % len(statuses)],
        )
        for n in range(_ROWS)
    )


def happened_make(_: Site) -> None:
    sites = [SiteFactory.create() for _ in range(_OWNERS)]
    events_many(sites)


def events_many(sites: Sequence[Site]) -> list[Event]:
    now = timezone.now()
    return Event.objects.bulk_create(
        Event(
            site=sites[n % len(sites)],
            message_id=f"msg_{n}",
            type="contact.deleted",
            occurred_at=now,
            created_at=now,
            payload="{}",
        )
        for n in range(_ROWS)
    )


@pytest.mark.parametrize(
    ("make", "most", "url_name", "column", "index"),
    [
        (received_make, "webhooks.inbound.admin.event_filters._RECENT",
         "webhooks_receivedevent", "event_type", "received_by_site"),
        (happened_make, "webhooks.outbound.admin.type_filter._RECENT",
         "webhooks_event", "type", "event_by_site"),
    ],
)  # fmt: skip
def test_types_of_a_site_are_gathered_along_its_index(
    client: Client,
    superuser: User,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Site], None],
    most: str,
    url_name: str,
    column: str,
    index: str,
) -> None:
    """A site that went quiet would else be looked for among all that others received since."""
    monkeypatch.setattr(most, 10)
    make(site)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(superuser)
    with statements() as seen:
        assert client.get(reverse(f"admin:{url_name}_changelist")).status_code == 200
    start = f'SELECT "{url_name}"."{column}" AS '
    plans = [plan_of(sql, params) for sql, params in seen if sql.startswith(start)]
    assert len(plans) == _OWNERS + 1
    assert all(any(index in step for step in plan) for plan in plans)


def failed_events_make(site: Site) -> None:
    received_many([SourceFactory.create(site=site)], Status.FAILED, *[Status.PROCESSED] * 9)


def failed_deliveries_make(site: Site) -> None:
    first = delivery(subscribe(site), DeliveryStatus.FAILED)
    Delivery.objects.bulk_create(
        Delivery(
            site=site,
            subscription=first.subscription,
            event=each,
            event_type=each.type,
            unit=each.pk,
            created_at=first.created_at,
            due_at=first.due_at,
            status=DeliveryStatus.SUCCEEDED if n % 10 else DeliveryStatus.FAILED,
        )
        for n, each in enumerate(events_many([site]))
    )


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without expecting")
@pytest.mark.parametrize(
    ("make", "url_name", "query"),
    [
        (failed_events_make, "webhooks_receivedevent", {"status": "failed", "type": "rare"}),
        (failed_deliveries_make, "webhooks_delivery", {"state": "failed", "code": "5xx"}),
    ],
)
def test_rows_in_trouble_are_expected_to_be_as_many_as_they_are(
    client: Client,
    superuser: User,
    site: Site,
    make: Callable[[Site], None],
    url_name: str,
    query: dict[str, str],
) -> None:
    """Who expects few of them reads and sorts all; who expects what there is stops in time."""
    make(site)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(superuser)
    with statements() as seen:
        assert client.get(reverse(f"admin:{url_name}_changelist"), query).status_code == 200
    walks = [
        plan_of(sql, params) for sql, params in seen if "FROM (SELECT" in sql and "LIMIT 5" in sql
    ]
    assert walks
    for plan in walks:
        (expected,) = {
            int(rows)
            for step in plan
            for rows in re.findall(rf"(?<!Subquery Scan) on {url_name} .*rows=(\d+)", step)
        }
        assert _ROWS / 20 < expected < _ROWS / 5
