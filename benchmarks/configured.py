"""What the sites of a long installation configured: what operators keep in order by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from automation.models import Segment, Workflow, WorkflowState, WorkflowVersion
from automation.segments.rules import read_rule
from automation.segments.services import segment_save
from automation.workflows.services import workflow_save
from benchmarks.filling import Spread
from benchmarks.long_tables import SITES, THINGS, LongTables, place_of_thing
from benchmarks.people_tables import CONSENT
from contacts.models import (
    ConsentDefinition,
    ConsentText,
    ContactField,
    PointDefinition,
    Promotion,
)
from integrations.custom_integrations.services import integration_save
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import ApiKey, Job, Membership, PublishableKey, Role, Site, User
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.models import Context, ReceptionEvent, ReceptionField, Source
from webhooks.outbound.models import SendEvent, Subscription

# Of each kind on each site, beside those that rows belong to.
_MORE: Final = 8
_USERS: Final = 200
_ACTOR: Final = Actor.system("bench")
_RULES: Final[Sequence[dict[str, Any]]] = (
    {"kind": "field", "field": "city", "operator": "in", "value": ["Malmö", "Lund"]},
    {"kind": "field", "field": "attribute:field_1", "operator": "eq", "value": "Gold"},
    {"kind": "consent", "consent_id": CONSENT, "is": "yes"},
    {"kind": "points", "definition": 1, "operator": "ge", "value": "100"},
    {"kind": "activity", "type": "did.type3", "operator": "at_least", "count": 2, "days": 90},
)
_STEPS: Final[Sequence[dict[str, Any]]] = (
    {
        "action": "set_field",
        "settings": {"rows": [{"field": "city", "operation": "set", "value": {"literal": "Lund"}}]},
    },
    {"action": "stop", "settings": {}},
)


def configure(rows: int, body_bytes: int) -> LongTables:
    """Make the sites and all that is theirs; return how long their tables are to be."""
    sites = [Site.objects.create(name=f"Brand {n}", slug=f"brand-{n}") for n in range(SITES + 1)]
    things = [sites[place_of_thing(number)] for number in range(THINGS)]
    sources = [
        Source.objects.create(site=site, preset_key="voyado_engage", name=f"Source {number}")
        for number, site in enumerate(things)
    ]
    tables = LongTables(
        rows=rows,
        body_bytes=body_bytes,
        spread=Spread.until_now(),
        first_site=sites[0].pk,
        first_source=sources[0].pk,
        first_subscription=_subscriptions(things)[0].pk,
        first_points=_points(sites)[0].pk,
        first_version=1,
    )
    for number, site in enumerate(sites):
        _site_things(site, number)
    _people_of_the_console(sites)
    _segments(tables, things)
    _promotions(tables, things)
    return _with_workflows(tables, things, sources)


def _subscriptions(things: Sequence[Site]) -> list[Subscription]:
    return [
        Subscription.objects.create(
            site=site,
            name=f"Receiver {number}",
            url=f"https://receiver.example.com/{number}",
            format_key="standard",
        )
        for number, site in enumerate(things)
    ]


def _points(sites: Sequence[Site]) -> list[PointDefinition]:
    return [PointDefinition.objects.create(site=site, number=1, name="Points") for site in sites]


def _site_things(site: Site, place: int) -> None:
    terms = ConsentDefinition.objects.create(site=site, consent_id=CONSENT, name="Terms")
    ConsentText.objects.create(definition=terms, version=1, texts={}, published_at=timezone.now())
    for number in range(_MORE):
        name = f"{number} of {site.name}"
        ConsentDefinition.objects.create(site=site, consent_id=f"consent-{number}", name=name)
        PointDefinition.objects.create(site=site, number=number + 2, name=name)
        ContactField.objects.create(site=site, field_id=f"field_{number}", name=name, type="text")
        ApiKey.objects.create(site=site, name=name, secret_hash=f"{place}-{number}")
        PublishableKey.objects.create(site=site, name=name)
        integration = integration_save(
            integration=CustomIntegration(site=site, name=name), actor=_ACTOR
        )
        _events_of(integration, number)


def _events_of(integration: CustomIntegration, number: int) -> None:
    site = integration.site
    SendEvent.objects.create(site=site, integration=integration, name=f"Send {number}", fields=[])
    reception_event_save(
        event=ReceptionEvent(
            site=site,
            integration=integration,
            context=Context.API,
            name=f"Receive {number}",
            alias=f"receive-{number}",
        ),
        fields=[
            ReceptionField(field_id="email", name="E-mail", type="email", is_primary_key=True),
            ReceptionField(field_id="total", name="Total", type="decimal"),
        ],
        actor=_ACTOR,
    )


def _people_of_the_console(sites: Sequence[Site]) -> None:
    users = User.objects.bulk_create(
        User(username=f"user-{number}", email=f"user{number}@example.com")
        for number in range(_USERS)
    )
    Membership.objects.bulk_create(
        Membership(site=sites[number % len(sites)], user=user, role=Role.VIEWER)
        for number, user in enumerate(users)
    )


def _segments(tables: LongTables, things: Sequence[Site]) -> None:
    for number, site in enumerate(things):
        rule = {"kind": "group", "match": "all", "items": list(_RULES)}
        segment_save(
            segment=Segment(pk=tables.thing_id(number), site=site, name=f"Segment {number}"),
            rule=read_rule({"include": rule, "exclude": None}, site),
            actor=_ACTOR,
        )
    # They stand as computed; the work that saving asked for is never begun.
    Segment.objects.update(computed_at=timezone.now(), computed_ms=40, member_count=1_000)
    Job.objects.all().delete()


def _promotions(tables: LongTables, things: Sequence[Site]) -> None:
    for number, site in enumerate(things):
        Promotion.objects.create(
            pk=tables.thing_id(number), site=site, name=f"Promotion {number}", is_draft=False
        )


def _with_workflows(
    tables: LongTables, things: Sequence[Site], sources: Sequence[Source]
) -> LongTables:
    versions: list[WorkflowVersion] = []
    for number, (site, source) in enumerate(zip(things, sources, strict=True)):
        workflow = Workflow(pk=tables.thing_id(number), site=site, name=f"Workflow {number}")
        trigger = {
            "type": "inbound_event",
            "source": source.public_id,
            "event_type": "contact.type3",
        }
        versions.append(
            workflow_save(
                workflow=workflow,
                definition={"trigger": trigger, "steps": list(_STEPS)},
                actor=_ACTOR,
            )
        )
        Workflow.objects.filter(pk=workflow.pk).update(
            state=WorkflowState.RUNNING, active_version=versions[-1], started_at=timezone.now()
        )
    return replace(tables, first_version=versions[0].pk)
