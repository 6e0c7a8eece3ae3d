from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.http import HttpRequest
from django.test import Client

from config import upload_limit
from sites.models import Role, User
from tests.conftest import MakeMember

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nothing", "/onsite/no-uuid/submissions", "/generic/1/contacts"])
def test_an_address_without_a_page_answers_as_every_endpoint_does(
    client: Client, path: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "NOT_FOUND"


def test_people_get_a_page(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    response = client.get("/admin/nothing/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert "There is nothing here" in response.text
    assert "Open the list" not in response.text


def test_a_row_that_is_gone_leads_to_its_list(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    response = client.get(f"/admin/contacts/contact/{uuid.uuid4()}/change/")
    assert response.status_code == 404
    assert 'href="/admin/contacts/contact/">Open the list' in response.text


def test_who_may_not_do_something_is_told_whom_to_ask(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.VIEWER))
    response = client.get("/admin/sites/site/add/")
    assert response.status_code == 403
    assert "Your role on the site does not allow it" in response.text


def test_a_form_of_another_session_is_told_to_reload(superuser: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    response = client.post("/admin/sites/site/add/", {"name": "x"})
    assert response.status_code == 403
    assert "reload the page and send it again" in response.text


def test_a_page_that_breaks_names_the_line_of_the_log(
    client: Client, superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: HttpRequest) -> dict[str, Any]:
        raise RuntimeError("made up")

    monkeypatch.setattr("config.console.overview.overview_context", broken)
    client.force_login(superuser)
    client.raise_request_exception = False
    response = client.get("/admin/")
    assert response.status_code == 500
    assert f"<code>{response.headers['X-Request-Id']}</code>" in response.text
    assert "made up" not in response.text


@pytest.mark.parametrize(
    "sent",
    [
        {f"f{number}-name": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)},
        {"tester-body": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)},
    ],
    ids=["too many values", "too many bytes"],
)
def test_a_page_that_sent_too_much_says_so(superuser: User, sent: dict[str, str]) -> None:
    # The check of the token is the first that reads what was sent.
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    url, form = "/admin/webhooks/receptionevent/add/", "application/x-www-form-urlencoded"
    client.get(url)
    response = client.post(url, urlencode(sent), content_type=form)
    assert response.status_code == 400
    assert "sent more than is taken at once" in response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html")


def test_the_bare_address_leads_to_the_console(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the files that a request has written to the disk."""
    names: list[str] = []

    class Noted(TemporaryUploadedFile):
        def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
            names.append(name)
            super().__init__(name, *args, **kwargs)

    monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", Noted)
    return names


def _large() -> SimpleUploadedFile:
    return SimpleUploadedFile("large.csv", b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/portal/x/test"])
def test_a_file_of_a_stranger_is_not_written_to_the_disk(path: str, written: list[str]) -> None:
    # The check of the token is the first that reads what was sent.
    client = Client(enforce_csrf_checks=True)
    token = "t" * 32
    client.cookies.load({settings.CSRF_COOKIE_NAME: token})
    response = client.post(path, {"a": _large(), "csrfmiddlewaretoken": token})
    assert response.status_code == 400
    assert written == []


def test_a_file_larger_than_any_import_is_not_written_to_the_disk(
    client: Client, superuser: User, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(superuser)
    # Of a page that takes none: it is read and dropped, as long as it is one that others take.
    assert client.post("/admin/password_change/", {"a": _large()}).status_code == 200
    assert written == ["large.csv"]
    monkeypatch.setattr(upload_limit, "MOST_BYTES", settings.FILE_UPLOAD_MAX_MEMORY_SIZE)
    response = client.post("/admin/password_change/", {"a": _large()})
    assert response.status_code == 400
    assert "Too much at once" in response.text
    assert written == ["large.csv"]


@pytest.mark.parametrize("key", ['"\\000aaaaaaaaa"', "aaaaaaaaa\x00", "a' or 1=1 --", "é" * 32])
def test_a_cookie_that_is_no_session_is_none_and_asks_the_database_nothing(
    client: Client, key: str, django_assert_num_queries: Any
) -> None:
    client.cookies.load({settings.SESSION_COOKIE_NAME: key})
    with django_assert_num_queries(0):
        response = client.get("/admin/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")
