"""The pages of subscriptions: chosen, added, changed section by section, tried, and set going."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import standardwebhooks
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.encryption import key_ring
from sites.models import AuditEntry, Job, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers
from tests.webhooks.outbound.subscribing import URL, contact, delivery, saved
from webhooks.outbound.admin.verification_hint import verification_hint
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.models import (
    Delivery,
    DeliveryStatus,
    Incident,
    Subscription,
    SubscriptionHour,
    SubscriptionState,
)

NEW = {"name": "Shop", "url": URL, "signing": "standard_webhooks", "encryption": "none",
       "signing_settings-standard_webhooks.family": "webhook", "verify_tls": "on"}  # fmt: skip


def page(subscription: Subscription, tab: str = "", part: str = "change") -> str:
    url = reverse(f"admin:webhooks_subscription_{part}", args=[subscription.pk])
    return f"{url}?tab={tab}" if tab else url


def add_url(site: Site, key: str = "standard_webhooks") -> str:
    return f"{reverse('admin:webhooks_subscription_add')}?site={site.pk}&format={key}"


def html(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")


# -- list ------------------------------------------------------------------------------------------


def test_empty_list_says_what_to_do(operator: Client) -> None:
    text = html(operator.get(reverse("admin:webhooks_subscription_changelist")))
    assert "Add a subscription: a system that is told" in text


def test_list_tells_how_each_one_does(operator: Client, site: Site) -> None:
    subscription = saved(site, url=f"{URL}?key=canary", signing="none")
    now = timezone.now()
    SubscriptionHour.objects.create(
        subscription=subscription, hour=now.replace(minute=0, second=0, microsecond=0),
        succeeded=995, failed=5, within_50=900, within_200=95, slower=5,
    )  # fmt: skip
    Subscription.objects.update(failing_since=now)
    delivery(subscription, DeliveryStatus.PENDING, created_at=now - timedelta(hours=3))
    delivery(subscription)
    text = html(operator.get(reverse("admin:webhooks_subscription_changelist")))
    for told in ("Failing", "Not signed", "99.5 %", "95 % ≤ 200 ms", "oldest", "3 h ago"):
        assert told in text, told
    assert "canary" not in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("state=paused", ["Paused"]),
        ("state=active", ["Running", "Failing one"]),
        ("health=failing", ["Failing one"]),
        ("format_key=cloudevents", ["Running"]),
        ("q=runn", ["Running"]),
        ("q=receiver.example", ["Paused", "Running", "Failing one"]),
        ("q=nothing+of+it", []),
    ],
)
def test_list_filters_and_searches(
    operator: Client, site: Site, query: str, shown: list[str]
) -> None:
    saved(site, name="Paused", state=SubscriptionState.PAUSED)
    saved(site, name="Running", format_key="cloudevents")
    saved(site, name="Failing one", failing_since=timezone.now())
    text = html(operator.get(f"{reverse('admin:webhooks_subscription_changelist')}?{query}"))
    found = set(re.findall(r'<span class="clamp" title="(Paused|Running|Failing one)"', text))
    assert found == set(shown)


def test_list_asks_the_same_however_many_rows(
    operator: Client, site: Site, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        saved(site, name=f"S{number}")
    with django_assert_max_num_queries(16):
        operator.get(reverse("admin:webhooks_subscription_changelist"))


# -- adding ----------------------------------------------------------------------------------------


def test_formats_are_offered_first(operator: Client, site: Site) -> None:
    text = html(operator.get(reverse("admin:webhooks_subscription_add")))
    for dialect in formats():
        assert dialect.label in text
        assert f"format={dialect.key}" in text


@pytest.mark.parametrize("key", [each.key for each in formats()])
def test_form_of_every_format(operator: Client, site: Site, key: str) -> None:
    text = html(operator.get(add_url(site, key)))
    assert "Add the subscription" in text


def test_added_one_shows_its_secret_once(operator: Client, site: Site) -> None:
    response = operator.post(
        add_url(site), {**NEW, "event_types": ["contact.*"], "patterns": "inbound.ongage.*"}
    )
    subscription = Subscription.objects.get()
    secret = subscription.secrets["signing"]
    assert secret in html(response)
    assert subscription.event_types == ["contact.*", "inbound.ongage.*"]
    assert subscription.state == SubscriptionState.ACTIVE
    for tab in ("", "endpoint", "events", "signing", "policy", "batching", "test"):
        assert secret not in html(operator.get(page(subscription, tab)))


def test_added_paused(operator: Client, site: Site) -> None:
    operator.post(add_url(site), {**NEW, "paused": "on"})
    assert Subscription.objects.get().state == SubscriptionState.PAUSED


def test_what_is_wrong_stands_beside_its_field(operator: Client, site: Site) -> None:
    text = html(
        operator.post(
            add_url(site, "engage"),
            {**NEW, "url": "ftp://x", "encryption": "engage", "patterns": "a*b",
             "condition-0-pointer": "x", "condition-0-operator": "eq"},
        )
    )  # fmt: skip
    for told in (
        "Start the URL with https",
        "Tenant must not be empty",
        "The encryption key must not be empty",
        "a star stands alone",
        "Condition 1",
    ):
        assert told in text, told
    assert not Subscription.objects.exists()


def test_strangers_site_is_not_offered(operator: Client) -> None:
    other = SiteFactory.create()
    assert operator.get(add_url(other)).status_code == 404
    assert operator.post(add_url(other), NEW).status_code == 404


def test_viewers_look_and_change_nothing(viewer: Client, site: Site) -> None:
    subscription = saved(site)
    assert "Overview" in html(viewer.get(page(subscription)))
    assert "Delivery policy" not in html(viewer.get(page(subscription, "policy")))
    assert viewer.get(add_url(site)).status_code == 403
    for url in (page(subscription, "policy"), page(subscription, part="pause"),
                page(subscription, part="rotate"), page(subscription, part="send_test"),
                page(subscription, part="resume")):  # fmt: skip
        assert viewer.post(url, {}).status_code == 403, url


# -- sections --------------------------------------------------------------------------------------


def test_overview_shows_charts_and_trouble(operator: Client, site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "canary-value"})
    Incident.objects.create(
        subscription=subscription, opened_at=timezone.now(), failures=4,
        last_sentence="The receiver answered 500.",
    )  # fmt: skip
    text = html(operator.get(page(subscription)))
    assert text.count("<svg") >= 1
    assert "The receiver answered 500." in text
    assert "X-Key" in text
    assert "canary-value" not in text


def test_overview_counts_what_its_links_list(operator: Client, site: Site) -> None:
    subscription, other = saved(site), saved(site, name="Other")
    subscription.hours.create(
        hour=timezone.now().replace(minute=0, second=0, microsecond=0), failed=9
    )
    assert "state=failed" not in html(operator.get(page(subscription)))  # they are tried again
    for status in ("failed", "failed", "held", "retrying", "succeeded"):
        delivery(subscription, DeliveryStatus(status))
    delivery(other, DeliveryStatus.FAILED)
    text = html(operator.get(page(subscription)))
    found = re.findall(r'<a href="([^"]*&state=(?:failed|held))">([^<]*)</a>', text)
    assert [count for _, count in found] == ["1", "2"]
    listed = [operator.get(url).context["cl"].result_list for url, _ in found]
    assert [len(rows) for rows in listed] == [1, 2]


def test_endpoint_is_saved_and_headers_stay(operator: Client, site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "one"})
    assert "X-Key: •••" in html(operator.get(page(subscription, "endpoint")))
    operator.post(
        page(subscription, "endpoint"),
        {"name": "Renamed", "url": URL, "headers": "X-Key: •••\nX-New: two"},
    )
    after = Subscription.objects.get()
    assert (after.name, after.verify_tls) == ("Renamed", False)
    assert after.headers == {"X-Key": "one", "X-New": "two"}


def test_operator_does_not_send_stored_headers_elsewhere(
    operator: Client, site: Site, member: MakeMember
) -> None:
    subscription = saved(site, headers={"X-Key": "one"})
    moved = {"name": "R", "url": "https://elsewhere.example.com:8443/", "headers": "X-Key: •••",
             "verify_tls": "on"}  # fmt: skip
    assert "Only an admin" in html(operator.post(page(subscription, "endpoint"), moved))
    operator.force_login(member(Role.ADMIN))
    operator.post(page(subscription, "endpoint"), moved)
    assert Subscription.objects.get().url == moved["url"]


def test_another_format_is_chosen_and_saved(operator: Client, site: Site) -> None:
    subscription = saved(site)
    assert "CloudEvents" in html(operator.get(page(subscription, "format")))
    to = page(subscription, "endpoint") + "&format=engage"
    assert "Tenant" in html(operator.get(to))
    assert Subscription.objects.get().format_key == "standard_webhooks"
    operator.post(to, {"name": "R", "url": URL, "format_settings.tenant": "b", "verify_tls": "on"})
    after = Subscription.objects.get()
    assert (after.format_key, after.format_settings) == ("engage", {"tenant": "b"})


def test_events_and_conditions_are_saved_and_shown_again(operator: Client, site: Site) -> None:
    subscription = saved(site, event_types=[])
    assert "receives all events" in html(operator.get(page(subscription, "events")))
    operator.post(
        page(subscription, "events"),
        {"event_types": ["contact.created"], "patterns": "custom_event.*",
         "condition-0-pointer": "/points", "condition-0-operator": "gt",
         "condition-0-value": "100", "condition-1-pointer": "/country",
         "condition-1-operator": "in", "condition-1-value": 'SE, "12", NO'},
    )  # fmt: skip
    after = Subscription.objects.get()
    assert after.event_types == ["contact.created", "custom_event.*"]
    assert after.conditions == [
        {"pointer": "/points", "operator": "gt", "value": 100},
        {"pointer": "/country", "operator": "in", "value": ["SE", "12", "NO"]},
    ]
    text = html(operator.get(page(subscription, "events")))
    assert re.search(r'value="contact.created" checked', text)
    assert 'value="SE, "12", NO"' in text


def test_policy_is_saved_from_words(operator: Client, site: Site) -> None:
    subscription = saved(site)
    text = html(operator.get(page(subscription, "policy")))
    assert "0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h" in text
    assert text.count('class="schedule-try"') == 8
    operator.post(
        page(subscription, "policy"),
        {"retry_schedule": "0, 90s; 1 d", "retry_rules": "4xx stop\n429: retry",
         "timeout_seconds": 5, "rate_per_second": 10, "concurrency": 2, "strict_order": "on"},
    )  # fmt: skip
    after = Subscription.objects.get()
    assert after.retry_schedule == [0, 90, 86_400]
    assert after.retry_rules == {"429": "retry", "4xx": "stop"}
    assert (after.timeout_seconds, after.concurrency, after.strict_order) == (5, 2, True)
    wrong = operator.post(page(subscription, "policy"), {"retry_schedule": "soon"})
    assert "“soon” is no span of time" in html(wrong)


def test_batching_is_offered_where_the_format_batches(operator: Client, site: Site) -> None:
    plain = saved(site, format_key="connectif_send", signing="none")
    batched = saved(
        site, name="Ongage", format_key="ongage_batch", format_settings={"list_id": "9"},
        signing="none", batch_size=5000, batch_seconds=600,
    )  # fmt: skip
    assert "tab=batching" not in html(operator.get(page(plain)))
    assert "5,000 events or 600 s" in html(operator.get(page(batched, "batching")))
    operator.post(page(batched, "batching"), {"batch_size": 10, "batch_seconds": 60})
    batched.refresh_from_db()
    assert (batched.batch_size, batched.batch_seconds) == (10, 60)


def test_page_opens_without_the_key_to_its_secrets(admin: Client, site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "1"})
    foreign = key_ring().encrypt('{"signing":"x"}', "some other context")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Subscription._meta.db_table} SET secrets = %s, headers = %s",
            [foreign, foreign],
        )
    assert html(admin.get(reverse("admin:webhooks_subscription_changelist")))
    for tab in ("", "endpoint", "events", "signing", "policy", "test"):
        assert "ENCRYPTION_KEYS" in html(admin.get(page(subscription, tab)))


# -- secrets ---------------------------------------------------------------------------------------


def test_rotation_shows_the_new_secret_and_the_countdown(admin: Client, site: Site) -> None:
    subscription = saved(site)
    response = admin.post(page(subscription, part="rotate"), {"overlap": "3600"})
    after = Subscription.objects.get()
    assert after.secrets["signing"] in html(response)
    text = html(admin.get(page(subscription, "signing")))
    assert "in 59 min" in text
    admin.post(page(subscription, part="end_overlap"))
    assert Subscription.objects.get().previous_until is None
    assert "in 59 min" not in html(admin.get(page(subscription, "signing")))


def test_a_rotation_that_is_sent_twice_is_one(admin: Client, site: Site) -> None:
    """The secret that the receiver still has goes on signing."""
    subscription = saved(site)
    before = subscription.secrets["signing"]
    form = {"overlap": "3600", "revision": str(subscription.revision)}
    assert f'name="revision" value="{subscription.revision}"' in html(
        admin.get(page(subscription, "signing"))
    )
    admin.post(page(subscription, part="rotate"), form)
    after = Subscription.objects.get().secrets
    assert after["previous_signing"] == before
    again = admin.post(page(subscription, part="rotate"), form, follow=True)
    assert "Nothing was done" in html(again)
    assert Subscription.objects.get().secrets == after


def test_rotation_is_for_admins(operator: Client, site: Site) -> None:
    subscription = saved(site)
    assert "Rotate the secret" not in html(operator.get(page(subscription, "signing")))
    assert operator.post(page(subscription, part="rotate")).status_code == 403


def test_own_secret_that_is_none_is_refused(admin: Client, site: Site) -> None:
    subscription = saved(site)
    response = admin.post(page(subscription, part="rotate"), {"secret": "short"}, follow=True)
    assert "This is no signing secret" in html(response)


@pytest.mark.parametrize(
    ("signing", "settings"),
    [
        ("standard_webhooks", {"family": "webhook"}),
        ("standard_webhooks", {"family": "svix"}),
        ("hmac", {"header": "X-Sig", "encoding": "hex", "prefix": "sha256="}),
        ("hmac", {"header": "X-Sig", "encoding": "base64"}),
    ],
)
@pytest.mark.network
def test_code_of_the_hint_verifies_what_is_sent(
    admin: Client, site: Site, signing: str, settings: dict[str, str]
) -> None:
    with HostileApi(answers()) as server:
        subscription = saved(
            site, url=server.url("/hooks"), signing=signing, signing_settings=settings
        )
        admin.post(page(subscription, part="send_test"), {"type": "contact.created"})
    (got,) = server.requests
    code = verification_hint(subscription).code
    known = {"SECRET": subscription.secrets["signing"], "headers": dict(got.headers)}
    exec(code, {**known, "body": got.body})
    with pytest.raises((AssertionError, Exception)):
        exec(code, {**known, "body": got.body + b" "})


# -- test ------------------------------------------------------------------------------------------


@pytest.mark.network
def test_green_test_of_a_disabled_one_offers_to_enable_it(operator: Client, site: Site) -> None:
    with HostileApi(answers(200, b'{"ok":"thanks"}')) as server:
        subscription = saved(site, url=server.url("/hooks"))
        Subscription.objects.update(state="disabled", state_reason="It answered 410.")
        text = html(
            operator.post(page(subscription, part="send_test"), {"type": "contact.created"})
        )
    assert "answered 200" in text
    assert "Enable…" in text
    assert "thanks" in text
    assert '"contact.created"' in text
    (got,) = server.requests
    assert standardwebhooks.Webhook(subscription.secrets["signing"]).verify(
        got.body, dict(got.headers)
    )
    assert str(got.header("webhook-signature")) not in text


@pytest.mark.network
def test_recent_event_is_sent(operator: Client, site: Site) -> None:
    with HostileApi(answers(503)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        happened = delivery(subscription, payload='{"contactId":"real-one"}').event
        assert str(happened.pk) in html(operator.get(page(subscription, "test")))
        text = html(
            operator.post(page(subscription, part="send_test"), {"event": str(happened.pk)})
        )
    assert "real-one" in text
    assert "The receiver answered 503" in text
    assert "Enable…" not in text


def test_what_the_subscription_receives_is_offered_first(operator: Client, site: Site) -> None:
    subscription = saved(site, event_types=["contact.*"])
    other = saved(site, name="Other")
    wanted = delivery(subscription, event_type="contact.created").event
    newer = [delivery(other, event_type="subscription.failing").event for _ in range(20)]
    response = operator.get(page(subscription, "test"))
    assert response.context["recent_events"] == [wanted]
    assert response.context["other_events"] == newer[:5:-1]
    text = html(response)
    assert f'value="{wanted.pk}" checked' in text
    assert text.count(" checked>") == 1


@pytest.mark.parametrize("form", [{}, {"type": "nothing"}, {"event": "x"}, {"event": "0" * 32}])
def test_what_cannot_be_tried_is_said(operator: Client, site: Site, form: dict[str, str]) -> None:
    response = operator.post(page(saved(site), part="send_test"), form, follow=True)
    assert "Choose another one" in html(response)


def test_event_of_another_site_is_not_sent(operator: Client, site: Site) -> None:
    foreign = delivery(saved(SiteFactory.create())).event
    response = operator.post(
        page(saved(site), part="send_test"), {"event": str(foreign.pk)}, follow=True
    )
    assert "no longer stored" in html(response)


# -- state -----------------------------------------------------------------------------------------


def test_pause_and_resume_by_plan(operator: Client, site: Site) -> None:
    subscription = saved(site)
    operator.post(page(subscription, part="pause"))
    kim = contact(site, "kim@example.com")
    for _ in range(3):
        delivery(subscription, contact=kim)
    assert "3 deliveries held" in html(operator.get(page(subscription)))
    plan = html(operator.get(page(subscription, part="resume")))
    assert "(1 of 3)" in plan
    upper = re.search(r'name="upper_id" value="([^"]+)"', plan)
    assert upper is not None
    operator.post(page(subscription, part="resume"), {"choice": "thin", "upper_id": upper[1]})
    rows = Delivery.objects.order_by("pk").values_list("status", flat=True)
    assert list(rows) == ["cancelled", "cancelled", "pending"]
    assert Subscription.objects.get().state == SubscriptionState.ACTIVE
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"subscription.paused", "subscription.resumed"} <= actions


def test_many_held_ones_lead_to_a_job(
    operator: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.outbound.holding.resuming.SLICE", 1)
    subscription = saved(site, state=SubscriptionState.PAUSED)
    for _ in range(2):
        delivery(subscription)
    response = operator.post(page(subscription, part="resume"), {"choice": "release"})
    job = Job.objects.get()
    assert response["Location"] == reverse("admin:sites_job_change", args=[job.pk])
    assert "It goes on as soon as" in html(operator.get(page(subscription)))
    assert "under way already" in html(operator.get(page(subscription, part="resume")))


@pytest.mark.parametrize("form", [{"choice": "burn"}, {"upper_id": "x"}])
def test_choice_that_was_not_offered_changes_nothing(
    operator: Client, site: Site, form: dict[str, str]
) -> None:
    subscription = saved(site, state=SubscriptionState.PAUSED)
    operator.post(page(subscription, part="resume"), form)
    assert Subscription.objects.get().state == SubscriptionState.PAUSED


def test_deleting_is_for_admins(operator: Client, site: Site, member: MakeMember) -> None:
    subscription = saved(site)
    url = page(subscription, part="delete")
    assert operator.post(url, {"post": "yes"}).status_code == 403
    operator.force_login(member(Role.ADMIN))
    assert "what happened stays as events" in html(operator.get(url))
    operator.post(url, {"post": "yes"})
    assert not Subscription.objects.exists()


def test_section_of_the_site_page(operator: Client, site: Site) -> None:
    url = reverse("admin:sites_site_change", args=[site.pk]) + "?section=subscriptions"
    assert "No subscription yet" in html(operator.get(url))
    saved(site, name="Shop")
    text = html(operator.get(url))
    assert "1 webhook subscription" in text
    assert "Shop" in text


def test_superuser_without_a_site_is_told(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    assert "Add a site first" in html(client.get(reverse("admin:webhooks_subscription_add")))
