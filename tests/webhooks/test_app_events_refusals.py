"""What pages and apps are refused for: the answer, who may read it, and what staff see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from sites.audit import Actor
from sites.models import PublishableKey, Site
from sites.publishable_keys.services import publishable_key_revoke
from tests.factories import SiteFactory
from tests.webhooks.app_events import SHOP, app_event, batch, field, results, send, sent, shop_key
from tests.webhooks.custom_events import body_of, documented_event, worked_off
from tests.webhooks.reception import knock, reloaded_directory, written_rejections
from webhooks.inbound.reception import app_events
from webhooks.inbound.reception.app_events import receive_app
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.inbound.replaying.reprocessing import needs_vouching, rejected_request_reprocess
from webhooks.models import ReceivedEvent, ReceptionEvent, ReceptionField, RejectedRequest

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.system("staff")
CORS = "Access-Control-Allow-Origin"


@pytest.fixture
def shop(site: Site) -> PublishableKey:
    return shop_key(site)


@pytest.fixture
def sized(site: Site) -> ReceptionEvent:
    return app_event(site, field("size", "integer", is_required=True), alias="sized")


def problem(status: int, title: str, code: str, detail: str) -> dict[str, Any]:
    return {"status": status, "title": title, "detail": detail, "code": code}


def error_of(response: HttpResponse) -> Mapping[str, Any]:
    assert response.status_code == 422
    (result,) = results(response)
    error: Mapping[str, Any] = result["error"]
    return error


def refused(answer: HttpResponse, key: PublishableKey) -> None:
    """Check that it is what everybody gets who shows a key that nobody ever made."""
    path = f"/app/{key.site.public_id}/events?key=pk_unknown"
    to_nobody = send(key, b"{}", path=path, origin="https://evil.example")
    assert answer.status_code == 403
    assert answer.content == to_nobody.content
    assert dict(answer.headers) == dict(to_nobody.headers)
    assert body_of(answer)["code"] == "KEY_NOT_ACCEPTED"
    assert (answer[CORS], answer["Vary"]) == ("*", "Origin")
    assert not answer.has_header("Access-Control-Allow-Credentials")
    assert not ReceivedEvent.objects.exists()
    assert not RejectedRequest.objects.exists()


class _Counted(BytesIO):
    """A body that counts what is read of it."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self.count += len(part)
        return part


class TestTheKey:
    @pytest.mark.parametrize("query", ["", "?key=", "?key=pk_unknown", "?key={0}&key={0}"])
    def test_none_an_unknown_one_or_two(
        self, shop: PublishableKey, sized: ReceptionEvent, query: str
    ) -> None:
        path = f"/app/{shop.site.public_id}/events" + query.format(shop.key)
        refused(send(shop, batch(sent(sized, {"size": 1})), path=path), shop)

    @pytest.mark.parametrize("site_id", ["no-uuid", "00000000-0000-4000-8000-000000000000"])
    def test_of_another_site(
        self, shop: PublishableKey, sized: ReceptionEvent, site_id: str
    ) -> None:
        path = f"/app/{site_id}/events?key={shop.key}"
        refused(send(shop, batch(sent(sized, {"size": 1})), path=path), shop)
        other = SiteFactory.create()
        path = f"/app/{other.public_id}/events?key={shop.key}"
        refused(send(shop, batch(sent(sized, {"size": 1})), path=path), shop)

    def test_a_revoked_one(self, shop: PublishableKey, sized: ReceptionEvent) -> None:
        publishable_key_revoke(key=shop, actor=STAFF)
        reloaded_directory()
        refused(send(shop, batch(sent(sized, {"size": 1}))), shop)

    def test_of_a_site_that_is_switched_off(
        self, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        shop.site.is_active = False
        shop.site.save()
        refused(send(shop, batch(sent(sized, {"size": 1}))), shop)

    def test_no_more_is_read_of_one_that_is_wrong_than_of_one_that_is_not_there(
        self, shop: PublishableKey
    ) -> None:
        """Whoever times the answer to a large body learns nothing either."""
        unknown = f"/app/{shop.site.public_id}/events?key=pk_unknown"
        read = []
        for path, origin in (("", "https://evil.example"), (unknown, SHOP)):
            body = _Counted(b" " * 500_000)
            address = path or f"/app/{shop.site.public_id}/events?key={shop.key}"
            answer = receive_app(
                {
                    "QUERY_STRING": address.partition("?")[2],
                    "CONTENT_LENGTH": "500000",
                    "CONTENT_TYPE": "text/plain",
                    "HTTP_ORIGIN": origin,
                    "REMOTE_ADDR": "192.0.2.1",
                    "REQUEST_METHOD": "POST",
                    "wsgi.input": body,
                },
                str(shop.site.public_id),
            )
            assert answer.status == 403
            read.append(body.count)
        assert read[0] == read[1] < 500_000


class TestWhatStaffReadInTheLog:
    @pytest.fixture(autouse=True)
    def _begins_anew(self) -> None:
        app_events._logged.forget()

    def lines(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [each.getMessage() for each in caplog.records if "publishable" in each.getMessage()]

    def test_what_was_wrong_with_a_key_that_there_is(
        self, shop: PublishableKey, caplog: pytest.LogCaptureFixture
    ) -> None:
        publishable_key_revoke(key=shop, actor=STAFF)
        reloaded_directory()
        send(shop, b"{}", origin="https://evil.example\x1b[2J")
        (line,) = self.lines(caplog)
        assert line.startswith(f"publishable key {shop.key[:12]}… refused: revoked, not for pages")
        assert "https://evil.example" in line
        assert "\x1b" not in line
        assert shop.key not in line

    def test_nothing_of_one_that_there_is_not(
        self, shop: PublishableKey, caplog: pytest.LogCaptureFixture
    ) -> None:
        send(shop, b"{}", path=f"/app/{shop.site.public_id}/events?key=pk_unknown")
        assert self.lines(caplog) == []

    def test_a_few_lines_a_minute(
        self, shop: PublishableKey, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(20):
            send(shop, b"{}", origin="")
        assert 0 < len(self.lines(caplog)) <= 5
        assert set(self.lines(caplog)) == {
            f"publishable key {shop.key[:12]}… refused: not for mobile apps"
        }


class TestTheOrigin:
    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "null",
            "https://evil.example",
            "http://shop.example.com",
            "https://shop.example.com.evil.example",
            "https://shop.example.com:8443",
            "https://shop.example.com, https://shop.example.com",
        ],
    )
    def test_another_one_is_refused_like_a_key_that_there_is_not(
        self, shop: PublishableKey, sized: ReceptionEvent, origin: str
    ) -> None:
        refused(send(shop, batch(sent(sized, {"size": 1})), origin=origin), shop)

    def test_a_key_for_apps_alone_is_for_no_page(self, site: Site, sized: ReceptionEvent) -> None:
        app = shop_key(site, allowed_origins=[], allows_apps=True)
        assert send(app, batch(sent(sized, {"size": 1}))).status_code == 403

    def test_any_one_label_of_a_domain(self, site: Site, sized: ReceptionEvent) -> None:
        key = shop_key(site, allowed_origins=["https://*.example.com"])
        answer = send(key, batch(sent(sized, {"size": 1})), origin="https://fr.example.com")
        assert (answer.status_code, answer[CORS]) == (202, "https://fr.example.com")
        body = batch(sent(sized, {"size": 1}))
        assert send(key, body, origin="https://a.b.example.com").status_code == 403


class TestWhatPagesMayRead:
    def test_the_answer_and_when_to_come_back(
        self, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        answer = send(shop, batch(sent(sized, {"size": 1})))
        assert answer[CORS] == SHOP
        assert answer["Access-Control-Expose-Headers"] == "Retry-After"
        assert answer["Vary"] == "Origin"
        assert not answer.has_header("Access-Control-Allow-Credentials")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"x" * (1024 * 1024 + 1)])
    def test_every_error_behind_the_check_of_the_origin(
        self, shop: PublishableKey, body: bytes
    ) -> None:
        answer = send(shop, body)
        assert answer.status_code in (400, 413)
        assert answer[CORS] == SHOP

    def test_a_browser_that_asks_first(self, shop: PublishableKey) -> None:
        answer = send(shop, b"", method="OPTIONS")
        assert (answer.status_code, answer.content) == (204, b"")
        assert {name: answer[name] for name in answer.headers if name.startswith("Access")} == {
            CORS: "*",
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "86400",
        }

    @pytest.mark.parametrize("query", ["?key={0}", "", "?key=pk_unknown"])
    @pytest.mark.parametrize("origin", ["", "null", "https://evil.example"])
    def test_asking_tells_nothing_of_the_key(
        self, shop: PublishableKey, origin: str, query: str
    ) -> None:
        path = f"/app/{shop.site.public_id}/events" + query.format(shop.key)
        answer = send(shop, b"", method="OPTIONS", origin=origin, path=path)
        to_the_shop = send(shop, b"", method="OPTIONS")
        assert (answer.status_code, answer.content) == (204, b"")
        assert dict(answer.headers) == dict(to_the_shop.headers)
        assert answer["Vary"] == "Origin"

    def test_no_other_address_says_a_word_about_origins(self, site: Site) -> None:
        for path in ("/custom-events/alias/a", f"/webhooks/{site.public_id}/custom-events/alias/a"):
            answer = knock("OPTIONS", path, b"", "text/plain", {"Origin": SHOP})
            assert not answer.has_header(CORS)


class TestTheBody:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    def test_another_method(self, shop: PublishableKey, method: str) -> None:
        answer = send(shop, b"", method=method)
        assert answer.status_code == 405
        assert answer["Allow"] == "POST, OPTIONS"

    @pytest.mark.parametrize(
        "content_type",
        ["application/x-www-form-urlencoded", "text/html", "multipart/form-data; boundary=x"],
    )
    def test_another_content_type(
        self, shop: PublishableKey, sized: ReceptionEvent, content_type: str
    ) -> None:
        answer = send(shop, batch(sent(sized, {"size": 1})), content_type=content_type)
        assert answer.status_code == 415
        assert body_of(answer)["code"] == "UNSUPPORTED_MEDIA_TYPE"

    def test_another_character_set_or_an_encoding(
        self, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        body = batch(sent(sized, {"size": 1}))
        answers = [
            send(shop, body, content_type="text/plain;charset=utf-7"),
            send(shop, body, headers={"Content-Encoding": "gzip"}),
        ]
        assert [each.status_code for each in answers] == [415, 415]
        assert {body_of(each)["code"] for each in answers} == {"UNSUPPORTED_ENCODING"}

    def test_one_that_is_too_large(self, shop: PublishableKey) -> None:
        answer = send(shop, b'"' + b"x" * (1024 * 1024))
        assert body_of(answer) == problem(
            413, "Content Too Large", "TOO_LARGE", "The body may have up to 1048576 bytes."
        )

    @pytest.mark.parametrize(
        "body", [[], 1, None, {}, {"events": None}, {"events": {}}, {"events": []}]
    )
    def test_one_without_events(self, shop: PublishableKey, body: Any) -> None:
        answer = send(shop, body)
        assert answer.status_code == 400
        assert body_of(answer)["code"] == "BAD_BODY"

    def test_more_than_a_hundred_events(self, shop: PublishableKey, sized: ReceptionEvent) -> None:
        answer = send(shop, batch(*[sent(sized, {"size": 1})] * 101))
        assert body_of(answer) == problem(
            422,
            "Unprocessable Content",
            "TOO_MANY_EVENTS",
            "A request may have at most 100 events. Send the rest in another.",
        )
        assert not ReceivedEvent.objects.exists()


class TestAnEvent:
    def test_when_none_was_accepted_the_problem_has_the_same_list(
        self, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        answer = send(shop, batch(sent(sized, {}), sent(sized, {"size": "x"})))
        assert answer["Content-Type"] == "application/problem+json"
        reasons = ["Required field is missing.", "Expected a whole number."]
        assert body_of(answer) == {
            **problem(
                422,
                "Unprocessable Content",
                "NO_EVENT_ACCEPTED",
                "None of the events was accepted; each says why.",
            ),
            "events": [
                {
                    "error": {
                        "code": "INVALID_FIELDS",
                        "detail": "Fields are missing or do not fit.",
                        "validationErrors": [{"path": "size", "reason": reason}],
                    }
                }
                for reason in reasons
            ],
        }

    def test_of_another_site_another_context_or_nothing(
        self, site: Site, shop: PublishableKey
    ) -> None:
        elsewhere, other = app_event(SiteFactory.create()), documented_event(site)
        entries = [sent(elsewhere), sent(other), {"type": "custom", "eventId": "f" * 24}]
        entries += [{"type": "custom", "eventId": 7}, {"type": "custom"}]
        answer = send(shop, batch(*entries))
        assert answer.status_code == 422
        assert {result["error"]["code"] for result in results(answer)} == {"UNKNOWN_EVENT"}
        written_rejections()
        assert not RejectedRequest.objects.exists()

    def test_that_is_switched_off(self, site: Site, shop: PublishableKey) -> None:
        off = app_event(site, active=False)
        assert error_of(send(shop, batch(sent(off))))["code"] == "UNKNOWN_EVENT"
        written_rejections()
        assert RejectedRequest.objects.get().cause == "SOURCE_DISABLED"

    @pytest.mark.parametrize(
        "entry",
        [
            {"type": "page-visit"},
            {"type": None},
            {"payload": []},
            {"payload": "x"},
            {"id": 7},
            {"id": "not an id"},
            {"id": "x" * 65},
        ],
    )
    def test_that_is_no_event(
        self, shop: PublishableKey, sized: ReceptionEvent, entry: dict[str, Any]
    ) -> None:
        answer = send(shop, batch(sent(sized, {"size": 1}) | entry))
        assert error_of(answer)["code"] == "BAD_EVENT"
        written_rejections()
        assert RejectedRequest.objects.get().cause == "BAD_BODY"

    def test_that_is_too_large_by_itself(self, site: Site, shop: PublishableKey) -> None:
        event = app_event(site, field("text"))
        room = 512 * 1024 - len(json.dumps(sent(event, {"other": ""}), separators=(",", ":")))
        # The id that it gets here counts as well.
        room -= len(',"id":""') + 36
        for length, status in ((room, 202), (room + 1, 422)):
            answer = send(shop, batch(sent(event, {"other": "x" * length})))
            assert answer.status_code == status
        assert error_of(answer)["code"] == "TOO_LARGE"
        written_rejections()
        assert RejectedRequest.objects.get().cause == "TOO_LARGE"

    @pytest.mark.parametrize(
        "entity",
        [
            None,
            {},
            7,
            {"trackerId": ""},
            {"trackerId": "has space", "primaryKey": "no address"},
            {"trackerId": "x" * 129},
            {"trackerId": ["a"], "primaryKey": {"a": 1}},
        ],
    )
    def test_that_names_nobody(
        self, shop: PublishableKey, sized: ReceptionEvent, entity: Any
    ) -> None:
        body = batch(sent(sized, {"size": 1})) | {"entityInfo": entity}
        assert error_of(send(shop, body))["code"] == "NO_IDENTITY"
        written_rejections()
        assert RejectedRequest.objects.get().cause == "NO_IDENTITY"


class TestTooMany:
    def test_of_one_address_before_all_users_of_the_key(
        self, shop: PublishableKey, sized: ReceptionEvent, settings: Settings
    ) -> None:
        settings.APP_THROTTLE_PER_ADDRESS = 1
        settings.APP_THROTTLE_PER_KEY = 2
        body = batch(sent(sized, {"size": 1}))
        settings.TRUSTED_PROXY_COUNT = 1

        def status(address: str) -> int:
            return send(shop, body, headers={"X-Forwarded-For": address}).status_code

        assert [status("192.0.2.1") for _ in range(3)] == [202, 202, 429]
        assert [status(f"192.0.2.{number}") for number in range(2, 5)] == [202, 202, 429]

    def test_says_when_to_come_back_to_the_page(
        self, shop: PublishableKey, sized: ReceptionEvent, settings: Settings
    ) -> None:
        settings.APP_THROTTLE_PER_KEY = 1
        body = batch(sent(sized, {"size": 1}))
        answers = [send(shop, body) for _ in range(3)]
        assert answers[2].status_code == 429
        assert answers[2]["Retry-After"] == "1"
        assert answers[2][CORS] == SHOP
        assert body_of(answers[2])["code"] == "THROTTLED"

    def test_of_one_event_stores_none_of_the_request(
        self, site: Site, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        slow = app_event(site, throttle_per_second=1)
        for _ in range(2):
            assert send(shop, batch(sent(slow))).status_code == 202
        answer = send(shop, batch(sent(sized, {"size": 1}), sent(slow)))
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
        assert not ReceivedEvent.objects.filter(source=sized.source).exists()
        written_rejections()
        rejected = RejectedRequest.objects.get()
        assert (rejected.source_id, rejected.cause) == (slow.source_id, "THROTTLED")


class TestTakenInLater:
    def changed(self, event: ReceptionEvent, *fields: ReceptionField) -> None:
        reception_event_save(event=event, fields=fields, actor=STAFF)

    def test_what_the_fields_refused_is_kept_whole_by_event(
        self, shop: PublishableKey, sized: ReceptionEvent
    ) -> None:
        send(
            shop,
            batch(sent(sized, {"size": "L" * 5_000}), sent(sized, {"size": 3}), email="a@b.se"),
        )
        written_rejections()
        rejected = RejectedRequest.objects.get()
        assert (rejected.cause, rejected.status_code) == ("INVALID_FIELDS", 422)
        assert rejected.is_whole
        assert rejected.query == {"key": "•••"}
        kept = json.loads(bytes(rejected.body_start))
        assert kept["event"]["payload"] == {"size": "L" * 5_000}
        assert kept["entityInfo"] == {"trackerId": "tracker-1", "primaryKey": "a@b.se"}

    def test_once_the_fields_are_changed(self, shop: PublishableKey, sized: ReceptionEvent) -> None:
        send(shop, batch(sent(sized, {"size": "large"}, id="e1")))
        written_rejections()
        rejected = RejectedRequest.objects.get()
        assert not needs_vouching(rejected)
        self.changed(sized, field("size", "text", is_required=True))
        rejected_request_reprocess(rejected=rejected, actor=STAFF)
        worked_off()
        stored = ReceivedEvent.objects.get()
        assert stored.status == "processed"
        reloaded_directory()
        # The page tries again: it is the same event.
        send(shop, batch(sent(sized, {"size": "large"}, id="e1")))
        assert ReceivedEvent.objects.count() == 1

    def test_once_a_field_names_the_person(self, site: Site, shop: PublishableKey) -> None:
        event = app_event(site, field("mail", "email"))
        answer = send(shop, batch(sent(event, {"mail": "jane@example.com"}), tracker=None))
        assert error_of(answer)["code"] == "NO_IDENTITY"
        written_rejections()
        rejected = RejectedRequest.objects.get()
        assert not needs_vouching(rejected)
        self.changed(event, field("mail", "email", is_primary_key=True))
        rejected_request_reprocess(rejected=rejected, actor=STAFF)
        worked_off()
        assert ReceivedEvent.objects.get().status == "processed"
