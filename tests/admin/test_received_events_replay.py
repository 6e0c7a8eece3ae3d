"""Replay from the console: the plan, who may start it, and what it starts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from sites.models import Job, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory, SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import ReceivedEvent, Status

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_receivedevent_changelist")
PLAN = reverse("admin:webhooks_receivedevent_replay_plan")


@pytest.fixture
def failed(site: Site) -> list[ReceivedEvent]:
    source = SourceFactory.create(site=site)
    received_event(source, Status.PROCESSED)
    return [received_event(source, Status.FAILED, event_type="feedback") for _ in range(3)]


def test_plan_says_how_many_and_what_is_skipped(
    client: Client, superuser: User, failed: list[ReceivedEvent]
) -> None:
    client.force_login(superuser)
    html = client.get(PLAN).content.decode()
    assert "3 events would be replayed" in html
    assert "1 already had their effect" in html
    assert not Job.objects.exists()
    with_processed = client.get(PLAN, {"include_processed": "1"}).content.decode()
    assert "4 events would be replayed" in with_processed


@pytest.mark.parametrize("edge", ["from", "to"])
@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-14:00", "1971-01-01T00:00+14:00", "0001-01-01T00:00+14:00"]
)
def test_a_time_at_the_edge_of_the_calendar_is_shown_or_none(
    client: Client, superuser: User, failed: list[ReceivedEvent], edge: str, text: str
) -> None:
    client.force_login(superuser)
    assert client.get(PLAN, {"when": "custom", edge: text}).status_code == 200


def test_start_makes_a_job_of_what_was_planned(
    client: Client, member: MakeMember, site: Site, failed: list[ReceivedEvent]
) -> None:
    user = member(Role.SUPPORT)
    client.force_login(user)
    plan = client.get(PLAN, {"status": "failed"}).context["plan"]
    received_event(failed[0].source, Status.FAILED)
    response = client.post(f"{PLAN}?status=failed", {"upper_id": plan.filters.upper_id})
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("admin:sites_job_change", args=[job.pk])
    assert (job.site, job.total, job.created_by) == (site, 3, user)


def test_a_post_without_a_plan_starts_nothing(
    client: Client, superuser: User, failed: list[ReceivedEvent]
) -> None:
    client.force_login(superuser)
    assert client.post(PLAN).status_code == 302
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=feedback", 3), ("type=other", 0), ("source=999999", 0), ("source=x", 0),
        ("status=nonsense", 0), ("site=999999", 0), ("ids=nonsense", 0), ("when=hour", 3),
        ("to=1999-01-01T00:00", 0),
    ],
)  # fmt: skip
def test_no_filter_widens_a_replay(
    client: Client, superuser: User, failed: list[ReceivedEvent], query: str, count: int
) -> None:
    client.force_login(superuser)
    assert client.get(f"{PLAN}?{query}").context["plan"].total == count


def test_selection_leads_to_its_plan(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    client.force_login(member(Role.SUPPORT))
    chosen = [str(event.pk) for event in failed[:2]]
    posted = {"action": "replay_selected", "_selected_action": chosen, "index": "0"}
    response = client.post(LIST, posted, follow=True)
    assert response.request["PATH_INFO"] == PLAN
    assert response.context["plan"].total == 2


def test_list_offers_the_plan_of_its_filters(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    client.force_login(member(Role.SUPPORT))
    offered = client.get(LIST, {"type": "feedback"}).context["replay_all_url"]
    assert client.get(offered).context["plan"].total == 3
    assert not client.get(LIST, {"q": "jane@example.com"}).context["replay_all_url"]


def test_viewer_is_offered_nothing_and_refused(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    client.force_login(member(Role.VIEWER))
    response = client.get(LIST)
    assert PLAN not in response.content.decode()
    assert "replay_selected" not in response.content.decode()
    posted = {"action": "replay_selected", "_selected_action": [str(failed[0].pk)], "index": "0"}
    assert PLAN not in client.post(LIST, posted).headers.get("Location", "")
    assert client.get(PLAN).status_code == 403
    assert client.post(PLAN, {"upper_id": failed[-1].pk}).status_code == 403
    assert not Job.objects.exists()


def test_strangers_and_forgeries_start_nothing(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    data = {"upper_id": failed[-1].pk}
    assert client.post(PLAN, data).headers["Location"].startswith(reverse("admin:login"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    assert strict.post(PLAN, data).status_code == 403
    client.force_login(member(Role.SUPPORT))
    assert client.put(PLAN).status_code == 405
    assert not Job.objects.exists()


def test_support_on_one_site_replays_no_other(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    user = member(Role.SUPPORT)
    viewed = SiteFactory.create()
    MembershipFactory.create(site=viewed, user=user, role=Role.VIEWER)
    foreign = received_event(SourceFactory.create(site=viewed), Status.FAILED)
    client.force_login(user)
    assert client.get(PLAN).context["plan"].total == 3
    assert client.get(PLAN, {"ids": str(foreign.pk)}).context["plan"].total == 0
    data = {"upper_id": foreign.pk}
    client.post(f"{PLAN}?ids={foreign.pk}", data)
    client.post(f"{PLAN}?site={viewed.pk}", data)
    assert not Job.objects.exists()


def test_member_of_several_sites_chooses_one(
    client: Client, member: MakeMember, failed: list[ReceivedEvent]
) -> None:
    user = member(Role.SUPPORT)
    second = SiteFactory.create()
    MembershipFactory.create(site=second, user=user, role=Role.SUPPORT)
    client.force_login(user)
    response = client.get(PLAN, {"type": "feedback"})
    assert response.context["plan"] is None
    names = dict(response.context["sites_to_choose"])
    chosen = client.get(PLAN + names[failed[0].site.name])
    assert chosen.context["plan"].total == 3
