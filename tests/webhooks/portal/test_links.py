from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from common.endpoint.throttle import Throttle
from config.logging import formatter
from sites.models import AuditEntry, Site
from tests.contacts.contact_client import ContactClient
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.portal.holding import ACTOR, Holder
from webhooks.outbound.portal import guarding
from webhooks.outbound.portal.links import portal_link, portal_links_revoke
from webhooks.outbound.subscriptions.deletion import subscription_delete

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(site: Site) -> Holder:
    return Holder(saved(site))


def test_a_link_opens_the_page_without_an_account(holder: Holder) -> None:
    answer = holder.get()
    assert answer.status_code == 200
    assert "Receiver" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "patchbay_session" not in answer.cookies


def test_a_link_ends_by_itself(holder: Holder) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=3_598)):
        assert holder.get().status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=3_601)):
        answer = holder.get()
    assert answer.status_code == 404
    assert "Receiver" not in answer.content.decode()


@pytest.mark.parametrize("end", ["revoked", "deleted", "site off", "cut", "foreign", "changed"])
def test_every_link_that_opens_nothing_answers_alike(holder: Holder, site: Site, end: str) -> None:
    path = holder.path
    if end == "revoked":
        portal_links_revoke(subscription=holder.subscription, actor=ACTOR)
    elif end == "deleted":
        subscription_delete(subscription=holder.subscription, actor=ACTOR)
    elif end == "site off":
        Site.objects.filter(pk=site.pk).update(is_active=False)
    elif end == "cut":
        path = path[:-1]
    elif end == "foreign":
        path = "/portal/" + "x" * 5_000
    else:
        body, _, rest = path.partition(":")
        path = f"{body}x:{rest}"
    ended = Client().get(path)
    unknown = Client().get("/portal/unknown")
    assert ended.status_code == unknown.status_code == 404
    assert ended.content == unknown.content


def test_a_new_link_opens_after_all_were_revoked(holder: Holder) -> None:
    portal_links_revoke(subscription=holder.subscription, actor=ACTOR)
    assert Holder(holder.subscription).get().status_code == 200


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"seconds": 59}, "seconds"),
        ({"seconds": 7 * 86_400 + 1}, "seconds"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\u202eb"}, "name"),
    ],
)
def test_a_link_has_bounds(site: Site, values: dict[str, int], name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        portal_link(subscription=saved(site), actor=ACTOR, **values)  # type: ignore[arg-type]
    assert set(caught.value.message_dict) == {name}


def test_links_are_made_and_revoked_by_the_api(site: Site) -> None:
    api, subscription = ContactClient(site), saved(site)
    path = f"/api/v1/subscriptions/{subscription.public_id}/portal-links"
    made = api.send("POST", path, {"name": "Warehouse", "seconds": 600})
    assert made.status == 201
    opened = urlsplit(made.body["url"]).path
    assert Client().get(opened).status_code == 200
    assert api.send("POST", path, {"seconds": 1, "name": "\x7f"}).faults.keys() == {
        "seconds", "name",
    }  # fmt: skip
    assert api.send("DELETE", path).status == 204
    assert Client().get(opened).status_code == 404
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[-2:]
    assert actions == ["subscription.portal_link_made", "subscription.portal_links_revoked"]
    assert opened not in str(list(AuditEntry.objects.values()))


def test_no_log_line_has_the_link(holder: Holder) -> None:
    token = holder.path.removeprefix("/portal/")
    for text in (f"Forbidden (CSRF): {holder.path}/secret", f'"GET {holder.path} HTTP/1.1" 500'):
        record = logging.makeLogRecord({"msg": text, "name": "django", "levelname": "ERROR"})
        line = formatter(human=False).format(record)
        assert token not in line
        assert "/portal/•••" in line


def test_who_guesses_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "throttle", Throttle(lambda: 0.0))
    answers = [Client().get("/portal/guess").status_code for _ in range(22)]
    assert answers == [404] * 20 + [429] * 2
