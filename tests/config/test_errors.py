from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from config import upload_limit
from sites.models import User

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
