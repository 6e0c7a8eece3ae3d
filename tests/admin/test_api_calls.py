"""API calls in the console: the list, the verdict on one call, and who sees what of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from common.masks import MASK
from integrations.models import ApiCall, Direction, GenericApi, Operation, Outcome, Purpose
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission

pytestmark = pytest.mark.django_db
LIST = reverse("admin:integrations_apicall_changelist")


def page(call: ApiCall, name: str = "change") -> str:
    return reverse(f"admin:integrations_apicall_{name}", args=[call.pk])


def shown(client: Client, **params: Any) -> list[ApiCall]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[ApiCall] = response.context["cl"].result_list
    return found


def noted() -> bool:
    return AuditEntry.objects.filter(action="api_call.personal_values_revealed").exists()


def html_of(client: Client, call: ApiCall) -> str:
    return client.get(page(call)).content.decode()


@pytest.mark.parametrize("who", ["superuser", "member"])
def test_every_filter_narrows_the_list(
    client: Client, superuser: User, member: MakeMember, site: Site, who: str
) -> None:
    client.force_login(superuser if who == "superuser" else member(Role.VIEWER))
    found = api_call(site)
    blocked = api_call(
        site, Outcome.BLOCKED, operation=Operation.WRITE, purpose=Purpose.RESEND, status_code=500
    )
    served = api_call(
        site, Outcome.CREATED, direction=Direction.SERVED, operation=Operation.WRITE,
        purpose=Purpose.ONSITE,
    )  # fmt: skip
    assert shown(client) == [served, blocked, found]
    assert shown(client, outcome="blocked") == [blocked]
    assert shown(client, direction="served") == [served]
    assert shown(client, operation="write") == [served, blocked]
    assert shown(client, operation="write", outcome="blocked") == [blocked]
    assert shown(client, purpose="submission") == [found]
    assert shown(client, purpose="trial") == []
    assert shown(client, outcome="nonsense") == []
    assert shown(client, site=site.pk, direction="sent") == [blocked, found]
    assert shown(client, when="hour") == [served, blocked, found]
    assert shown(client, to="2001-01-01T00:00") == []


def test_list_of_two_sites_is_in_one_order(client: Client, member: MakeMember, site: Site) -> None:
    user = member(Role.VIEWER)
    second = SiteFactory.create()
    MembershipFactory.create(site=second, user=user)
    client.force_login(user)
    calls = [api_call(each) for each in (site, second, site, second)]
    foreign = api_call(SiteFactory.create())
    assert shown(client) == calls[::-1]
    assert shown(client, site=second.pk) == [calls[3], calls[1]]
    assert foreign not in shown(client, site=foreign.site_id)


def test_list_counts_nothing_and_reads_no_body(
    client: Client, superuser: User, site: Site, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        api_call(site)
    client.force_login(superuser)
    with django_assert_max_num_queries(12) as queries:
        assert len(shown(client)) == 50
    sent = [query["sql"] for query in queries if "integrations_apicall" in query["sql"]]
    assert sent
    assert not any("COUNT(" in sql.upper() or "response_body" in sql for sql in sent)


def test_page_says_what_a_blocked_call_means_and_which_setting_changes_it(
    client: Client, superuser: User, site: Site
) -> None:
    GenericApi.objects.create(site=site, ignored_codes="404")
    call = api_call(
        site, Outcome.BLOCKED, status_code=409, reason="The API answered 409, not on the list."
    )
    client.force_login(superuser)
    response = client.get(page(call))
    html = response.content.decode()
    assert "add 409 to “Ignore HTTP response codes”" in response.context["explained"]
    assert response.context["explained"] in html
    assert html.count("The API answered 409, not on the list.") == 1
    assert f"{reverse('admin:sites_site_change', args=[site.pk])}?section=generic" in html


def test_page_without_any_settings_opens(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    for outcome in Outcome:
        for direction in Direction:
            call = api_call(site, outcome, direction=direction, status_code=None, failure="timeout")
            assert client.get(page(call)).status_code == 200


def test_kind_of_a_failure_is_told_in_words(client: Client, superuser: User, site: Site) -> None:
    call = api_call(site, Outcome.ERROR, status_code=None, response_body="", failure="timeout")
    client.force_login(superuser)
    assert "None came: The time was up" in html_of(client, call)


def test_calls_of_a_submission_are_linked_both_ways(
    client: Client, superuser: User, site: Site
) -> None:
    row = submission(site)
    first, second = api_call(site, submission_id=row.pk), api_call(site, submission_id=row.pk)
    client.force_login(superuser)
    html = html_of(client, first)
    assert page(second) in html
    assert reverse("admin:onsite_submission_change", args=[row.pk]) in html


def test_personal_values_are_masked_until_somebody_asks_for_them(
    client: Client, member: MakeMember, site: Site
) -> None:
    GenericApi.objects.create(
        site=site, name_key="kund", custom_options=[{"key": "stad", "label": "Stad"}]
    )
    call = api_call(
        site, reason="No mailbox jane@example.com", request_body='{"kund": "Jane", "stad": "Lund"}',
        response_body='{"email": "jane@example.com", "redeal": "NewFriend", "x": "<script>"}',
    )  # fmt: skip
    client.force_login(member(Role.SUPPORT))
    html = html_of(client, call)
    for hidden in ("jane", "Jane", "Lund", '"<script>"'):
        assert hidden not in html
    assert f"email={MASK}" in html
    assert "NewFriend" in html
    assert "&lt;script&gt;" in html
    assert not noted()
    revealed = client.post(page(call, "reveal")).content.decode()
    for value in ("jane%40example.com", "Jane", "Lund"):
        assert value in revealed
    assert noted()


def test_viewers_see_no_body_and_cannot_ask(client: Client, member: MakeMember, site: Site) -> None:
    call = api_call(site, response_body='{"answer_of_the_api": 1}', reason="jane@example.com")
    client.force_login(member(Role.VIEWER))
    html = html_of(client, call)
    assert "answer_of_the_api" not in html
    assert "jane" not in html + client.get(LIST).content.decode()
    assert page(call, "reveal") not in html
    assert client.post(page(call, "reveal")).status_code == 403
    assert client.get(page(call, "reveal")).status_code == 405
    assert client.post(page(call)).status_code == 405
    assert not noted()


def test_an_erased_person_is_said_to_be(client: Client, superuser: User, site: Site) -> None:
    call = api_call(site, url="", request_headers={}, response_headers={}, response_body="")
    client.force_login(superuser)
    assert "was erased" in html_of(client, call)
