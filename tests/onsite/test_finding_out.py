"""From a visitor who was blocked to one who is not: the way that a member of the support takes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.services import contact_apply
from integrations.contact_change import ContactChange, Deletion, Identity
from integrations.models import ApiCall, Operation, Purpose
from onsite.models import State
from tests.contacts.changes import source
from tests.onsite.campaign import JANE, Campaign
from tests.onsite.retailer import Retailer

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "example-token"


def call_url(call: ApiCall, name: str = "change") -> str:
    return reverse(f"admin:integrations_apicall_{name}", args=[call.pk])


def html_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_search_read_correct_send_again(
    support: Client, campaign: Campaign, retailer: Retailer
) -> None:
    retailer.write_status = 422
    assert campaign.send(JANE).status == 502
    found = support.get(reverse("admin:onsite_submission_changelist"), {"q": JANE})
    (row,) = found.context["cl"].result_list
    page = reverse("admin:onsite_submission_change", args=[row.pk])
    html = html_of(support, page)
    assert "The visitor was stopped. The API answered 422" in html
    assert "add 422 to “Ignore HTTP response codes”" in html
    looked_up, refused = ApiCall.objects.filter(submission_id=row.pk).order_by("pk")
    assert call_url(looked_up) in html
    assert call_url(refused) in html

    retailer.write_status = None
    resend = reverse("admin:onsite_submission_resend", args=[row.pk])
    assert "It went through" in support.post(resend, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.state, row.sent) == (State.CONTINUED, 2)
    html = html_of(support, page)
    # The tag was decided in the first run: only what failed is asked again.
    assert html.count("sent again") == 1
    assert call_url(ApiCall.objects.get(purpose=Purpose.RESEND)) in html
    assert reverse("admin:contacts_contact_change", args=[row.contact_id]) in html
    assert resend not in html


def test_a_call_is_read_without_its_secret(
    support: Client, campaign: Campaign, retailer: Retailer
) -> None:
    campaign.send({"email": JANE, "name": "Jane Doe", "options": {"pet": "Dog"}})
    for call in ApiCall.objects.all():
        masked = html_of(support, call_url(call))
        revealed = support.post(call_url(call, "reveal")).content.decode()
        for personal in (JANE, "jane%40example.com", "Jane Doe", "Dog"):
            assert personal not in masked
        assert SECRET not in masked + revealed
        assert "X-Onsite-Token" in masked
    written = ApiCall.objects.get(operation=Operation.WRITE)
    assert "Jane Doe" in support.post(call_url(written, "reveal")).content.decode()


def test_an_erased_visitor_is_on_no_page(
    support: Client, campaign: Campaign, retailer: Retailer
) -> None:
    campaign.send({"email": JANE, "name": "Jane Doe"})
    row = campaign.submission
    contact_apply(
        site=campaign.site,
        change=ContactChange(
            identity=Identity(email=JANE), occurred_at=None, deletion=Deletion(reason="asked")
        ),
        source=source(received_at=timezone.now()),
    )
    for name in ("change", "reveal"):
        url = reverse(f"admin:onsite_submission_{name}", args=[row.pk])
        html = (support.get if name == "change" else support.post)(url).content.decode()
        assert "This person was erased" in html
        assert "jane" not in html.lower()
    for call in ApiCall.objects.filter(submission_id=row.pk):
        revealed = support.post(call_url(call, "reveal")).content.decode()
        assert "was erased" in revealed
        assert "jane" not in revealed.lower()
