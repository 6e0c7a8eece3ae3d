"""Every page under the policy that allows no inline script or style, and what frames them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.admin.chart import Bar, bar_chart
from common.admin.copy_field import copy_field, copy_id
from common.admin.markdown import markdown_html
from common.admin.relative_time import duration_text, relative_text, relative_time
from common.admin.status_chip import Tone, status_chip
from sites.heartbeats import beat
from sites.models import ProcessKind, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SourceFactory

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)

LISTS = (
    "index",
    "health",
    "sites_site_changelist",
    "sites_site_add",
    "webhooks_source_changelist",
    "webhooks_source_add",
    "sites_auditentry_changelist",
    "sites_job_changelist",
    "sites_user_changelist",
    "sites_user_add",
    "webhooks_incident_changelist",
    "webhooks_sendevent_changelist",
    "webhooks_receivedevent_changelist",
    "webhooks_rejectedrequest_changelist",
    "webhooks_delivery_changelist",
    "webhooks_delivery_recover",
    "webhooks_event_changelist",
    "webhooks_event_types",
    "onsite_submission_changelist",
    "onsite_submission_resend_plan",
    "integrations_apicall_changelist",
    "contacts_contact_changelist",
    "contacts_contact_export",
    "contacts_contactimport_changelist",
    "contacts_contactimport_add",
    "contacts_pointdefinition_changelist",
    "contacts_pointdefinition_add",
    "contacts_rewardvoucher_changelist",
    "contacts_promotion_changelist",
    "contacts_promotion_add",
    "automation_segment_changelist",
    "automation_segment_add",
    "axes_accessattempt_changelist",
    "django_q_ormq_changelist",
    "django_q_schedule_changelist",
    "django_q_failure_changelist",
    "password_change",
)


@pytest.fixture(autouse=True)
def _fresh_banners() -> None:
    cache.clear()


def page(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(f"admin:{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_page_opens_without_inline_script_or_style(
    client: Client, superuser: User, site: Site, name: str
) -> None:
    client.force_login(superuser)
    assert not INLINE.findall(page(client, name))


@pytest.mark.parametrize(
    ("preset_key", "settings"),
    [
        ("voyado_engage", {}),
        ("webengage", {}),
        ("ongage", {"verification": "token_query"}),
        ("generic_json", {"verification": "none", "unsigned_reason": "Test bench."}),
        ("gone_from_disk", {}),
    ],
)
def test_page_of_a_source_opens_for_every_preset(
    client: Client, superuser: User, site: Site, preset_key: str, settings: dict[str, str]
) -> None:
    source = SourceFactory.create(site=site, preset_key=preset_key, settings=settings)
    client.force_login(superuser)
    assert not INLINE.findall(page(client, "webhooks_source_change", source.pk))
    assert not INLINE.findall(page(client, "sites_site_change", site.pk))


def test_login_page_opens_without_inline_script_or_style(client: Client, db: None) -> None:
    html = page(client, "login")
    assert not INLINE.findall(html)
    assert "Patchbay" in html


def test_every_page_says_that_no_worker_runs_and_what_to_do(
    client: Client, superuser: User
) -> None:
    client.force_login(superuser)
    for name in ("index", "sites_site_changelist", "sites_user_add"):
        html = page(client, name)
        assert "No worker is running" in html
        assert "./patchbay run" in html


def test_banner_goes_when_a_worker_beats(client: Client, superuser: User) -> None:
    beat(ProcessKind.WORKER)
    client.force_login(superuser)
    assert "No worker is running" not in page(client, "index")


def test_strangers_see_no_banner_on_the_login_page(client: Client, db: None) -> None:
    assert "No worker" not in page(client, "login")


def test_navigation_names_the_pages_as_operators_think(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    html = page(client, "index")
    groups = re.findall(r'class="nav-group"[^>]*>([^<]+)<', html)
    assert groups[:6] == [
        "Configuration",
        "Activity",
        "People",
        "Loyalty",
        "Automation",
        "System",
    ]
    for label in ("Sites", "Received events", "Contacts", "Vouchers", "Workflows", "Health"):
        assert f">{label}</a>" in html


def test_members_get_no_pages_of_the_installation(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.ADMIN))
    html = page(client, "index")
    for label in ("Users", "Failed logins", "Task schedules", "Queued tasks"):
        assert f">{label}</a>" not in html
    for name in ("sites_user_changelist", "django_q_ormq_changelist"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403


def test_health_keeps_paths_and_versions_to_superusers(
    client: Client, superuser: User, member: MakeMember
) -> None:
    client.force_login(superuser)
    assert "Data folder" in page(client, "health")
    client.force_login(member(Role.ADMIN))
    html = page(client, "health")
    assert "Data folder" not in html
    assert "Worker" in html


def test_users_without_a_site_cannot_log_in(client: Client, superuser: User, site: Site) -> None:
    User.objects.create_user("stranger", password="a-long-enough-one", is_staff=True)
    given = {"username": "stranger", "password": "a-long-enough-one"}
    response = client.post(reverse("admin:login"), given)
    assert response.status_code == 200
    assert "You are not a member of any site" in response.content.decode()
    assert client.get(reverse("admin:index")).status_code == 302


def test_empty_installation_says_to_add_a_site(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    html = page(client, "index")
    assert "Add your first site" in html
    assert reverse("admin:sites_site_add") in html


def test_site_without_a_source_says_to_add_one(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    assert "Connect a sender" in page(client, "index")


def test_schedules_cannot_be_changed_by_anybody(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    response = client.post(reverse("admin:django_q_schedule_add"), {"func": "os.system"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7200, "2 h"),
        (86_400, "1 day"),
        (172_800, "2 days"),
    ],
)
def test_durations_keep_their_largest_unit(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


def test_relative_times_carry_the_exact_one() -> None:
    now = timezone.now()
    assert relative_text(now - timedelta(hours=3), now) == "3 h ago"
    assert relative_text(now + timedelta(minutes=5), now) == "in 5 min"
    assert "UTC" in relative_time(now - timedelta(days=3))
    assert "never" in relative_time(None)


def test_chips_say_it_in_words_and_by_shape() -> None:
    chip = status_chip("Failed <b>", Tone.BAD)
    assert "Failed &lt;b&gt;" in chip
    assert "✕" in chip


def test_copied_values_are_escaped_and_shortened_only_to_the_eye() -> None:
    assert 'data-copy="&quot;&gt;&lt;x"' in copy_field('"><x')
    assert ">…89abcdef<" in copy_id("0123456789012345-89abcdef")
    assert 'data-copy="0123456789012345-89abcdef"' in copy_id("0123456789012345-89abcdef")


def test_chart_shows_one_failure_beside_ten_thousand_successes() -> None:
    chart = bar_chart([Bar(label="10:00", parts={"good": 10_000, "bad": 1})], title="Day")
    bad = re.search(r'chart-bad" x="0" y="([\d.]+)" width="8" height="([\d.]+)"', chart)
    good = re.search(r'chart-good" x="0" y="([\d.]+)" width="8" height="([\d.]+)"', chart)
    assert bad is not None
    assert good is not None
    assert float(bad[2]) >= 2
    assert float(bad[2]) + float(good[2]) <= 40


def test_markdown_shows_html_as_text() -> None:
    html = markdown_html("# Set up\n\n<script>alert(1)</script>\n\n[x](javascript:alert)")
    assert "<h1>Set up</h1>" in html
    assert "<script>" not in html
    assert 'href="javascript' not in html
