"""Lists whose rows tell of other tables: they ask once for all rows, however many are listed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from config.console import banners
from contacts.consents import counting
from contacts.consents.counting import lately_answered
from contacts.models import ConsentDefinition, Contact, PointDefinition
from integrations.contact_change import ConsentFact
from sites.models import Role, Site, User
from tests.admin.list_plans import statements
from tests.automation.admin.workflow_rows import run, workflow
from tests.automation.segments.made import activity, contact, field, segment
from tests.conftest import MakeMember
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import award, contact_of, promotion_of
from tests.factories import ContactFieldFactory, SiteFactory

pytestmark = pytest.mark.django_db

CONSENT = {"kind": "consent", "consent_id": "terms", "is": "yes"}
POINTS = {"kind": "points", "definition": 1, "operator": "ge", "value": 5}


@pytest.fixture(autouse=True)
def banners_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no page look again for what is above all pages, whatever time a test takes."""
    # Nor may what an earlier test left there end in the middle of this one.
    cache.clear()
    monkeypatch.setattr(banners, "_CACHE_SECONDS", 3_600)


def segments_make(site: Site, first: int, count: int) -> None:
    if not first:
        ContactFieldFactory.create(site=site, field_id="tier", name="Tier")
        ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
        PointDefinition.objects.create(site=site, number=1, name="Points")
    for number in range(first, first + count):
        own = field("attribute:tier", "eq", "Gold")
        segment(site, CONSENT, POINTS, own, name=f"Segment {number}")


def promotions_make(site: Site, first: int, count: int) -> None:
    for number in range(first, first + count):
        promotion_of(site, name=f"Promotion {number}")


def points_make(site: Site, first: int, count: int) -> None:
    for number in range(first, first + count):
        made = PointDefinition.objects.create(site=site, number=number + 1, name=f"Kind {number}")
        award(contact_of(site, f"p{number}@example.com"), made, "5")


def consents_make(site: Site, first: int, count: int) -> None:
    """Make defined consents, and as many that are answered though nobody defined them."""
    for number in range(first, first + count):
        ConsentDefinition.objects.create(site=site, consent_id=f"c{number}", name=f"C {number}")
        answers = [ConsentFact(consent_id=f"{kind}{number}", value=True) for kind in "cu"]
        apply(site, {"email": f"p{number}@example.com"}, consents=tuple(answers))


@pytest.mark.parametrize(
    ("url_name", "make"),
    [
        ("automation_segment", segments_make),
        ("contacts_promotion", promotions_make),
        ("contacts_pointdefinition", points_make),
        ("contacts_consentdefinition", consents_make),
    ],
)
def test_more_rows_take_no_more_queries(
    client: Client, superuser: User, site: Site, url_name: str, make: Callable[..., None]
) -> None:
    client.force_login(superuser)
    url = reverse(f"admin:{url_name}_changelist")
    make(site, 0, 2)
    few = queries_of(client, url)
    make(site, 2, 6)
    assert queries_of(client, url) == few


def test_more_kinds_of_activities_take_no_more_queries(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    made = segment(site, field("city", "eq", "Lund"))
    url = reverse("admin:automation_segment_change", args=[made.pk]) + "?tab=rule"
    person = contact(site)
    activity(person, "did.0")
    few = queries_of(client, url)
    for number in range(1, 20):
        activity(person, f"did.{number}")
    page = client.get(url).content.decode()
    assert all(f"activity:did.{number}" in page for number in range(20))
    assert queries_of(client, url) == few


def queries_of(client: Client, url: str) -> int:
    # What is kept in memory is read with the first page.
    assert client.get(url).status_code == 200
    with statements() as seen:
        client.get(url)
    return len(seen)


def test_answers_are_counted_among_the_newest_to_an_id(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LOOKED_AT", 2)
    mine = ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    assert words_of(mine) == "0 yes, 0 no"
    said(site, "a", value=True)
    said(site, "b", value=False)
    assert words_of(mine) == "1 yes, 1 no"
    other = SiteFactory.create()
    said(other, "c", value=True)
    said(other, "d", value=True)
    # Three said yes under this id, of whom the newest are another site's.
    assert words_of(mine) == "at least 1 yes, 1 no"
    said(other, "e", value=True)
    assert words_of(mine) == "few, if any, yes, 1 no"
    theirs = ConsentDefinition.objects.create(site=other, consent_id="terms", name="Terms")
    assert words_of(theirs) == "more than 2 yes, 0 no"


def words_of(definition: ConsentDefinition) -> str:
    return lately_answered([definition])[definition.pk].words


def said(site: Site, name: str, *, value: bool) -> Contact:
    email = f"{name}@example.com"
    apply(site, {"email": email}, consents=(ConsentFact(consent_id="terms", value=value),))
    return Contact.objects.get(site=site, email=email)


@pytest.mark.parametrize(
    "url_name",
    ["webhooks_receivedevent", "webhooks_event", "webhooks_delivery", "automation_workflowrun"],
)
def test_a_beginning_that_many_people_have_takes_no_more_queries(
    client: Client, superuser: User, site: Site, url_name: str
) -> None:
    client.force_login(superuser)
    url = reverse(f"admin:{url_name}_changelist") + "?q=person"
    contact_of(site, "person0@example.com")
    few = queries_of(client, url)
    for number in range(1, 9):
        contact_of(site, f"person{number}@example.com")
    assert queries_of(client, url) == few


@pytest.mark.parametrize("state", ["", "finished"])
def test_the_runs_of_a_person_take_no_query_for_each_workflow(
    client: Client, member: MakeMember, site: Site, state: str
) -> None:
    client.force_login(member(Role.SUPPORT))
    jane = contact_of(site, "jane@example.com")
    run(workflow(site, "First"), jane)
    url = reverse("admin:automation_workflowrun_changelist")
    url = f"{url}?contact={jane.pk}&state={state}"
    few = queries_of(client, url)
    for number in range(6):
        run(workflow(site, f"Workflow {number}"), jane)
    assert queries_of(client, url) == few
