"""The page of one delivery, as each role meets it, and what can be done there."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.identifiers import new_row_id
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.webhooks.delivering import deliver, publish, receiver
from tests.webhooks.delivering import subscription as subscription_at
from tests.webhooks.delivery_log import attempt, delivery, event
from tests.webhooks.publishing import subscribe
from webhooks.models import Attempt, Delivery, DeliveryStatus, Event, KeptBody, Subscription
from webhooks.outbound.sent_bodies import draft_body, sent_body

pytestmark = pytest.mark.django_db
PAYLOAD = {"contactId": "c-1", "email": "jane@example.com", "note": "<script>boo</script>"}


@pytest.fixture
def subscription(site: Site) -> Subscription:
    return subscribe(site)


@pytest.fixture
def failed(subscription: Subscription) -> Delivery:
    """A delivery that was tried twice; its body can be built again."""
    of = event(subscription.site, "contact.updated", payload=PAYLOAD)
    row = delivery(subscription, of=of, attempts=2, reason="No attempt is left.")
    body = draft_body(row).body
    assert body is not None
    now = timezone.now()
    attempt(row, body=body, status_code=None, error="timeout", sentence="Nothing came.",
            response_body="", started_at=now - timedelta(minutes=5),
            next_at=now - timedelta(minutes=1))  # fmt: skip
    attempt(row, body=body, number=2, response_body='{"email":"kim@example.com"}')
    return row


def page(row: Delivery, name: str = "change") -> str:
    return reverse(f"admin:webhooks_delivery_{name}", args=[row.pk])


def text(client: Client, row: Delivery, **params: Any) -> str:
    response = client.get(page(row), params)
    assert response.status_code == 200
    return response.content.decode()


def test_timeline_tells_each_try(client: Client, superuser: User, failed: Delivery) -> None:
    client.force_login(superuser)
    html = text(client, failed)
    assert "Failed after 2 tries; it is not tried again by itself." in html
    assert "Time-out" in html
    assert "Nothing came." in html
    assert "Tried again by the schedule." in html
    assert html.index("Try 1") < html.index("Try 2")
    assert "87 ms" in html
    assert failed.event.message_id in html


def test_what_waits_says_when_it_is_tried_next(
    client: Client, superuser: User, subscription: Subscription
) -> None:
    due = timezone.now() + timedelta(minutes=30, seconds=30)
    row = delivery(subscription, DeliveryStatus.RETRYING, due_at=due)
    attempt(row, next_at=due)
    client.force_login(superuser)
    html = text(client, row)
    assert "1 try without success; the next one is in 30 min." in html
    assert "<strong>Next try</strong>" in html


def test_request_is_shown_as_it_went_out_masked_until_asked_for(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.SUPPORT))
    html = text(client, failed)
    assert "&quot;type&quot;: &quot;contact.updated&quot;" in html
    assert "&quot;email&quot;: &quot;•••&quot;" in html
    assert "<script>boo" not in html
    revealed = client.post(page(failed, "reveal")).content.decode()
    assert "&quot;email&quot;: &quot;jane@example.com&quot;" in revealed
    assert AuditEntry.objects.filter(
        action="delivery.body_revealed", object_id=str(failed.pk)
    ).exists()


def test_response_has_a_tab_of_its_own(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.SUPPORT))
    last = text(client, failed, tab="response")
    assert "503 after 87 ms" in last
    assert "&quot;email&quot;: &quot;•••&quot;" in last
    first = text(client, failed, tab="response", attempt="1")
    assert "No answer came." in first
    revealed = client.post(page(failed, "reveal") + "?tab=response").content.decode()
    assert "kim@example.com" in revealed


def test_viewer_sees_the_tries_and_no_body_and_no_button(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.VIEWER))
    html = text(client, failed) + text(client, failed, tab="response")
    assert "Try 2" in html
    for hidden in ("boo", "c-1", "curl -i", "kim", "•••&quot;"):
        assert hidden not in html
    for name in ("reveal", "body", "resend", "cancel"):
        assert page(failed, name) not in html
        assert client.post(page(failed, name)).status_code == 403
    assert not AuditEntry.objects.filter(object_id=str(failed.pk)).exists()


@pytest.mark.parametrize("name", ["reveal", "body", "resend", "cancel"])
def test_actions_are_posts_of_people_who_may(
    client: Client, member: MakeMember, failed: Delivery, name: str
) -> None:
    url = page(failed, name)
    assert client.post(url).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.SUPPORT))
    assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    assert strict.post(url).status_code == 403
    assert Delivery.objects.count() == 1


def test_download_is_the_exact_bytes_and_never_runs(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.SUPPORT))
    response = client.post(page(failed, "body"))
    assert json.loads(response.content)["data"] == PAYLOAD
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(action="delivery.body_downloaded").exists()


def test_a_kept_body_is_what_is_shown(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    row = delivery(subscription)
    attempt(row, body=b'{"kept":true}')
    KeptBody.objects.create(
        unit=row.unit, subscription=subscription, message_id="msg_1", created_at=timezone.now(),
        content_type="application/json", body=b'{"kept":true}',
    )  # fmt: skip
    client.force_login(member(Role.SUPPORT))
    assert "&quot;kept&quot;: true" in text(client, row)


def test_a_body_that_would_differ_now_is_not_shown(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.SUPPORT))
    Subscription.objects.filter(pk=failed.subscription_id).update(format_key="cloudevents")
    failed.subscription.refresh_from_db()
    failed.subscription.save()
    assert "the subscription has changed since" in text(client, failed)
    Event.objects.update(payload="")
    html = text(client, failed)
    assert "retention or an erasure took the contents" in html
    assert client.post(page(failed, "body")).status_code == 302


def test_a_batch_that_was_not_kept_is_not_made_up(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    first = delivery(subscription, unit=new_row_id())
    delivery(subscription, unit=first.unit)
    attempt(first, body=b"something else")
    client.force_login(member(Role.SUPPORT))
    html = text(client, first)
    assert "can no longer be shown" in html
    assert "1 other" in html


def test_what_was_not_sent_yet_is_shown_as_it_would_be(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    of = event(subscription.site, payload={"number": 7})
    row = delivery(subscription, DeliveryStatus.PENDING, of=of)
    client.force_login(member(Role.SUPPORT))
    html = text(client, row)
    assert "Not sent yet." in html
    assert "&quot;number&quot;: 7" in html
    client.force_login(member(Role.VIEWER))
    assert "number" not in text(client, row)


def command_of(html: str) -> str:
    return unescape(html.split('<pre id="curl">')[1].split("</pre>", maxsplit=1)[0])


def curl_of(html: str) -> list[str]:
    return shlex.split(command_of(html).replace("\\\n", " "))


def test_curl_has_words_for_secrets_and_the_body_where_it_may(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    Attempt.objects.update(url="https://receiver.example.com/hook?secret=•••&shop=•••")
    client.force_login(member(Role.SUPPORT))
    masked = curl_of(text(client, failed))
    assert masked[:5] == [
        "curl", "-i", "-X", "POST",
        "https://receiver.example.com/hook?secret=YOUR_SECRET&shop=YOUR_SHOP",
    ]  # fmt: skip
    assert "webhook-signature: YOUR_WEBHOOK_SIGNATURE" in masked
    assert masked[-2:] == ["--data-binary", f"@{failed.pk}.txt"]
    revealed = curl_of(client.post(page(failed, "reveal")).content.decode())
    assert json.loads(revealed[-1])["data"] == PAYLOAD


def test_a_shell_takes_the_command_as_it_is(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    hostile = {"text": 'it\'s $(touch /tmp/never) `id` \\ "quoted"\nline'}
    row = delivery(subscription, of=event(subscription.site, payload=hostile))
    attempt(row, body=draft_body(row).body or b"", request_headers={"x-shop": "a'b $HOME"})
    client.force_login(member(Role.SUPPORT))
    command = command_of(client.post(page(row, "reveal")).content.decode())
    printed = subprocess.run(
        ["/bin/sh", "-c", command.replace("curl -i", "printf '%s\\n'", 1)],
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    assert "x-shop: a'b $HOME" in printed
    assert json.loads(printed.strip().splitlines()[-1])["data"] == hostile


def test_resend_makes_a_delivery_and_leads_to_it(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    client.force_login(member(Role.SUPPORT))
    response = client.post(page(failed, "resend"), follow=True)
    again = Delivery.objects.get(repeats=failed)
    assert response.request["PATH_INFO"] == page(again)
    html = response.content.decode()
    assert page(failed) in html
    assert page(again) in text(client, failed)


def test_what_succeeded_asks_first(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    row = delivery(subscription, DeliveryStatus.SUCCEEDED)
    client.force_login(member(Role.SUPPORT))
    assert "gets it once more" in text(client, row)
    html = client.post(page(row, "resend"), follow=True).content.decode()
    assert "Confirm" in html
    assert Delivery.objects.count() == 1
    client.post(page(row, "resend"), {"confirmed": "on"})
    assert Delivery.objects.get(repeats=row).triggered_by


def test_cancel_takes_back_what_waits(
    client: Client, member: MakeMember, subscription: Subscription
) -> None:
    row = delivery(subscription, DeliveryStatus.PENDING)
    client.force_login(member(Role.SUPPORT))
    assert page(row, "cancel") in text(client, row)
    client.post(page(row, "cancel"))
    row.refresh_from_db()
    assert row.status == DeliveryStatus.CANCELLED
    assert "Cancelled; nothing more goes out." in text(client, row)


def test_neighbours_are_of_the_same_subscription(
    client: Client, superuser: User, subscription: Subscription
) -> None:
    old, middle, new = (delivery(subscription) for _ in range(3))
    delivery(subscribe(subscription.site))
    client.force_login(superuser)
    context = client.get(page(middle)).context
    assert (context["older"], context["newer"]) == (old, new)


@pytest.mark.network
def test_a_body_built_again_is_the_one_that_went_out() -> None:
    """In a format that names the site too: the page and the worker must agree in every byte."""
    with receiver() as there:
        to = subscription_at(there.url, format_key="cloudevents")
        (row,) = publish(to)
        deliver()
    made = Attempt.objects.get(unit=row.unit)
    assert sent_body(made, row).body == there.got[0].body


@pytest.mark.network
def test_a_batch_is_found_by_the_id_that_its_receiver_has(client: Client, superuser: User) -> None:
    with receiver() as there:
        to = subscription_at(there.url, batch_size=2)
        rows = publish(to, 2)
        deliver()
    (got,) = there.got
    client.force_login(superuser)
    found = client.get(reverse("admin:webhooks_delivery_changelist"), {"q": got.message_id})
    assert {each.pk for each in found.context["cl"].result_list} == {each.pk for each in rows}
    assert got.message_id in text(client, rows[0])


def test_a_held_one_says_who_paused_or_that_the_site_is_off(
    client: Client, member: MakeMember, site: Site
) -> None:
    client.force_login(member(Role.SUPPORT))
    paused = subscribe(site, state="paused")
    words = "Paused by anna since 2026-11-21 05:00 CET."
    row = delivery(paused, DeliveryStatus.HELD, reason=words)
    listed = client.get(reverse("admin:webhooks_delivery_changelist")).content.decode()
    for shown in (listed, text(client, row)):
        assert words in shown
    assert "its subscription is off" in text(client, row)
    Subscription.objects.update(state="active")
    row = Delivery.objects.get()
    assert "its site is switched off" in text(client, row)
