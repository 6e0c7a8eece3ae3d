"""Rejected requests in the console: cause, fix, and taking one in after the fix."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.causes import FIXES, RejectionCause
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.received import rejected_request
from webhooks.inbound.models import ReceivedEvent, RejectedRequest, RejectionCount, Source

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_rejectedrequest_changelist")
BODY = b'{"email": "jane@example.com", "x": "<script>boo</script>"}'


@pytest.fixture
def source(site: Site) -> Source:
    return SourceFactory.create(site=site, settings={"email_pointer": "/email"})


@pytest.fixture
def rejected(source: Source) -> RejectedRequest:
    return rejected_request(source, RejectionCause.BAD_SIGNATURE, BODY)


def page(rejected: RejectedRequest, name: str = "change") -> str:
    return reverse(f"admin:webhooks_rejectedrequest_{name}", args=[rejected.pk])


def shown(client: Client, **params: Any) -> list[RejectedRequest]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[RejectedRequest] = response.context["cl"].result_list
    return found


def test_list_filters(client: Client, superuser: User, rejected: RejectedRequest) -> None:
    client.force_login(superuser)
    elsewhere = SourceFactory.create(site=SiteFactory.create())
    other = rejected_request(elsewhere, RejectionCause.BAD_JSON, b"{")
    assert shown(client) == [other, rejected]
    assert shown(client, cause="BAD_JSON") == [other]
    assert shown(client, source=rejected.source_id) == [rejected]
    assert shown(client, source=rejected.source_id, cause="BAD_JSON") == []
    assert shown(client, source=rejected.source_id, cause="BAD_SIGNATURE") == [rejected]
    assert shown(client, site=other.site_id, when="hour") == [other]
    assert shown(client, to="2001-01-01T00:00") == []


def test_page_names_the_cause_the_fix_and_how_many_more(
    client: Client, superuser: User, rejected: RejectedRequest
) -> None:
    RejectionCount.objects.create(
        source=rejected.source, day=timezone.now().date(), cause=rejected.cause, count=4_211
    )
    client.force_login(superuser)
    text = client.get(page(rejected)).content.decode()
    assert FIXES[RejectionCause.BAD_SIGNATURE].split(".")[0] in text
    assert "4,210 more of this source" in text
    assert "&lt;script&gt;boo" in text
    assert "<script>boo" not in text
    assert "jane@example.com" not in text


def test_viewer_sees_neither_body_nor_button(
    client: Client, member: MakeMember, rejected: RejectedRequest
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(page(rejected)).content.decode()
    assert "boo" not in html
    assert page(rejected, "reprocess") not in html


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_whole": False}, "Only the start of the body was kept"),
        ({"cause": "TOO_LARGE"}, "did not arrive as it was meant"),
    ],
)
def test_page_says_why_not(
    client: Client, superuser: User, source: Source, fields: dict[str, Any], words: str
) -> None:
    rejected = rejected_request(source, RejectionCause.BAD_SIGNATURE, BODY)
    RejectedRequest.objects.filter(pk=rejected.pk).update(**fields)
    client.force_login(superuser)
    html = client.get(page(rejected)).content.decode()
    assert words in html
    assert page(rejected, "reprocess") not in html
    assert words in client.get(page(rejected, "reprocess")).content.decode()


def test_admin_vouches_and_the_request_becomes_an_event(
    client: Client, member: MakeMember, rejected: RejectedRequest
) -> None:
    client.force_login(member(Role.ADMIN))
    url = page(rejected, "reprocess")
    assert "vouch" in client.get(url).content.decode()
    refused = client.post(url, follow=True).content.decode()
    assert "confirm that you vouch" in refused
    response = client.post(url, {"vouched": "yes"})
    event = ReceivedEvent.objects.get()
    assert response.headers["Location"] == reverse(
        "admin:webhooks_receivedevent_change", args=[event.pk]
    )
    assert bytes(event.body or b"") == BODY
    assert AuditEntry.objects.filter(action="rejected_request.reprocessed").exists()


def test_support_cannot_vouch(
    client: Client, member: MakeMember, rejected: RejectedRequest
) -> None:
    client.force_login(member(Role.SUPPORT))
    url = page(rejected, "reprocess")
    assert "Only an admin of the site can vouch" in client.get(url).content.decode()
    client.post(url, {"vouched": "yes"})
    assert not ReceivedEvent.objects.exists()


def test_strangers_viewers_and_forgeries_take_nothing_in(
    client: Client, member: MakeMember, rejected: RejectedRequest
) -> None:
    url = page(rejected, "reprocess")
    assert client.post(url).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.VIEWER))
    assert client.post(url, {"vouched": "yes"}).status_code == 403
    assert client.get(url).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.ADMIN))
    assert strict.post(url, {"vouched": "yes"}).status_code == 403
    assert client.post(page(rejected)).status_code == 405
    assert not ReceivedEvent.objects.exists()
