"""The pages of sites, members, users and the audit log, as each role meets them."""

from __future__ import annotations

import re

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse

from sites.models import AuditEntry, Membership, Role, Site, User
from tests.admin.list_plans import statements
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory, SourceFactory, UserFactory

SITE_FIELDS = {
    "name": "Nordic Outdoor",
    "slug": "nordic-outdoor",
    "tenant_name": "",
    "time_zone": "Europe/Stockholm",
    "default_country": "SE",
    "language": "sv",
    "is_active": "on",
}


def change_url(site: Site) -> str:
    return reverse("admin:sites_site_change", args=[site.pk])


def test_superuser_adds_a_site_and_lands_on_its_page(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    response = client.post(reverse("admin:sites_site_add"), SITE_FIELDS)
    site = Site.objects.get(slug="nordic-outdoor")
    assert response.headers["Location"] == f"{change_url(site)}?section=sources#section-sources"
    assert AuditEntry.objects.filter(action="site.created", site=site, actor=superuser).exists()
    html = client.get(change_url(site)).content.decode()
    assert "Webhook sources" in html
    assert f"{reverse('admin:webhooks_source_add')}?site={site.pk}" in html


def test_new_site_is_in_utc_until_somebody_says_otherwise(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    html = client.get(reverse("admin:sites_site_add")).content.decode()
    assert '<option value="UTC" selected>' in html
    assert "Site id" not in html


def test_sections_are_closed_until_the_address_asks_for_one(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    closed = '<details class="section-panel" id="section-sources">'
    assert closed in client.get(change_url(site)).content.decode()
    asked = client.get(f"{change_url(site)}?section=sources").content.decode()
    assert '<details class="section-panel" id="section-sources" open>' in asked


def test_section_that_takes_nothing_answers_404_and_a_get_405(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    url = reverse("admin:sites_site_section", args=[site.pk, "sources"])
    assert client.post(url).status_code == 404
    assert client.get(url).status_code == 405
    unknown = reverse("admin:sites_site_section", args=[site.pk, "nothing"])
    assert client.post(unknown).status_code == 404


def test_members_cannot_add_sites(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.ADMIN))
    assert client.post(reverse("admin:sites_site_add"), SITE_FIELDS).status_code == 403


def test_operator_changes_settings_and_the_audit_says_what(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.OPERATOR))
    given = SITE_FIELDS | {"name": "Renamed", "slug": site.slug}
    assert client.post(change_url(site), given).status_code == 302
    entry = AuditEntry.objects.get(action="site.updated")
    assert entry.changes["name"] == [site.name, "Renamed"]


def test_viewer_sees_the_site_and_changes_nothing(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(change_url(site)).content.decode()
    assert site.name in html
    assert 'name="_save"' not in html
    assert "Add a source" not in html
    assert "Add a member" not in html
    assert client.post(change_url(site), SITE_FIELDS).status_code == 403


def test_list_tells_integrations_and_members_of_each_site(
    client: Client, superuser: User, site: Site
) -> None:
    SourceFactory.create(site=site)
    MembershipFactory.create(site=site)
    SiteFactory.create(name="Empty brand")
    client.force_login(superuser)
    html = client.get(reverse("admin:sites_site_changelist")).content.decode()
    assert "1 webhook source, 0 received in 24 h" in html
    assert "No webhook source" in html
    assert f'<a href="{change_url(site)}">Edit</a>' in html


@pytest.mark.parametrize("name", ["sites_site", "webhooks_source"])
def test_lists_offer_adding_to_those_who_may(
    client: Client, superuser: User, member: MakeMember, name: str
) -> None:
    link = f'href="{reverse(f"admin:{name}_add")}"'
    client.force_login(superuser)
    assert link in client.get(reverse(f"admin:{name}_changelist")).content.decode()
    client.force_login(member(Role.VIEWER))
    assert link not in client.get(reverse(f"admin:{name}_changelist")).content.decode()


def test_lists_cost_the_same_for_many_sites(
    client: Client, superuser: User, django_assert_max_num_queries: object
) -> None:
    for _ in range(12):
        SourceFactory.create()
    client.force_login(superuser)
    for name in ("sites_site_changelist", "webhooks_source_changelist", "index"):
        with django_assert_max_num_queries(22):  # type: ignore[operator]
            assert client.get(reverse(f"admin:{name}")).status_code == 200


# -- members ---------------------------------------------------------------------------------------


def add_member(client: Client, site: Site, **given: str) -> str:
    data = {f"member-{name}": value for name, value in given.items()}
    response = client.post(reverse("admin:sites_member_add", args=[site.pk]), data, follow=True)
    return response.content.decode()


def test_new_account_gets_a_password_that_is_shown_once(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.ADMIN))
    url = reverse("admin:sites_member_add", args=[site.pk])
    data = {"member-username": "olga@example.com", "member-role": "operator"}
    response = client.post(url, data)
    assert "no-store" in response.headers["Cache-Control"]
    html = response.content.decode()
    password = re.findall(r'data-copy="(\w{20})"', html)[0]
    assert Membership.objects.get(user__username="olga@example.com").role == Role.OPERATOR
    olga = User.objects.get(username="olga@example.com")
    assert olga.check_password(password)
    assert password not in client.get(change_url(site)).content.decode()


def test_known_person_becomes_a_member_without_a_new_password(
    client: Client, site: Site, member: MakeMember
) -> None:
    known = UserFactory.create(username="known")
    client.force_login(member(Role.ADMIN))
    html = add_member(client, site, username="known", role="viewer")
    assert "known is now a member" in html
    assert Membership.objects.get(user=known, site=site).role == Role.VIEWER


def test_member_gets_another_role_and_is_removed(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.ADMIN))
    other = MembershipFactory.create(site=site, role=Role.VIEWER)
    role_url = reverse("admin:sites_member_role", args=[site.pk, other.pk])
    assert client.post(role_url, {"role": "support"}).status_code == 302
    other.refresh_from_db()
    assert other.role == Role.SUPPORT
    remove_url = reverse("admin:sites_member_remove", args=[site.pk, other.pk])
    assert client.post(remove_url).status_code == 302
    assert not Membership.objects.filter(pk=other.pk).exists()


def test_member_is_told_of_delivery_trouble_when_an_admin_says_so(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.ADMIN))
    other = MembershipFactory.create(site=site, user__username="olga")
    url = reverse("admin:sites_member_notices", args=[site.pk, other.pk])
    html = client.post(url, {"wanted": "on"}, follow=True).content.decode()
    assert "olga is told about delivery trouble" in html
    assert "No e-mail is sent yet" in html
    assert Membership.objects.get(pk=other.pk).wants_trouble_mail
    client.post(url, {})
    assert not Membership.objects.get(pk=other.pk).wants_trouble_mail
    User.objects.filter(pk=other.user_id).update(email="")
    html = client.post(url, {"wanted": "on"}, follow=True).content.decode()
    assert "olga has no e-mail address" in html


def test_last_admin_stays(client: Client, site: Site, member: MakeMember) -> None:
    admin = member(Role.ADMIN)
    client.force_login(admin)
    own = Membership.objects.get(user=admin)
    url = reverse("admin:sites_member_remove", args=[site.pk, own.pk])
    html = client.post(url, follow=True).content.decode()
    assert "last admin" in html
    assert Membership.objects.filter(pk=own.pk).exists()


def test_membership_of_another_site_is_out_of_reach(
    client: Client, site: Site, member: MakeMember
) -> None:
    elsewhere = MembershipFactory.create(role=Role.VIEWER)
    client.force_login(member(Role.ADMIN))
    for name in ("sites_member_role", "sites_member_remove", "sites_member_notices"):
        own = reverse(f"admin:{name}", args=[site.pk, elsewhere.pk])
        theirs = reverse(f"admin:{name}", args=[elsewhere.site_id, elsewhere.pk])
        assert client.post(own, {"role": "admin"}).status_code == 404
        assert client.post(theirs, {"role": "admin"}).status_code == 404
    elsewhere.refresh_from_db()
    assert elsewhere.role == Role.VIEWER


MEMBER_PAGES = (
    "sites_member_add",
    "sites_member_role",
    "sites_member_remove",
    "sites_member_notices",
)


@pytest.mark.parametrize("name", MEMBER_PAGES)
def test_member_pages_take_posts_of_admins_alone(site: Site, member: MakeMember, name: str) -> None:
    other = MembershipFactory.create(site=site)
    args = [site.pk] if name == "sites_member_add" else [site.pk, other.pk]
    url = reverse(f"admin:{name}", args=args)
    admin, operator = Client(), Client()
    admin.force_login(member(Role.ADMIN))
    operator.force_login(member(Role.OPERATOR))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.ADMIN))
    assert admin.get(url).status_code == 405
    assert operator.post(url).status_code == 403
    assert strict.post(url).status_code == 403
    assert Client().post(url).status_code == 302
    assert Membership.objects.filter(pk=other.pk).exists()


# -- audit log and users ---------------------------------------------------------------------------


def audit_page(client: Client, query: str = "") -> str:
    return client.get(reverse("admin:sites_auditentry_changelist") + query).content.decode()


@pytest.fixture
def entries(site: Site) -> tuple[AuditEntry, AuditEntry]:
    ours = AuditEntry.objects.create(
        actor_label="olga", action="source.updated", site=site, object_type="webhooks.source",
        object_id="7", object_label="Engage", changes={"name": ["Before name", "After name"]},
    )  # fmt: skip
    theirs = AuditEntry.objects.create(
        actor_label="stranger", action="site.updated", site=SiteFactory.create()
    )
    return ours, theirs


def test_audit_log_shows_members_their_own_sites(
    client: Client, member: MakeMember, entries: tuple[AuditEntry, AuditEntry]
) -> None:
    client.force_login(member(Role.OPERATOR))
    html = audit_page(client)
    assert "source.updated" in html
    assert "stranger" not in html
    theirs = reverse("admin:sites_auditentry_change", args=[entries[1].pk])
    assert "stranger" not in client.get(theirs, follow=True).content.decode()


@pytest.mark.usefixtures("entries")
def test_audit_log_filters_by_action_actor_and_object(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    for query in ("?action=site.updated", "?actor_label=stranger"):
        html = audit_page(client, query)
        assert "Engage" not in html.partition('id="result_list"')[2]
        assert "stranger" in html.partition('id="result_list"')[2]
    html = audit_page(client, "?object=webhooks.source:7")
    assert "Engage" in html
    assert "stranger" not in html.partition('id="result_list"')[2]
    assert "Nothing matches" in audit_page(client, "?object=webhooks.source:8")


def test_audit_log_calls_things_as_staff_do(client: Client, superuser: User, site: Site) -> None:
    for kind in ("contacts.contactfield", "webhooks.nothingnow", ""):
        AuditEntry.objects.create(
            action="something.done", object_type=kind, object_label="Shoe size", site=site
        )
    client.force_login(superuser)
    html = audit_page(client)
    assert "contact field Shoe size" in html
    assert "nothingnow Shoe size" in html


def test_audit_entry_shows_before_and_after_and_nothing_to_press(
    client: Client, superuser: User, entries: tuple[AuditEntry, AuditEntry]
) -> None:
    client.force_login(superuser)
    url = reverse("admin:sites_auditentry_change", args=[entries[0].pk])
    html = client.get(url).content.decode()
    assert "Before name" in html
    assert "After name" in html
    assert 'name="_save"' not in html
    assert client.post(url, {"actor_label": "x"}).status_code == 403
    assert client.post(reverse("admin:sites_auditentry_add")).status_code == 403


def test_history_of_a_site_is_the_audit_log(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    response = client.get(reverse("admin:sites_site_history", args=[site.pk]))
    assert response.headers["Location"].endswith(f"?object=sites.site%3A{site.pk}")


def test_superuser_makes_a_user_and_a_password_change_is_audited_without_it(
    client: Client, superuser: User
) -> None:
    client.force_login(superuser)
    given = {
        "username": "nils",
        "usable_password": "true",
        "password1": "a-long-secret-one",
        "password2": "a-long-secret-one",
    }
    assert client.post(reverse("admin:sites_user_add"), given).status_code == 302
    nils = User.objects.get(username="nils")
    url = reverse("admin:auth_user_password_change", args=[nils.pk])
    given |= {"password1": "another-long-one", "password2": "another-long-one"}
    assert client.post(url, given).status_code == 302
    assert AuditEntry.objects.filter(action="user.created", object_label="nils").exists()
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert entry.changes == {"password": ["", "changed"]}


def test_users_are_found_by_what_they_may_and_whether_they_may_log_in(
    client: Client, superuser: User
) -> None:
    UserFactory.create(username="nils")
    UserFactory.create(username="gone", is_active=False)
    client.force_login(superuser)

    def listed(query: str) -> set[str]:
        response = client.get(reverse("admin:sites_user_changelist") + query)
        return {user.username for user in response.context["cl"].result_list}

    assert listed("?kind=member") == {"nils", "gone"}
    assert listed("?kind=superuser") == {superuser.username}
    assert listed("?active=no") == {"gone"}
    assert listed("?active=yes&kind=member") == {"nils"}
    assert listed("?kind=emperor") == set()


def test_superuser_ends_a_lockout_and_the_audit_says_whose(client: Client, superuser: User) -> None:
    attempt = AccessAttempt.objects.create(
        username="olga", ip_address="192.0.2.7", failures_since_start=8
    )
    other = AccessAttempt.objects.create(username="nils", failures_since_start=8)
    client.force_login(superuser)
    url = reverse("admin:axes_accessattempt_changelist")
    client.post(url, {"action": "unlock", "_selected_action": attempt.pk})
    assert list(AccessAttempt.objects.all()) == [other]
    entry = AuditEntry.objects.get(action="login.unlocked")
    assert entry.changes["username"] == ["olga", ""]


def test_failed_logins_are_found_by_parts_of_names_and_never_counted(
    client: Client, superuser: User
) -> None:
    for name, address in (("olga", "192.0.2.7"), ("nils", "198.51.100.9")):
        AccessAttempt.objects.create(
            username=name, ip_address=address, user_agent="Browser", failures_since_start=1
        )
    client.force_login(superuser)
    url = reverse("admin:axes_accessattempt_changelist")
    for term, found in (("", {"olga", "nils"}), ("OLG", {"olga"}), ("51.100", {"nils"})):
        with statements() as seen:
            page = client.get(url, {"q": term}).content.decode()
        assert {name for name in ("olga", "nils") if f">{name}<" in page} == found
        asked = [sql for sql, _ in seen if "axes_accessattempt" in sql]
        assert asked
        assert not any("COUNT(" in sql for sql in asked)
