from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.endpoint.throttle import Throttle
from sites.jobs import run_job_slice
from sites.models import AuditEntry, Job, Site
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers
from tests.webhooks.delivery_log import attempt, delivery, event
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.portal.holding import Holder
from webhooks.models import Delivery, DeliveryStatus, KeptBody, Subscription
from webhooks.outbound.portal import guarding
from webhooks.outbound.portal.guarding import throttle

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "kim@example.com"


@pytest.fixture
def holder(site: Site) -> Holder:
    return Holder(saved(site, url="https://receiver.example.com:8443/hooks?token=hidden-1"))


def text_of(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_the_page_shows_the_subscription_and_no_secret(holder: Holder) -> None:
    failed = delivery(holder.subscription, last_status_code=503, last_error="status")
    page = text_of(holder.get())
    for shown in ("Receiver", "receiver.example.com", "contact.*", str(failed.pk), "Node", "503"):
        assert shown in page
    secret = Subscription.objects.get().secrets["signing"]
    assert "hidden-1" not in page
    assert secret not in page
    assert 'href="/admin/' not in page


def test_a_delivery_is_shown_as_staff_see_it_who_reveal_nothing(holder: Holder, site: Site) -> None:
    subscription = holder.subscription
    body = b'{"data":{"email":"kim@example.com","contactId":"c-1"}}'
    row = delivery(
        subscription, DeliveryStatus.CANCELLED, event(site, payload={"email": PERSON}),
        triggered_by="anna@staff", reason="Cancelled by anna@staff.", trigger="replay",
    )  # fmt: skip
    attempt(row, body=body, response_body='{"told":"kim@example.com"}')
    KeptBody.objects.create(
        unit=row.unit, subscription=subscription, message_id="m", created_at=timezone.now(),
        content_type="application/json", body=body,
    )  # fmt: skip
    for query in ({}, {"tab": "response"}, {"attempt": "1"}):
        page = text_of(holder.get(f"/deliveries/{row.pk}", **query))
        assert "c-1" in page
        assert row.event.message_id in page
        for hidden in (PERSON, "anna", "hidden-1"):
            assert hidden not in page
    assert "anna" not in text_of(holder.get())


def test_a_new_secret_is_shown_once_and_noted(holder: Holder) -> None:
    before = Subscription.objects.get().secrets["signing"]
    answer = holder.post("/secret", overlap="3600")
    now = Subscription.objects.get()
    assert now.secrets["signing"] in text_of(answer)
    assert "two sign at most" in text_of(holder.get())
    assert now.secrets["previous_signing"] == before
    assert answer.headers["Cache-Control"] == "no-store"
    assert now.secrets["signing"] not in text_of(holder.get())
    entry = AuditEntry.objects.get(action="subscription.secret_rotated")
    assert (entry.actor_label, entry.actor) == ("portal: Warehouse", None)


@pytest.mark.network
def test_a_test_goes_to_the_receiver(site: Site) -> None:
    with HostileApi(answers(200)) as server:
        holder = Holder(saved(site, url=server.url("/hooks")))
        answer = holder.post("/test", type="contact.deleted")
    row = Delivery.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{holder.path}/deliveries/{row.pk}")
    assert (row.trigger, row.triggered_by) == ("test", "portal: Warehouse")
    assert "contact.deleted" in text_of(holder.get(f"/deliveries/{row.pk}"))


def test_a_test_is_of_what_the_subscription_receives(holder: Holder) -> None:
    answer = holder.post("/test", type="loyalty.addPoints")
    assert answer.status_code == 409
    assert "does not receive" in text_of(answer)
    assert not Delivery.objects.exists()


def test_one_delivery_is_sent_again(holder: Holder) -> None:
    row = delivery(holder.subscription)
    answer = holder.post(f"/deliveries/{row.pk}/resend")
    again = Delivery.objects.get(repeats=row)
    assert answer.url == f"{holder.path}/deliveries/{again.pk}"
    assert again.triggered_by == "portal: Warehouse"
    throttle.forget()
    assert holder.post(f"/deliveries/{row.pk}/resend").status_code == 409


def test_all_that_failed_is_sent_again_as_the_plan_said(holder: Holder, site: Site) -> None:
    rows = [delivery(holder.subscription) for _ in range(2)]
    delivery(saved(site, name="Other"))
    page = text_of(holder.get("/recover", hours="24"))
    assert "2 failed deliveries would be sent again" in page
    assert "<title>Send again | Receiver</title>" in page
    fields = dict(re.findall(r'name="(since|upper_id)" value="([^"]+)"', page))
    late = delivery(holder.subscription)
    answer = holder.post("/recover", **fields)
    assert answer.url == f"{holder.path}#recover"
    run_job_slice(Job.objects.get().pk)
    assert set(Delivery.objects.filter(trigger="replay").values_list("repeats", flat=True)) == {
        each.pk for each in rows
    }
    assert not Delivery.objects.filter(repeats=late).exists()
    assert "2 of 2" in text_of(holder.get())


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"since": "x", "upper_id": "y"},
        {"since": "2026-01-01", "upper_id": "01a1fd2b-3c66-7581-8a07-c60e19c84e3c"},
        {"since": "0001-01-01T00:00:00+00:00", "upper_id": "01a1fd2b-3c66-7581-8a07-c60e19c84e3c"},
        {"since": "9999-12-31T23:59:59-14:00", "upper_id": "01a1fd2b-3c66-7581-8a07-c60e19c84e3c"},
    ],
)
def test_nothing_is_sent_again_without_its_plan(holder: Holder, values: dict[str, str]) -> None:
    delivery(holder.subscription)
    assert holder.post("/recover", **values).status_code == 409
    assert not Job.objects.exists()


def test_nothing_of_another_subscription_is_within_reach(holder: Holder, site: Site) -> None:
    other = saved(site, name="Other")
    row = delivery(other)
    attempt(row)
    for rest in (f"/deliveries/{row.pk}",):
        answer = holder.get(rest)
        assert answer.status_code == 404
        assert "Other" not in text_of(answer)
    assert holder.post(f"/deliveries/{row.pk}/resend").status_code == 404
    own = delivery(holder.subscription)
    throttle.forget()
    holder.post(
        "/recover",
        since=(timezone.now() - timedelta(hours=1)).isoformat(),
        upper_id="ffffffff-ffff-7fff-bfff-ffffffffffff",
        subscription_id=str(other.pk),
        subscription=other.public_id,
    )
    run_job_slice(Job.objects.get().pk)
    assert list(Delivery.objects.filter(trigger="replay").values_list("repeats", flat=True)) == [
        own.pk
    ]
    assert str(row.pk) not in text_of(holder.get())
    assert "Other" not in text_of(holder.get())


def test_the_link_opens_nothing_of_the_console(holder: Holder) -> None:
    holder.get()
    page = reverse("admin:webhooks_subscription_change", args=[holder.subscription.pk])
    assert holder.client.get(page).status_code == 302
    token = holder.path.removeprefix("/portal/")
    for header in (f"ApiKey {token}", f"Bearer {token}"):
        answer = holder.client.get("/api/v1/subscriptions", headers={"Authorization": header})
        assert answer.status_code == 401


@pytest.mark.parametrize("rest", ["/secret", "/test", "/recover"])
def test_forms_of_others_are_refused(holder: Holder, rest: str) -> None:
    forged = Client(enforce_csrf_checks=True).post(f"{holder.path}{rest}")
    assert forged.status_code == 403
    assert not AuditEntry.objects.filter(actor_label__startswith="portal").exists()


@pytest.mark.parametrize("rest", ["/secret", "/test"])
def test_acts_are_posts(holder: Holder, rest: str) -> None:
    assert holder.get(rest).status_code == 405


def test_acts_are_limited(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "throttle", Throttle(lambda: 0.0))
    statuses = [holder.post("/secret", overlap="0").status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2


def test_pages_of_deliveries_go_to_and_fro(holder: Holder) -> None:
    rows = [delivery(holder.subscription) for _ in range(27)]
    first = text_of(holder.get(state="failed"))
    assert str(rows[-1].pk) in first
    assert str(rows[0].pk) not in first
    (older,) = re.findall(r"older_than=([0-9a-f-]+)", first)
    second = text_of(holder.get(state="failed", older_than=older))
    assert str(rows[0].pk) in second
    assert "newer_than=" in second
    assert holder.get(state="nonsense", older_than="x").status_code == 200


def test_what_policy_disabled_says_why_and_a_pause_keeps_it_inside(holder: Holder) -> None:
    rows = Subscription.objects.filter(pk=holder.subscription.pk)
    rows.update(state="disabled", state_reason="It answered 410 Gone.")
    assert "410 Gone" in text_of(holder.get())
    rows.update(state="paused", state_reason="Their invoices are overdue.")
    assert "overdue" not in text_of(holder.get())


def test_a_held_delivery_says_why_when_policy_disabled_and_no_name_when_staff_paused(
    holder: Holder,
) -> None:
    reason = "Paused by anna@staff since 2026-11-21 05:00 CET. Their invoices are overdue."
    rows = Subscription.objects.filter(pk=holder.subscription.pk)
    rows.update(state="paused", state_reason=reason)
    held = delivery(holder.subscription, DeliveryStatus.HELD, reason=reason)
    again = delivery(holder.subscription, of=held.event, trigger="replay", repeats=held)
    for page in (
        holder.get(state="held"),
        *(holder.get(f"/deliveries/{each.pk}") for each in (held, again)),
    ):
        text = text_of(page)
        assert "Held" in text
        assert "anna" not in text
        assert "overdue" not in text
    rows.update(state="disabled", state_reason="It answered 410 Gone.")
    Delivery.objects.filter(pk=held.pk).update(reason="It answered 410 Gone.")
    assert "410 Gone" in text_of(holder.get(state="held"))
    assert "410 Gone" in text_of(holder.get(f"/deliveries/{held.pk}"))


def test_a_subscription_without_a_secret_offers_no_rotation(site: Site) -> None:
    holder = Holder(saved(site, signing="none"))
    assert "Make a new secret" not in text_of(holder.get())
    assert holder.post("/secret").status_code == 409
