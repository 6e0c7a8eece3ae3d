from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

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


@pytest.mark.parametrize("key", ['"\\000aaaaaaaaa"', "aaaaaaaaa\x00", "a' or 1=1 --", "é" * 32])
def test_a_cookie_that_is_no_session_is_none_and_asks_the_database_nothing(
    client: Client, key: str, django_assert_num_queries: Any
) -> None:
    client.cookies.load({settings.SESSION_COOKIE_NAME: key})
    with django_assert_num_queries(0):
        response = client.get("/admin/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")
