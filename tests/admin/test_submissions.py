"""Onsite submissions in the console: the list, one visitor's run, and sending again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.expressions import RawSQL
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.masks import MASK
from contacts.models import Contact
from integrations.generic_api.visitor import VisitorData
from integrations.models import GenericApi, Operation, Outcome, Purpose
from onsite.flow.fingerprints import visitor_key
from onsite.models import Register, State, Submission, Tag
from onsite.models import Role as CampaignRole
from sites.models import AuditEntry, Job, Role, Site, User
from tests.admin.test_api_calls import page as call_page
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission

pytestmark = pytest.mark.django_db
LIST = reverse("admin:onsite_submission_changelist")
PLAN = reverse("admin:onsite_submission_resend_plan")
JANE = VisitorData(email="jane@example.com")


def page(row: Submission, name: str = "change") -> str:
    return reverse(f"admin:onsite_submission_{name}", args=[row.pk])


def shown(client: Client, **params: Any) -> list[Submission]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[Submission] = response.context["cl"].result_list
    return found


def html_of(client: Client, row: Submission) -> str:
    return client.get(page(row)).content.decode()


def blocked(site: Site, **fields: Any) -> Submission:
    """Make a submission that Patchbay's own register would take now."""
    values = {"code": "LOOKUP_STATUS", "reason": "The API answered 500.", "is_known": None}
    return submission(site, State.BLOCKED, register=Register.PATCHBAY, **(values | fields))


# -- list --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["superuser", "member"])
def test_every_filter_narrows_the_list(
    client: Client, superuser: User, member: MakeMember, site: Site, who: str
) -> None:
    client.force_login(superuser if who == "superuser" else member(Role.VIEWER))
    stopped = blocked(site)
    done = submission(site, tag=Tag.NEW_FRIEND, is_known=False)
    unwritten = submission(
        site, tag=Tag.NEW_SIGNUP, role=CampaignRole.SIGNUP, write_outcome=Outcome.IGNORED
    )
    running = submission(site, State.RUNNING)
    assert shown(client) == [running, unwritten, done, stopped]
    assert shown(client, state="blocked") == [stopped]
    assert shown(client, again="yes") == [unwritten, stopped]
    assert shown(client, again="yes", role="signup") == [unwritten]
    assert shown(client, again="yes", state="blocked") == [stopped]
    assert shown(client, again="yes", state="continued") == [unwritten]
    assert shown(client, again="yes", state="running") == []
    assert shown(client, again="nonsense") == []
    assert shown(client, role="friend") == [running, done, stopped]
    assert shown(client, tag="NewFriend", state="continued") == [done]
    assert shown(client, tag="nonsense") == []
    assert shown(client, site=site.pk, tag="NewFriend") == [done]
    assert shown(client, when="hour", again="yes") == [unwritten, stopped]
    assert shown(client, to="2001-01-01T00:00") == []


def test_search_finds_a_visitor_with_and_without_a_contact(
    client: Client, superuser: User, site: Site
) -> None:
    now = timezone.now()
    contact = Contact.objects.create(
        site=site, email="jane@example.com", external_id="M-17", created_at=now, updated_at=now
    )
    stopped = submission(site, State.BLOCKED, visitor_key=visitor_key(JANE))
    done = submission(site, contact_id=contact.pk)
    other = submission(SiteFactory.create(), visitor_key=visitor_key(VisitorData(phone="+4670123")))
    client.force_login(superuser)
    assert shown(client, q=" Jane@Example.com ") == [done, stopped]
    assert shown(client, q="jane@example.com", state="blocked") == [stopped]
    assert shown(client, q="jane@example.com", again="yes") == [stopped]
    assert shown(client, q="jane@example.com", again="yes", state="running") == []
    assert shown(client, q="M-17") == [done]
    assert shown(client, q=str(contact.pk)) == [done]
    assert shown(client, q=str(other.pk)) == [other]
    assert shown(client, q="070-123 45 67") == []
    assert shown(client, q="nobody@example.com") == []


def test_contact_leads_to_its_submissions(client: Client, member: MakeMember, site: Site) -> None:
    now = timezone.now()
    contact = Contact.objects.create(site=site, created_at=now, updated_at=now)
    row = submission(site, contact_id=contact.pk)
    submission(site)
    client.force_login(member(Role.VIEWER))
    address = f"{LIST}?q={contact.pk}"
    html = client.get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()
    assert address in html
    assert client.get(address).context["cl"].result_list == [row]


def test_search_reads_a_phone_as_the_site_does(client: Client, superuser: User, site: Site) -> None:
    row = submission(site, visitor_key=visitor_key(VisitorData(phone="+46701234567")))
    client.force_login(superuser)
    assert shown(client, q="070-123 45 67") == [row]


def test_list_masks_visitors_by_role_on_each_site(
    client: Client, member: MakeMember, site: Site
) -> None:
    user = member(Role.VIEWER)
    repaired = SiteFactory.create()
    MembershipFactory.create(site=repaired, user=user, role=Role.SUPPORT)
    blocked(site, visitor={"email": "hidden@example.com"}, reason="No hidden@example.com here")
    blocked(repaired, visitor={"email": "seen@example.com"})
    client.force_login(user)
    html = client.get(LIST).content.decode()
    assert "seen@example.com" in html
    assert "hidden@example.com" not in html
    assert MASK in html


# -- one submission ----------------------------------------------------------------------------


def test_page_answers_why_a_visitor_was_blocked(
    client: Client, superuser: User, site: Site
) -> None:
    GenericApi.objects.create(site=site, ignored_codes="404")
    row = submission(
        site, State.BLOCKED, code="LOOKUP_STATUS", reason="409 is not on the list.",
        lookup_outcome=Outcome.BLOCKED,
    )  # fmt: skip
    earlier = api_call(site, Outcome.ERROR, submission_id=row.pk, status_code=None)
    last = api_call(
        site, Outcome.BLOCKED, submission_id=row.pk, status_code=409, purpose=Purpose.RESEND
    )
    client.force_login(superuser)
    response = client.get(page(row))
    html = response.content.decode()
    assert "The visitor was stopped. 409 is not on the list." in html
    assert "add 409 to “Ignore HTTP response codes”" in html
    assert "It did not come to this." in html
    for call in (earlier, last):
        assert call_page(call) in html
    assert f"{reverse('admin:sites_site_change', args=[site.pk])}?section=generic" in html


def test_page_tells_a_reason_once_and_names_nobody_in_it(
    client: Client, superuser: User, site: Site
) -> None:
    reason = "No answer came for jane@example.com within 10 seconds."
    row = submission(
        site, State.BLOCKED, code="WRITE_TIMEOUT", reason=reason, write_outcome=Outcome.ERROR,
        lookup_outcome=Outcome.IGNORED,
    )  # fmt: skip
    api_call(
        site, Outcome.ERROR, operation=Operation.WRITE, submission_id=row.pk, status_code=None,
        failure="timeout", reason=reason,
    )  # fmt: skip
    client.force_login(superuser)
    html = html_of(client, row)
    assert html.count("within 10 seconds") == 1
    assert "Raise “time in all”" in html
    assert "jane" not in html


def test_page_does_not_explain_by_a_call_of_an_earlier_run(
    client: Client, superuser: User, site: Site
) -> None:
    row = submission(
        site, State.BLOCKED, code="INTERRUPTED", reason="The process ended.",
        write_outcome=Outcome.BLOCKED,
    )  # fmt: skip
    api_call(
        site, Outcome.BLOCKED, operation=Operation.WRITE, submission_id=row.pk, status_code=409
    )
    client.force_login(superuser)
    html = html_of(client, row)
    assert "The visitor was stopped. The process ended." in html
    assert "Ignore HTTP response codes" not in html


def test_page_says_that_a_write_was_ignored(client: Client, superuser: User, site: Site) -> None:
    row = submission(
        site, is_known=False, tag=Tag.NEW_FRIEND, lookup_outcome=Outcome.NOT_FOUND,
        write_outcome=Outcome.IGNORED, register=Register.PATCHBAY,
    )  # fmt: skip
    api_call(site, submission_id=row.pk)
    api_call(
        site, Outcome.IGNORED, operation=Operation.WRITE, submission_id=row.pk, status_code=409
    )
    client.force_login(superuser)
    html = html_of(client, row)
    assert "The API answered 409, which is on the list" in html
    assert page(row, "resend") in html


def test_page_of_one_that_went_on_tells_its_steps(
    client: Client, superuser: User, site: Site
) -> None:
    now = timezone.now()
    contact = Contact.objects.create(site=site, created_at=now, updated_at=now)
    row = submission(
        site, is_known=False, tag=Tag.NEW_FRIEND, lookup_outcome=Outcome.NOT_FOUND,
        write_outcome=Outcome.CREATED, contact_id=contact.pk, visitor_key="same",
    )  # fmt: skip
    other = submission(site, State.BLOCKED, visitor_key="same")
    api_call(site, Outcome.CREATED, submission_id=row.pk, operation=Operation.WRITE)
    client.force_login(superuser)
    response = client.get(page(row))
    html = response.content.decode()
    titles = [step.title for step in response.context["steps"]]
    assert titles == ["Received", "Looked up", "Tag decided", "Created or updated", "Answered"]
    assert "The visitor went on as somebody new, tagged NewFriend." in html
    assert reverse("admin:contacts_contact_change", args=[contact.pk]) in html
    assert page(other) in html
    assert page(row, "resend") not in html


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("is_known", [None, True, False])
def test_page_opens_in_every_state(
    client: Client, superuser: User, site: Site, state: State, is_known: bool | None
) -> None:
    client.force_login(superuser)
    for tag in ("", Tag.CONVERTED_FRIEND):
        row = submission(site, state, is_known=is_known, tag=tag, conversion={}, contact_id=None)
        assert client.get(page(row)).status_code == 200


def test_visitor_is_shown_once_to_support_and_that_is_noted(
    client: Client, member: MakeMember, site: Site
) -> None:
    row = submission(
        site, visitor={"email": "jane@example.com", "options": {"stad": "Lund", "news": True}},
        answer={"result": "continue", "contact": {"name": "Jane", "options": {"stad": "Lund"}}},
        known_contact={"name": "Jane"},
    )  # fmt: skip
    client.force_login(member(Role.SUPPORT))
    html = html_of(client, row)
    assert "&quot;result&quot;: &quot;continue&quot;" in html
    for hidden in ("jane", "Jane", "Lund"):
        assert hidden not in html
    revealed = client.post(page(row, "reveal")).content.decode()
    for value in ("jane@example.com", "Jane", "Lund"):
        assert value in revealed
    assert AuditEntry.objects.filter(action="submission.visitor_revealed").count() == 1


def test_viewer_reads_why_and_can_do_nothing(
    client: Client, member: MakeMember, site: Site
) -> None:
    row = blocked(site, answer={"detail": "words_of_the_answer"})
    client.force_login(member(Role.VIEWER))
    html = html_of(client, row)
    assert "The API answered 500." in html
    assert "words_of_the_answer" not in html
    for name in ("reveal", "resend"):
        assert page(row, name) not in html
        assert client.post(page(row, name)).status_code == 403
        assert client.get(page(row, name)).status_code == 405
    row.refresh_from_db()
    assert (row.state, row.sent) == (State.BLOCKED, 1)


def test_erased_visitor_is_said_to_be(client: Client, superuser: User, site: Site) -> None:
    row = blocked(site, visitor={}, reason="")
    client.force_login(superuser)
    html = html_of(client, row)
    assert "This person was erased" in html
    assert page(row, "resend") not in html
    assert "Erased" in client.get(LIST).content.decode()


def test_a_lost_encryption_key_closes_no_page(client: Client, superuser: User, site: Site) -> None:
    lost, other = blocked(site), submission(site)
    key = "enc:v1:gone:AAAA"
    Submission.objects.filter(pk=lost.pk).update(visitor=RawSQL("%s", [key]))
    client.force_login(superuser)
    html = client.get(LIST).content.decode()
    assert "Unreadable" in html
    assert other.visitor["email"] in html
    page_of_lost = html_of(client, lost)
    assert "The API answered 500." in page_of_lost
    assert "Put the old key back" in page_of_lost


# -- sending again -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_support_sends_one_again(client: Client, member: MakeMember, site: Site) -> None:
    row = blocked(site, visitor_key=visitor_key(JANE))
    client.force_login(member(Role.SUPPORT))
    assert page(row, "resend") in html_of(client, row)
    html = client.post(page(row, "resend"), follow=True).content.decode()
    assert "Sent again. It went through." in html
    row.refresh_from_db()
    assert (row.state, row.sent, row.tag) == (State.CONTINUED, 2, Tag.NEW_FRIEND)
    again = client.post(page(row, "resend"), follow=True).content.decode()
    assert "nothing to send again" in again


def test_plan_says_how_many_and_why_not(client: Client, superuser: User, site: Site) -> None:
    blocked(site, code="WRITE_TIMEOUT")
    blocked(site, visitor={"email": "<b>@example.com"})
    submission(site, write_outcome=Outcome.CREATED)
    blocked(site, visitor={})
    client.force_login(superuser)
    response = client.get(PLAN)
    html = response.content.decode()
    assert "2 submissions would be sent again" in html
    assert "1 went through" in html
    assert "the visitor was erased" in html
    assert "&lt;b&gt;@example.com" in html
    one = client.get(PLAN, {"code": "WRITE_TIMEOUT"})
    assert one.context["plan"].total == 1
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3), ("state=blocked", 3), ("state=nonsense", 0), ("role=friend", 3), ("role=x", 0),
        ("tag=NewFriend", 0), ("tag=x", 0), ("again=yes", 3), ("again=x", 0), ("site=999999", 0),
        ("ids=nonsense", 0), ("when=hour", 3), ("to=1999-01-01T00:00", 0), ("code=x", 0),
    ],
)  # fmt: skip
def test_no_filter_widens_a_plan(
    client: Client, superuser: User, site: Site, query: str, count: int
) -> None:
    for _ in range(3):
        blocked(site)
    client.force_login(superuser)
    assert client.get(f"{PLAN}?{query}").context["plan"].total == count


def test_selection_leads_to_its_plan_and_the_plan_to_a_job(
    client: Client, member: MakeMember, site: Site
) -> None:
    rows = [blocked(site) for _ in range(3)]
    user = member(Role.SUPPORT)
    client.force_login(user)
    chosen = [str(row.pk) for row in rows[:2]]
    posted = {"action": "resend_selected", "_selected_action": chosen, "index": "0"}
    response = client.post(LIST, posted, follow=True)
    plan = response.context["plan"]
    assert plan.total == 2
    address = f"{PLAN}?{response.request['QUERY_STRING']}"
    started = client.post(address, {"upper_id": plan.filters.upper_id})
    job = Job.objects.get()
    assert started.headers["Location"] == reverse("admin:sites_job_change", args=[job.pk])
    assert (job.site, job.total, job.created_by) == (site, 2, user)


def test_list_offers_the_plan_of_its_filters(
    client: Client, member: MakeMember, site: Site
) -> None:
    blocked(site, role=CampaignRole.SIGNUP)
    blocked(site)
    client.force_login(member(Role.SUPPORT))
    offered = client.get(LIST, {"role": "signup"}).context["resend_all_url"]
    assert client.get(offered).context["plan"].total == 1
    assert not client.get(LIST, {"q": "jane@example.com"}).context["resend_all_url"]


def test_viewers_strangers_and_forgeries_start_nothing(
    client: Client, member: MakeMember, site: Site
) -> None:
    row = blocked(site)
    data = {"upper_id": row.pk}
    assert client.post(PLAN, data).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.VIEWER))
    assert PLAN not in client.get(LIST).content.decode()
    assert client.get(PLAN).status_code == 403
    assert client.post(PLAN, data).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    for url in (PLAN, page(row, "resend"), page(row, "reveal")):
        assert strict.post(url, data).status_code == 403
    assert not Job.objects.exists()
