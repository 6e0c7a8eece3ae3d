"""Recover from the console: the plan, who may start it, and what it starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.identifiers import row_id_floor
from sites.models import Job, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory
from tests.webhooks.delivery_log import delivery, event
from tests.webhooks.publishing import subscribe
from webhooks.models import Delivery, DeliveryStatus

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_delivery_changelist")
PLAN = reverse("admin:webhooks_delivery_recover")


@pytest.fixture
def failed(site: Site) -> list[Delivery]:
    subscription = subscribe(site, name="Shop", rate_per_second=1)
    delivery(subscription, DeliveryStatus.SUCCEEDED)
    of = event(site, "contact.updated")
    return [delivery(subscription, of=of, last_error="dns", trigger="replay") for _ in range(3)]


def total(client: Client, **params: Any) -> int:
    found: int = client.get(PLAN, params).context["plan"].total
    return found


def test_plan_says_how_many_to_whom_and_how_long(
    client: Client, superuser: User, failed: list[Delivery]
) -> None:
    client.force_login(superuser)
    html = client.get(PLAN, {"since": "8h"}).content.decode()
    assert "3 deliveries would be sent again" in html
    assert "About 3 s at 1 a second" in html
    assert "1 that succeeded" in html
    assert not Job.objects.exists()


def test_presets_name_their_time_and_narrow(
    client: Client, superuser: User, site: Site, failed: list[Delivery]
) -> None:
    at = timezone.now() - timedelta(days=2)
    delivery(failed[0].subscription, id=row_id_floor(at), created_at=at)
    client.force_login(superuser)
    counts = {since: total(client, since=since) for since in ("8h", "1d", "3d", "1w", "2w")}
    assert counts == {"8h": 3, "1d": 3, "3d": 4, "1w": 4, "2w": 4}
    presets = client.get(PLAN, {"since": "1w", "site": str(site.pk)}).context["presets"]
    assert [each.label for each in presets if each.is_current] == ["A week ago"]
    a_week_ago = timezone.now() - timedelta(days=7)
    assert f"{a_week_ago:%Y-%m-%d %H:}" in presets[3].at


def test_missing_is_planned_for_one_subscription(
    client: Client, superuser: User, site: Site, failed: list[Delivery]
) -> None:
    late = subscribe(site, "contact.*", name="Late")
    client.force_login(superuser)
    address = {"mode": "missing", "subscription": str(late.pk)}
    html = client.get(PLAN, address).content.decode()
    assert "2 missing events would be delivered" in html
    plan = client.get(PLAN, address).context["plan"]
    client.post(f"{PLAN}?{urlencode(address)}", {"upper_id": plan.filters.upper_id})
    job = Job.objects.get()
    assert (job.total, job.title, job.site) == (2, "Deliver 2 missing events", site)


def test_start_makes_a_job_of_what_was_planned(
    client: Client, member: MakeMember, site: Site, failed: list[Delivery]
) -> None:
    user = member(Role.SUPPORT)
    client.force_login(user)
    plan = client.get(PLAN, {"error": "dns"}).context["plan"]
    delivery(failed[0].subscription, last_error="dns")
    response = client.post(f"{PLAN}?error=dns", {"upper_id": plan.filters.upper_id})
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("admin:sites_job_change", args=[job.pk])
    assert (job.site, job.total, job.created_by) == (site, 3, user)


def test_a_post_without_a_plan_starts_nothing(
    client: Client, superuser: User, failed: list[Delivery]
) -> None:
    client.force_login(superuser)
    assert client.post(PLAN).status_code == 302
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=contact.updated", 3), ("type=other", 0), ("subscription=999999", 0),
        ("subscription=x", 0), ("state=nonsense", 0), ("state=held", 0), ("state=succeeded", 1),
        ("error=dns", 3), ("error=tls", 0), ("error=nonsense", 0), ("code=4xx", 0), ("code=x", 0),
        ("tries=5", 0), ("tries=x", 0), ("site=999999", 0), ("ids=nonsense", 0), ("when=hour", 3),
        ("to=1999-01-01T00:00", 0), ("include_succeeded=1", 4), ("since=nonsense", 3),
    ],
)  # fmt: skip
def test_no_filter_widens_a_recovery(
    client: Client, superuser: User, failed: list[Delivery], query: str, count: int
) -> None:
    client.force_login(superuser)
    assert client.get(f"{PLAN}?{query}").context["plan"].total == count


def test_selection_leads_to_its_plan(
    client: Client, member: MakeMember, failed: list[Delivery]
) -> None:
    client.force_login(member(Role.SUPPORT))
    chosen = [str(row.pk) for row in failed[:2]]
    posted = {"action": "send_selected", "_selected_action": chosen, "index": "0"}
    response = client.post(LIST, posted, follow=True)
    assert response.request["PATH_INFO"] == PLAN
    assert response.context["plan"].total == 2


def test_list_offers_the_plan_of_its_filters(
    client: Client, member: MakeMember, failed: list[Delivery]
) -> None:
    client.force_login(member(Role.SUPPORT))
    context = client.get(LIST, {"error": "dns", "state": "failed"}).context
    assert client.get(context["recover_all_url"]).context["plan"].total == 3
    assert client.get(context["recover_url"]).context["is_recovery"]
    assert not client.get(LIST, {"q": "jane@example.com"}).context["recover_all_url"]


def test_viewer_is_offered_nothing_and_refused(
    client: Client, member: MakeMember, failed: list[Delivery]
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(LIST).content.decode()
    assert PLAN not in html
    assert "send_selected" not in html
    assert client.get(PLAN).status_code == 403
    assert client.post(PLAN, {"upper_id": failed[-1].pk}).status_code == 403
    assert not Job.objects.exists()


def test_strangers_and_forgeries_start_nothing(
    client: Client, member: MakeMember, failed: list[Delivery]
) -> None:
    data = {"upper_id": failed[-1].pk}
    assert client.post(PLAN, data).headers["Location"].startswith(reverse("admin:login"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    assert strict.post(PLAN, data).status_code == 403
    client.force_login(member(Role.SUPPORT))
    assert client.put(PLAN).status_code == 405
    assert not Job.objects.exists()


def test_support_on_one_site_recovers_no_other(
    client: Client, member: MakeMember, failed: list[Delivery]
) -> None:
    user = member(Role.SUPPORT)
    viewed = SiteFactory.create()
    MembershipFactory.create(site=viewed, user=user, role=Role.VIEWER)
    foreign = delivery(subscribe(viewed))
    client.force_login(user)
    assert total(client) == 3
    assert total(client, ids=foreign.pk) == 0
    assert total(client, mode="missing", subscription=foreign.subscription_id) == 0
    for query in (f"ids={foreign.pk}", f"site={viewed.pk}", f"mode=missing&site={viewed.pk}"):
        client.post(f"{PLAN}?{query}", {"upper_id": foreign.pk})
    assert not Job.objects.exists()


def test_member_of_several_sites_chooses_one(
    client: Client, member: MakeMember, site: Site, failed: list[Delivery]
) -> None:
    user = member(Role.SUPPORT)
    MembershipFactory.create(site=SiteFactory.create(), user=user, role=Role.SUPPORT)
    client.force_login(user)
    response = client.get(PLAN, {"since": "3d"})
    assert response.context["plan"] is None
    names = dict(response.context["sites_to_choose"])
    assert client.get(PLAN + names[site.name]).context["plan"].total == 3
    # A subscription belongs to one site: nothing is left to choose.
    assert total(client, since="3d", subscription=failed[0].subscription_id) == 3
