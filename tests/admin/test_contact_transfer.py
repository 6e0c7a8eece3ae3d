"""Import and export of contacts in the console: who may, what pages say, whose files they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from contacts.models import Contact, ContactFile, ContactImport
from contacts.transfer.importing import LARGEST_FILE
from sites.models import AuditEntry, Job, JobState, Role, Site, User
from tests.admin.test_theme_of_pages import INLINE
from tests.conftest import MakeMember
from tests.contacts.changes import apply
from tests.contacts.transfers import rows_of, worked
from tests.factories import ContactFieldFactory, MembershipFactory, SiteFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:contacts_contact_changelist")
ADD = reverse("admin:contacts_contactimport_add")
EXPORT = reverse("admin:contacts_contact_export")
TEXT = "email,first_name,shoe\njane@example.com,<script>Jane</script>,41\nbad,X,\n"


@pytest.fixture
def operator(client: Client, member: MakeMember) -> User:
    user = member(Role.OPERATOR)
    client.force_login(user)
    return user


def send(client: Client, site: Site, text: str | bytes = TEXT, **options: Any) -> Any:
    body = text.encode() if isinstance(text, str) else text
    form = {
        "site": site.pk,
        "file": SimpleUploadedFile("people.csv", body, content_type="text/csv"),
        "encoding": "utf-8",
        "adds_contacts": "on",
        **options,
    }
    return client.post(ADD, form)


def sent(client: Client, site: Site, text: str | bytes = TEXT, **options: Any) -> ContactImport:
    response = send(client, site, text, **options)
    assert response.status_code == 302, response.content.decode()
    order = ContactImport.objects.latest("pk")
    assert response["Location"] == page_of(order)
    return order


def page_of(order: ContactImport, page: str = "change") -> str:
    return reverse(f"admin:contacts_contactimport_{page}", args=(order.pk,))


def html_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    html: str = response.content.decode()
    assert not INLINE.findall(html)
    return html


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_an_operator_uploads_looks_starts_and_fetches_what_was_refused(
    client: Client, operator: User, site: Site
) -> None:
    apply(site, {"email": "jane@example.com"}, fields={"first_name": "Old"})
    order = sent(client, site)
    html = html_of(client, page_of(order))
    assert 'id="job-progress"' in html
    assert "job_progress.js" in html
    assert "Start the import" not in html
    assert "Old" in html
    assert "&lt;script&gt;Jane" in html
    told = words(html)
    assert "“shoe” is no column of contacts" in told.replace("&quot;", '"')
    assert "Not a valid e-mail address." in told
    assert client.post(page_of(order, "start")).status_code == 302
    assert not Job.objects.filter(kind="contact_import").exists()

    worked(order.check_job)
    told = words(html_of(client, page_of(order)))
    assert "1 of 2 rows would add or change a contact" in told
    assert "Rows that would be refused Line What is wrong 3 E-mail: Not a valid" in told
    assert Contact.objects.get().first_name == "Old"

    client.post(page_of(order, "start"))
    order.refresh_from_db()
    assert order.import_job is not None
    worked(order.import_job)
    html = html_of(client, page_of(order))
    assert "All 2 rows of the file are through" in words(html)
    assert "Changed 1 Refused 1" in words(html)
    assert page_of(order, "start") not in html
    assert Contact.objects.get().first_name == "<script>Jane</script>"

    response = client.get(page_of(order, "failed_rows"))
    assert response["Content-Disposition"] == 'attachment; filename="failed rows of people.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = rows_of(b"".join(response).decode())
    assert [(row["import_line"], row["email"]) for row in rows] == [("3", "bad")]
    assert AuditEntry.objects.filter(action="contact_failed_rows.downloaded").count() == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("first_name\nA\n", "No column names the contacts"),
        (b"email\n\xff\n", "not in UTF-8"),
        ("email\na\0\n", "NUL"),
    ],
)
def test_a_file_that_cannot_be_taken_is_explained_on_the_form(
    client: Client, operator: User, site: Site, text: str | bytes, told: str
) -> None:
    response = send(client, site, text)
    assert response.status_code == 200
    assert told in response.content.decode()
    assert not ContactFile.objects.exists()


def test_a_file_with_nothing_new_offers_no_start(
    client: Client, operator: User, site: Site
) -> None:
    apply(site, {"email": "jane@example.com"})
    order = sent(client, site, "email\njane@example.com\n")
    worked(order.check_job)
    told = words(html_of(client, page_of(order)))
    assert "There is nothing to import" in told
    assert "Start the import" not in told


def test_a_broken_file_says_where(client: Client, operator: User, site: Site) -> None:
    order = sent(client, site, 'email\na@example.com\n"b\n')
    worked(order.check_job)
    told = words(html_of(client, page_of(order)))
    assert "line 3 is never closed" in told
    assert "Cannot be read" in told
    assert "Start the import" not in told


def test_a_stopped_import_offers_to_start_again(client: Client, operator: User, site: Site) -> None:
    order = sent(client, site)
    worked(order.check_job)
    client.post(page_of(order, "start"))
    order.refresh_from_db()
    assert "Stop" in words(html_of(client, page_of(order)))
    assert order.import_job is not None
    client.post(reverse("admin:sites_job_cancel", args=(order.import_job.pk,)))
    assert worked(order.import_job).state == JobState.CANCELLED
    assert "Start again" in words(html_of(client, page_of(order)))
    client.post(page_of(order, "start"))
    order.refresh_from_db()
    assert worked(order.import_job).state == JobState.DONE


class Unread:
    """A body that nobody may look at."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("The body was read.")


def test_a_body_that_is_too_large_is_refused_unread(operator: User, site: Site) -> None:
    request = RequestFactory().post(ADD)
    request.META["CONTENT_LENGTH"] = str(LARGEST_FILE * 50)
    request.META["CONTENT_TYPE"] = "multipart/form-data; boundary=x"
    request.user = operator
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request._stream = Unread()  # type: ignore[assignment]
    response = admin.site._registry[ContactImport].add_view(request)
    assert isinstance(response, TemplateResponse)
    assert response.status_code == 413
    assert "larger than 20 MB" in response.render().content.decode()


def test_uploading_needs_the_token(member: MakeMember, site: Site) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.OPERATOR))
    assert send(strict, site).status_code == 403
    assert not ContactImport.objects.exists()
    page = strict.get(ADD).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    assert send(strict, site, csrfmiddlewaretoken=token[1]).status_code == 302


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_lesser_roles_neither_import_nor_export(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    client.force_login(member(Role.OPERATOR))
    order = sent(client, site)
    worked(order.check_job)
    client.force_login(member(role))
    html = html_of(client, LIST)
    assert ADD not in html
    assert EXPORT not in html
    for url in (ADD, EXPORT, page_of(order), page_of(order, "failed_rows")):
        assert client.get(url).status_code in (302, 403, 404), url
    for url in (ADD, EXPORT, page_of(order, "start")):
        assert client.post(url).status_code in (403, 404), url
    assert send(client, site).status_code == 403
    assert ContactImport.objects.count() == 1
    assert not Job.objects.filter(kind__in=("contact_import", "contact_export")).exists()


def test_no_file_goes_to_another_site(client: Client, operator: User, site: Site) -> None:
    other = SiteFactory.create()
    MembershipFactory.create(site=other, user=operator, role=Role.SUPPORT)
    response = send(client, other)
    assert response.status_code == 200
    assert not ContactImport.objects.exists()
    assert client.get(EXPORT, {"site": other.pk}).status_code == 404
    assert client.post(f"{EXPORT}?site={other.pk}").status_code == 404
    assert not Job.objects.exists()


def export(client: Client, query: str = "") -> ContactFile:
    assert client.post(EXPORT + query).status_code == 302
    file = ContactFile.objects.latest("pk")
    worked(file.job)
    return file


def file_url(file: ContactFile) -> str:
    return reverse("admin:contacts_contact_export_file", args=(file.pk,))


def test_an_operator_exports_what_the_list_shows(
    client: Client, operator: User, site: Site
) -> None:
    ContactFieldFactory.create(site=site, field_id="level", name="Level")
    for name in ("jane", "john"):
        apply(site, {"email": f"{name}@example.com"}, attributes={"level": "gold"})
    html = html_of(client, f"{LIST}?q=jane@example.com")
    link = f"{EXPORT}?q=jane%40example.com"
    assert link in html
    told = words(html_of(client, link))
    assert "1 contact would be exported" in told
    assert "level" in told
    assert not ContactFile.objects.exists()
    file = export(client, "?q=jane%40example.com")
    html = html_of(client, EXPORT)
    assert "2 contacts would be exported" in words(html)
    assert file_url(file) in html
    response = client.get(file_url(file))
    assert [row["email"] for row in rows_of(b"".join(response).decode())] == ["jane@example.com"]
    assert "no-store" in response["Cache-Control"]
    entries = AuditEntry.objects.filter(site=site).order_by("pk")
    assert list(entries.values_list("action", flat=True)) == [
        "job.started", "contact_export.started", "job.finished", "contact_export.downloaded",
    ]  # fmt: skip


def test_an_export_is_its_owners_alone_and_only_while_they_may(
    client: Client, operator: User, superuser: User, member: MakeMember, site: Site
) -> None:
    apply(site, {"email": "jane@example.com"})
    file = export(client)
    assert client.get(file_url(file)).status_code == 200
    for other in (superuser, member(Role.ADMIN)):
        client.force_login(other)
        assert client.get(file_url(file)).status_code == 404
        assert file.name not in html_of(client, EXPORT)
    client.force_login(operator)
    operator.memberships.update(role=Role.SUPPORT)
    assert client.get(file_url(file)).status_code in (403, 404)
    assert AuditEntry.objects.filter(action="contact_export.downloaded").count() == 1


def test_an_export_that_is_being_written_cannot_be_fetched(
    client: Client, operator: User, site: Site
) -> None:
    apply(site, {"email": "jane@example.com"})
    client.post(EXPORT)
    file = ContactFile.objects.get()
    assert client.get(file_url(file)).status_code == 404
    assert file_url(file) not in html_of(client, EXPORT)
    assert "Waiting" in words(html_of(client, EXPORT))


def test_refused_rows_are_their_owners_alone(
    client: Client, operator: User, member: MakeMember, site: Site
) -> None:
    order = sent(client, site)
    worked(order.check_job)
    client.post(page_of(order, "start"))
    order.refresh_from_db()
    worked(order.import_job)
    client.force_login(member(Role.ADMIN))
    assert client.get(page_of(order, "failed_rows")).status_code == 404
    html = html_of(client, page_of(order))
    assert page_of(order, "failed_rows") not in html
    assert f"can be downloaded by {operator.username}" in words(html)


def test_one_of_several_sites_is_chosen_first(client: Client, superuser: User, site: Site) -> None:
    other = SiteFactory.create()
    apply(other, {"email": "jane@example.com"})
    client.force_login(superuser)
    html = html_of(client, EXPORT)
    assert f"?site={other.pk}" in html
    assert client.post(EXPORT).status_code == 302
    assert not ContactFile.objects.exists()
    assert export(client, f"?site={other.pk}").site == other


def test_the_list_of_imports_says_how_far_each_is(
    client: Client, operator: User, site: Site
) -> None:
    imports = reverse("admin:contacts_contactimport_changelist")
    assert "Upload a CSV file" in words(html_of(client, imports))
    order = sent(client, site)
    assert "Being checked" in words(html_of(client, imports))
    worked(order.check_job)
    told = words(html_of(client, imports))
    assert "Waits to be started" in told
    assert "people.csv" in told
    client.post(page_of(order, "start"))
    order.refresh_from_db()
    assert "Importing" in words(html_of(client, imports))
    worked(order.import_job)
    assert "Imported, some rows refused" in words(html_of(client, imports))


def test_pages_say_for_how_long_files_stay(client: Client, operator: User, site: Site) -> None:
    days = settings.RETENTION_CONTACT_FILE_DAYS
    assert f"removed after {days} days" in words(html_of(client, EXPORT))
