"""Who is told of trouble by e-mail, when, how often, and what it says."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django import Settings

from sites.audit import Actor
from sites.models import Site
from tests.factories import MembershipFactory, SiteFactory
from tests.webhooks.outbound.incidents import ago, fails, failure, reader, record, works
from tests.webhooks.publishing import subscribe
from webhooks.models import Incident, Notice, NoticeKind, Subscription
from webhooks.outbound.notices.acknowledging import incident_acknowledge
from webhooks.outbound.notices.sending import RETRY_MINUTES, tell_of_trouble
from webhooks.outbound.subscriptions.services import subscription_pause

pytestmark = pytest.mark.django_db

SECRET = "whsec-that-nobody-may-read"
SYSTEM = Actor.system("tests")


@pytest.fixture(autouse=True)
def _mail_on(settings: Settings) -> None:
    settings.EMAIL_IS_ON = True


@pytest.fixture
def subscription(site: Site) -> Subscription:
    return subscribe(
        site,
        name="Warehouse",
        url=f"https://receiver.example.com/hook?token={SECRET}",
        secrets={"signing": SECRET},
        headers={"X-Key": SECRET},
    )


def subjects() -> list[str]:
    return [
        message.subject.partition(":")[0].removeprefix("[Patchbay] ") for message in mail.outbox
    ]


def failing_for(subscription: Subscription, **span: float) -> Incident:
    """Return the open incident as it is after that long."""
    since = ago(**span)
    Subscription.objects.filter(pk=subscription.pk).update(failing_since=since)
    Incident.objects.filter(subscription=subscription, ended_at=None).update(opened_at=since)
    return Incident.objects.get(subscription=subscription, ended_at=None)


def test_hiccup_is_told_to_nobody(site: Site, subscription: Subscription) -> None:
    reader(site)
    fails(subscription)
    assert tell_of_trouble() == 0
    works(subscription)
    failing = Incident.objects.get()
    assert (tell_of_trouble(), failing.told_at, Notice.objects.count()) == (0, None, 0)


def test_each_turn_is_told_once_to_those_who_asked(site: Site, subscription: Subscription) -> None:
    anna = reader(site, email="anna@example.com")
    MembershipFactory.create(site=site)
    reader(SiteFactory.create())
    reader(site, is_active=False)
    fails(subscription)
    for span in ({"minutes": 11}, {"hours": 25}, {"days": 4, "hours": 1}):
        failing_for(subscription, **span)
        assert tell_of_trouble() == 1
        assert tell_of_trouble() == 0
    record(subscription, failure(disables="The receiver is gone."))
    assert tell_of_trouble() == 1
    assert subjects() == [
        "Deliveries fail", "Deliveries have failed for a day", "About to be disabled", "Disabled",
    ]  # fmt: skip
    assert {address for message in mail.outbox for address in message.to} == {anna.user.email}
    Subscription.objects.update(state="active", state_reason="")
    works(subscription)
    assert tell_of_trouble() == 1
    assert subjects()[-1] == "Works again"
    assert tell_of_trouble() == 0


def test_missed_turns_are_not_told_later(site: Site, subscription: Subscription) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, days=4.5)
    tell_of_trouble()
    assert subjects() == ["About to be disabled"]


def test_text_names_what_is_needed_and_no_secret(site: Site, subscription: Subscription) -> None:
    reader(site)
    fails(subscription)
    incident = failing_for(subscription, minutes=30)
    tell_of_trouble()
    text = mail.outbox[0].body
    for words in (
        f"“Warehouse” of {site}", "Receiver: https://receiver.example.com/hook\n", "(30 min)",
        "Failed requests: 3", "Nobody listens on that port.", "a firewall closes it",
        f"/admin/webhooks/subscription/{subscription.pk}/change/",
        f"/admin/webhooks/incident/{incident.pk}/change/", "#members",
    ):  # fmt: skip
        assert words in text
    assert SECRET not in text


def test_notice_of_disabling_leads_to_enabling(site: Site, subscription: Subscription) -> None:
    reader(site)
    record(subscription, failure(disables="The receiver is gone."))
    tell_of_trouble()
    text = mail.outbox[0].body
    assert "Reason: The receiver is gone." in text
    assert f"/admin/webhooks/subscription/{subscription.pk}/resume/" in text
    assert "?tab=test" in text


def test_paused_subscription_is_not_reminded_of(site: Site, subscription: Subscription) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, hours=30)
    subscription_pause(subscription=subscription, actor=SYSTEM)
    assert tell_of_trouble() == 0


def test_acknowledged_incident_is_told_of_only_before_it_disables(
    site: Site, subscription: Subscription
) -> None:
    reader(site)
    incident = fails(subscription)
    assert incident_acknowledge(incident=incident, actor=Actor.system("anna"))
    assert not incident_acknowledge(incident=incident, actor=Actor.system("bert"))
    incident = failing_for(subscription, hours=30)
    assert incident.acknowledged_by == "anna"
    assert tell_of_trouble() == 0
    failing_for(subscription, days=4.5)
    assert tell_of_trouble() == 1


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], None]:
    """Let the mail server answer every e-mail with an error, or take them again."""
    sending: dict[str, Exception | None] = {"error": None}
    send = EmailBackend.send_messages

    def send_messages(self: EmailBackend, messages: Any) -> int:
        if sending["error"] is not None:
            raise sending["error"]
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    return lambda error: sending.update(error=error)


def test_refused_notice_is_tried_again_and_says_why(
    site: Site, subscription: Subscription, broken: Callable[[Exception | None], None]
) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    broken(smtplib.SMTPAuthenticationError(535, f"bad password {SECRET}".encode()))
    assert tell_of_trouble() == 0
    notice = Notice.objects.get()
    assert notice.problem == "The mail server refused the user name or the password in EMAIL_URL."
    assert (notice.told_at, notice.given_up_at) == (None, None)
    assert notice.due_at > timezone.now()
    broken(None)
    assert tell_of_trouble() == 0  # it is not due yet
    Notice.objects.update(due_at=timezone.now())
    assert tell_of_trouble() == 1
    notice.refresh_from_db()
    assert notice.told_at is not None
    assert notice.problem == ""


def test_notice_is_given_up_after_the_last_try(
    site: Site, subscription: Subscription, broken: Callable[[Exception | None], None]
) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    broken(ConnectionRefusedError())
    for _ in RETRY_MINUTES:
        assert Notice.objects.filter(given_up_at=None).count() in (0, 1)
        tell_of_trouble()
        Notice.objects.update(due_at=timezone.now())
    notice = Notice.objects.get()
    assert notice.given_up_at is not None
    assert "could not be reached (ConnectionRefusedError)" in notice.problem
    broken(None)
    assert tell_of_trouble() == 0


def test_what_is_no_longer_true_is_not_sent(
    site: Site, subscription: Subscription, broken: Callable[[Exception | None], None]
) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    broken(TimeoutError())
    tell_of_trouble()
    broken(None)
    works(subscription)
    Notice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    tell_of_trouble()
    # The first try may have arrived all the same: the end is told, the trouble is not.
    assert subjects() == ["Works again"]


def test_member_who_left_is_written_to_no_more(
    site: Site, subscription: Subscription, broken: Callable[[Exception | None], None]
) -> None:
    membership = reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    broken(TimeoutError())
    tell_of_trouble()
    broken(None)
    membership.delete()
    Notice.objects.update(due_at=timezone.now())
    assert tell_of_trouble() == 0
    assert not Notice.objects.exists()
    assert mail.outbox == []


def test_without_a_mail_server_nothing_is_decided(
    site: Site, subscription: Subscription, settings: Settings
) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    settings.EMAIL_IS_ON = False
    assert tell_of_trouble() == 0
    assert Incident.objects.get().told_at is None
    settings.EMAIL_IS_ON = True
    assert tell_of_trouble() == 1


def test_database_lets_nobody_have_a_notice_twice(site: Site, subscription: Subscription) -> None:
    user = reader(site).user
    incident = fails(subscription)
    now = timezone.now()
    values = {"incident": incident, "kind": NoticeKind.FAILING, "user": user,
              "created_at": now, "due_at": now}  # fmt: skip
    Notice.objects.create(**values)
    with pytest.raises(IntegrityError):
        Notice.objects.create(**values)


@pytest.mark.django_db(transaction=True)
def test_two_processes_decide_once_and_send_once(site: Site, subscription: Subscription) -> None:
    reader(site)
    fails(subscription)
    failing_for(subscription, minutes=11)
    at_once = threading.Barrier(2)

    def run() -> int:
        try:
            at_once.wait()
            return tell_of_trouble()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = [each.result() for each in [pool.submit(run), pool.submit(run)]]
    assert sum(counts) == 1
    assert len(mail.outbox) == Notice.objects.count() == 1
