"""Whatever stands in an address or a posted choice: every page of every admin has an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from sites.models import User
from tests.sites.test_every_door import REFUSED, SUPERUSERS_ONLY, registered

pytestmark = pytest.mark.django_db

# As they are and as the admin writes a NUL in its addresses; a number that Python does not read.
ODD = ("\x00", "_00", "²", "9" * 5_000, "9" * 30, "00000000-0000-0000-0000-00000000000g")

by_model = pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)


@pytest.fixture
def client(client: Client, superuser: User) -> Client:
    client.force_login(superuser)
    return client


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def pages_of(model: type[Model], text: str) -> Iterator[str]:
    """Yield the address of every page of a row whose key may be any text."""
    for pattern in registered()[model].get_urls():
        arguments = dict.fromkeys(pattern.pattern.converters, text)
        if pattern.name and arguments:
            try:
                yield reverse(f"admin:{pattern.name}", kwargs=arguments)
            except NoReverseMatch:
                continue  # its address has a number or an id, and so none with this text


@by_model
def test_no_row_has_such_a_key(model: type[Model], client: Client) -> None:
    found = [url for text in ODD for url in pages_of(model, text)]
    assert found, "No page was opened, so nothing was tested."
    for url in found:
        assert client.get(url).status_code in REFUSED, url[:200]
        assert client.post(url, {"post": "yes"}).status_code in REFUSED, url[:200]


@by_model
def test_actions_leave_out_what_is_no_key(model: type[Model], client: Client) -> None:
    url = list_of(model)
    for action in registered()[model]._get_base_actions():  # type: ignore[attr-defined]
        for text in ODD:
            form = {"action": action[1], "_selected_action": [text], "index": "0"}
            # A list without actions is shown again.
            assert client.post(url, form).status_code in REFUSED | {200}, (action[1], text[:50])


def test_an_action_takes_the_keys_beside(client: Client) -> None:
    tried = AccessAttempt.objects.create(
        username="jane", ip_address="192.0.2.7", failures_since_start=8
    )
    form = {"action": "unlock", "_selected_action": ["²", str(tried.pk), "\x00"]}
    client.post(list_of(AccessAttempt), form)
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("label", sorted(SUPERUSERS_ONLY))
def test_lists_of_the_installation_look_for_no_nul(label: str, client: Client) -> None:
    model = apps.get_model(label)
    names = {"pk", "pk__in", "q", *(field.name for field in model._meta.fields)}
    for name in sorted(names):
        page = client.get(list_of(model), {name: "\x00"}, follow=True)
        # Django tells of lookups that it does not allow by a 400.
        assert page.status_code in (200, 400), name
