"""Who gets in with a key: the header in every shape, one 401 for all, rates, scopes and sites."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import Error
from django.db.models import QuerySet, Sum
from django.test import Client
from django.urls import path
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.throttle import BURST_SECONDS
from common.endpoint.view import EndpointView
from sites.api_keys import credentials, last_use, usage
from sites.api_keys.authentication import ApiKeyAuthentication
from sites.api_keys.permission import has_scope
from sites.models import ApiKey, ApiKeyHour, Scope
from tests.factories import API_KEY_SECRET, ApiKeyFactory, SiteFactory

WRONG_SECRET = API_KEY_SECRET[::-1]


class WhoView(EndpointView):
    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (has_scope(Scope.ONSITE_WRITE),)

    def get(self, request: Request, site_id: uuid.UUID | None = None) -> Response:
        assert isinstance(request.auth, ApiKey)
        return Response({"key": request.auth.name})


urlpatterns = [path("who", WhoView.as_view()), path("who/<uuid:site_id>", WhoView.as_view())]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _fresh_throttle() -> Iterator[None]:
    credentials.throttle.forget()
    usage.forget()
    last_use.forget()
    yield
    credentials.throttle.forget()
    usage.forget()
    last_use.forget()


@pytest.fixture
def key(db: None) -> ApiKey:
    return ApiKeyFactory.create(name="Web shop")


def header_of(key: ApiKey, secret: str = API_KEY_SECRET) -> str:
    return f"ApiKey {key.key_id}:{secret}"


def call(header: str | None, url: str = "/who", **environ: Any) -> Any:
    if header is not None:
        environ["HTTP_AUTHORIZATION"] = header
    return Client().get(url, **environ)


def assert_refused(response: Any) -> None:
    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"] == "ApiKey"
    assert "Content-Type" not in response.headers


# -- the header ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ApiKey", "apikey", "APIKEY", "apiKey", "ApiKey  "])
def test_the_scheme_is_read_in_any_case(key: ApiKey, scheme: str) -> None:
    response = call(f"{scheme} {key.key_id}:{API_KEY_SECRET}")
    assert (response.status_code, response.json()) == (200, {"key": "Web shop"})


HOSTILE = {
    "nothing": None,
    "empty": "",
    "scheme alone": "ApiKey",
    "scheme and blank": "ApiKey ",
    "id alone": "ApiKey {id}",
    "no secret": "ApiKey {id}:",
    "no id": "ApiKey :{secret}",
    "no colon": "ApiKey {id}{secret}",
    "another scheme": "Bearer {id}:{secret}",
    "no scheme": "{id}:{secret}",
    "twice, as servers join them": "ApiKey {id}:{secret},ApiKey {id}:{secret}",
    "twice with a blank": "ApiKey {id}:{secret}, ApiKey {id}:{secret}",
    "a list": "ApiKey {id}:{secret},",
    "bytes beyond ASCII": "ApiKey {id}:{secret}\xe9",
    "only beyond ASCII": "\xc3\xa9" * 20,
    "digits of another script": "ApiKey {id}:٣٤٥",
    "NUL": "ApiKey {id}:{secret}\0",
    "line break": "ApiKey {id}:{secret}\r\nX: y",
    "trailing line break": "ApiKey {id}:{secret}\n",
    "tab": "ApiKey\t{id}:{secret}",
    "trailing blank": "ApiKey {id}:{secret} ",
    "three parts": "ApiKey {id}:{secret}:{secret}",
    "8 KB": "ApiKey {id}:" + "x" * 8_192,
    "1,000 entries": ",".join(["ApiKey a:b"] * 1_000),
    "quoted": 'ApiKey "{id}:{secret}"',
    "percent": "ApiKey %s:%s",
    "SQL": "ApiKey {id}' OR 1=1 --:{secret}",
    "id in another case": "ApiKey {upper}:{secret}",
    "secret in another case": "ApiKey {id}:{lower}",
    "secret cut": "ApiKey {id}:{cut}",
    "unknown id": "ApiKey key_0000000000000000:{secret}",
    "wrong secret": "ApiKey {id}:{wrong}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_wrong_with_the_header_is_one_401(key: ApiKey, name: str) -> None:
    header = HOSTILE[name]
    if header is not None:
        for part, value in {
            "{id}": key.key_id,
            "{upper}": key.key_id.upper(),
            "{secret}": API_KEY_SECRET,
            "{lower}": API_KEY_SECRET.lower(),
            "{cut}": API_KEY_SECRET[:-1],
            "{wrong}": WRONG_SECRET,
        }.items():
            header = header.replace(part, value)
    assert_refused(call(header))
    last_use.flush()
    key.refresh_from_db()
    assert key.last_used_at is None


# -- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"revoked_at": timezone.now()}, "revoked"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
        ({"secret_hash": "é"}, "wrong secret"),
    ],
)
def test_a_key_that_may_not_answers_the_same_401_and_the_log_says_why(
    key: ApiKey, values: dict[str, Any], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    ApiKey.objects.filter(pk=key.pk).update(**values)
    with caplog.at_level(logging.WARNING):
        assert_refused(call(header_of(key)))
    assert f"API key {key.key_id} refused: {words}" in caplog.text
    assert API_KEY_SECRET not in caplog.text


@pytest.mark.parametrize("exists", [True, False])
def test_known_and_unknown_keys_cost_one_query_each(
    key: ApiKey, exists: bool, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key_id = key.key_id if exists else "key_0000000000000000"
    with django_assert_num_queries(1):
        assert_refused(call(f"ApiKey {key_id}:{WRONG_SECRET}"))


def test_a_key_in_use_costs_one_query(
    key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert call(header_of(key)).status_code == 200


def test_malformed_headers_ask_no_database(
    key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert_refused(call("ApiKey é:é"))


@pytest.mark.parametrize(
    ("address", "status"),
    [("192.0.2.7", 200), ("::ffff:192.0.2.7", 200), ("2001:db8::5", 200), ("192.0.3.7", 403),
     ("", 403), ("unix:", 403)],
)  # fmt: skip
def test_a_list_of_addresses_is_kept(key: ApiKey, address: str, status: int) -> None:
    ApiKey.objects.update(allowed_networks=["192.0.2.0/24", "2001:db8::5"])
    assert call(header_of(key), REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize("networks", [["192.0.2.0/24"], ["no network"]])
def test_a_good_key_from_elsewhere_is_told_and_logged(
    key: ApiKey, networks: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    ApiKey.objects.update(allowed_networks=networks)
    with caplog.at_level(logging.WARNING):
        response = call(header_of(key))
    assert (response.status_code, response.json()["code"]) == (403, "ADDRESS_NOT_ALLOWED")
    assert f"API key {key.key_id} refused: used from an address" in caplog.text


@pytest.mark.parametrize("values", [{"revoked_at": timezone.now()}, {"secret_hash": "é"}])
def test_only_a_good_key_learns_of_its_list(key: ApiKey, values: dict[str, Any]) -> None:
    ApiKey.objects.update(allowed_networks=["192.0.2.7"], **values)
    assert_refused(call(header_of(key)))


def test_a_forged_forwarding_header_does_not_move_the_caller(key: ApiKey) -> None:
    ApiKey.objects.update(allowed_networks=["192.0.2.7"])
    response = call(header_of(key), HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert response.status_code == 403


def test_debug_opens_no_back_door(key: ApiKey, settings: Settings) -> None:
    settings.DEBUG = True
    assert_refused(call(header_of(key, WRONG_SECRET)))


# -- last use ------------------------------------------------------------------------------------


def noted(address: str) -> tuple[datetime | None, str]:
    """Use the key from there, and return what is stored once that is written."""
    assert call(header_of(ApiKey.objects.get()), REMOTE_ADDR=address).status_code == 200
    last_use.flush()
    key = ApiKey.objects.get()
    return key.last_used_at, key.last_used_from


@pytest.mark.usefixtures("key")
def test_the_use_is_noted_at_most_once_a_minute() -> None:
    start = datetime(2026, 3, 4, 10, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert noted("::ffff:192.0.2.7") == (start, "192.0.2.7")
        clock.shift(timedelta(seconds=59))
        assert noted("192.0.2.8") == (start, "192.0.2.7")
        clock.shift(timedelta(seconds=1))
        assert noted("192.0.2.8") == (start + timedelta(seconds=60), "192.0.2.8")


def test_a_use_that_cannot_be_written_fails_nothing_and_is_kept(
    key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise Error("away")

    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "update", broken)
        assert call(header_of(key)).status_code == 200
        with pytest.raises(Error):
            last_use.flush()
    last_use.flush()
    assert ApiKey.objects.get().last_used_from == "127.0.0.1"


def test_a_later_use_that_another_process_wrote_stays(key: ApiKey) -> None:
    call(header_of(key))
    later = timezone.now() + timedelta(seconds=1)
    ApiKey.objects.update(last_used_at=later, last_used_from="192.0.2.7")
    last_use.flush()
    stored = ApiKey.objects.get()
    assert (stored.last_used_at, stored.last_used_from) == (later, "192.0.2.7")


# -- counts --------------------------------------------------------------------------------------


def counted() -> dict[int, int]:
    usage.flush()
    rows = ApiKeyHour.objects.values_list("status").annotate(total=Sum("count"))
    return dict(rows)


def test_every_answer_to_the_key_is_counted_by_its_status(key: ApiKey) -> None:
    for url in ("/who", "/who", f"/who/{uuid.uuid4()}"):
        call(header_of(key), url)
    Client().options("/who", HTTP_AUTHORIZATION=header_of(key))
    Client().delete("/who", HTTP_AUTHORIZATION=header_of(key))
    ApiKey.objects.update(scopes=[])
    call(header_of(key))
    assert counted() == {200: 2, 204: 1, 404: 1, 405: 1, 403: 1}


@pytest.mark.parametrize(
    "values",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
def test_who_goes_on_with_an_ended_key_is_seen(key: ApiKey, values: dict[str, Any]) -> None:
    ApiKey.objects.update(**values)
    assert_refused(call(header_of(key)))
    assert counted() == {401: 1}


@pytest.mark.parametrize("header", [None, "ApiKey", "ApiKey {id}:" + WRONG_SECRET])
def test_a_guess_is_not_counted_on_the_key(key: ApiKey, header: str | None) -> None:
    assert_refused(call(header and header.replace("{id}", key.key_id)))
    assert counted() == {}


# -- rates ---------------------------------------------------------------------------------------


def test_a_key_has_its_rate(key: ApiKey, settings: Settings) -> None:
    settings.API_THROTTLE_PER_KEY = 2
    statuses = [call(header_of(key)).status_code for _ in range(2 * BURST_SECONDS)]
    assert statuses == [200] * (2 * BURST_SECONDS)
    response = call(header_of(key))
    assert (response.status_code, response.json()["code"]) == (429, "THROTTLED")
    assert int(response["Retry-After"]) >= 1
    assert call(header_of(ApiKeyFactory.create())).status_code == 200
    # Its owner sees that it sends too much.
    assert counted() == {200: 2 * BURST_SECONDS + 1, 429: 1}


def test_who_knows_only_the_id_does_not_use_up_the_rate(key: ApiKey, settings: Settings) -> None:
    settings.API_THROTTLE_PER_KEY = 1
    for _ in range(5):
        call(header_of(key, WRONG_SECRET))
    assert call(header_of(key)).status_code == 200


def test_an_address_that_fails_often_waits_before_the_database_is_asked(
    key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guesses = [f"{number:040}" for number in range(200)]
    statuses = [call(header_of(key, guess)).status_code for guess in guesses]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    with django_assert_num_queries(0):
        assert call(header_of(key)).status_code == 429
    assert call(header_of(key), REMOTE_ADDR="192.0.2.7").status_code == 200


# -- scopes and sites ----------------------------------------------------------------------------


def test_a_key_without_the_scope_is_told(key: ApiKey) -> None:
    ApiKey.objects.update(scopes=[])
    response = call(header_of(key))
    assert (response.status_code, response.json()["code"]) == (403, "SCOPE_MISSING")
    assert "onsite:write" in response.json()["detail"]


def test_a_key_works_at_the_address_of_its_site(key: ApiKey) -> None:
    assert call(header_of(key), f"/who/{key.site.public_id}").status_code == 200


@pytest.mark.parametrize("has_the_scope", [True, False])
def test_other_unknown_and_inactive_sites_answer_alike(key: ApiKey, has_the_scope: bool) -> None:
    if not has_the_scope:
        ApiKey.objects.update(scopes=[])
    others = [SiteFactory.create().public_id, uuid.uuid4()]
    answers = [call(header_of(key), f"/who/{site_id}") for site_id in others]
    type(key.site).objects.filter(pk=key.site_id).update(is_active=False)
    answers += [call(header_of(key), f"/who/{key.site.public_id}"), call(header_of(key))]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_without_a_key_no_site_is_told_apart(key: ApiKey) -> None:
    for site_id in (key.site.public_id, uuid.uuid4()):
        assert_refused(call(None, f"/who/{site_id}"))
