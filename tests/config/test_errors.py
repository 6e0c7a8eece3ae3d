from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nothing", "/onsite/no-uuid/submissions", "/generic/1/contacts"])
def test_an_address_without_a_page_answers_as_every_endpoint_does(
    client: Client, path: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "NOT_FOUND"


def test_people_get_a_page(client: Client, superuser: object) -> None:
    client.force_login(superuser)  # type: ignore[arg-type]
    response = client.get("/admin/nothing/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_the_bare_address_leads_to_the_console(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"
