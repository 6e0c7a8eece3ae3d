"""Refused requests as staff find them: masked, capped, counted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import DataError, OperationalError

from common.redaction import MASK
from integrations.causes import RejectionCause
from tests.factories import SourceFactory
from tests.webhooks.reception import Sender, engage_body, engage_source, written_rejections
from webhooks.inbound.reception import directory, rejection_rows, rejections
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import request_parts
from webhooks.models import ReceivedEvent, RejectedRequest, RejectionCount, Source, SourceHour

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender() -> Sender:
    return Sender(engage_source())


def only_rejection() -> RejectedRequest:
    written_rejections()
    return RejectedRequest.objects.get()


def test_a_bad_signature_is_kept_with_its_cause_and_the_start_of_its_body(sender: Sender) -> None:
    headers = sender.signed_headers(engage_body(1))
    sender.post(engage_body(2), headers)
    row = only_rejection()
    assert (row.cause, row.status_code) == ("BAD_SIGNATURE", 401)
    assert (row.site_id, row.source_id) == (sender.source.site_id, sender.source.pk)
    assert bytes(row.body_start) == engage_body(2)
    assert row.is_whole
    assert row.body_bytes == len(engage_body(2))
    assert row.headers["svix-signature"] == MASK
    assert row.headers["svix-id"] == headers["svix-id"]
    assert row.remote_address == "127.0.0.1"


def test_of_a_long_body_the_first_two_kilobytes_are_kept(sender: Sender) -> None:
    sender.post(b"[" + b" " * 5_000, None)
    row = only_rejection()
    assert len(bytes(row.body_start)) == 2_048
    assert row.body_bytes == 5_001
    assert not row.is_whole


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("SOURCE_DISABLED", 404),
        ("THROTTLED", 429),
        ("TOO_LARGE", 413),
        ("EMPTY_BODY", 400),
        ("UNSUPPORTED_ENCODING", 415),
        ("MISSING_SIGNATURE", 401),
        ("STALE_TIMESTAMP", 401),
        ("BAD_JSON", 400),
        ("BAD_BODY", 400),
    ],
)
def test_every_cause_leaves_its_row(cause: str, status: int) -> None:
    sender = Sender(engage_source(throttle_per_second=1, is_active=cause != "SOURCE_DISABLED"))
    assert _provoke(sender, cause) == status
    written_rejections()
    assert RejectedRequest.objects.get().cause == cause
    assert RejectionCount.objects.get().cause == cause


def _provoke(sender: Sender, cause: str) -> int:
    body, headers = engage_body(), None
    if cause == "THROTTLED":
        for number in range(2):
            sender.post(engage_body(number))
    elif cause == "TOO_LARGE":
        body = b"x" * (512 * 1024 + 1)
    elif cause == "EMPTY_BODY":
        body = b""
    elif cause == "UNSUPPORTED_ENCODING":
        headers = sender.signed_headers(body) | {"Content-Encoding": "gzip"}
    elif cause == "MISSING_SIGNATURE":
        headers = {}
    elif cause == "STALE_TIMESTAMP":
        verifier = sender.source.preset.verifier(sender.source.config)
        headers = dict(verifier.credentials(body, datetime(2020, 1, 1, tzinfo=UTC)).headers)
    elif cause in ("BAD_JSON", "BAD_BODY"):
        body = b"{" if cause == "BAD_JSON" else b"[]"
    return sender.post(body, headers).status_code


def test_ten_thousand_unsigned_requests_add_at_most_the_cap(sender: Sender) -> None:
    found = directory.find(sender.source.public_id)
    assert found is not None
    environ = {"REMOTE_ADDR": "203.0.113.7", "PATH_INFO": "/in/x"}
    for number in range(10_000):
        refusal = Refusal(cause=RejectionCause.MISSING_SIGNATURE, status=401, body=b"x")
        rejections.record(found, request_parts(environ, datetime.now(UTC)), refusal)
        if number % 2_500 == 0:
            written_rejections()
    written_rejections()
    assert RejectedRequest.objects.count() == rejection_rows.MOST_ROWS_WITHOUT_CREDENTIAL
    assert RejectionCount.objects.get().count == 10_000
    assert SourceHour.objects.get().rejected == 10_000


def test_all_causes_together_stop_at_the_cap_of_the_day(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejection_rows, "MOST_ROWS", 30)
    for number in range(25):
        sender.post(engage_body(number), sender.signed_headers(engage_body(99)))
        sender.post(b"{", None)
    written_rejections()
    assert RejectedRequest.objects.count() == 30
    assert sum(RejectionCount.objects.values_list("count", flat=True)) == 50


def test_another_process_shares_the_cap(sender: Sender) -> None:
    for _ in range(25):
        sender.post(engage_body(), {})
    written_rejections()
    # What this process remembers is gone; the database still knows.
    rejections.forget()
    sender.post(engage_body(), {})
    written_rejections()
    assert RejectedRequest.objects.count() == rejection_rows.MOST_ROWS_WITHOUT_CREDENTIAL
    assert RejectionCount.objects.get().count == 26


def test_each_source_has_its_own_cap(sender: Sender) -> None:
    other = Sender(engage_source())
    for _ in range(25):
        sender.post(engage_body(), {})
    other.post(engage_body(), {})
    written_rejections()
    assert Counter(RejectedRequest.objects.values_list("source_id", flat=True)) == {
        sender.source.pk: rejection_rows.MOST_ROWS_WITHOUT_CREDENTIAL,
        other.source.pk: 1,
    }


def test_counts_survive_a_database_that_is_away(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(rejection_rows, "write", away)
    sender.post(engage_body(), {})
    written_rejections()
    sender.post(engage_body(), {})
    monkeypatch.undo()
    written_rejections()
    assert RejectionCount.objects.get().count == 2
    assert RejectedRequest.objects.count() == 2


def test_a_row_that_the_database_refuses_keeps_no_other_from_being_written(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DataError("no such text")

    monkeypatch.setattr(rejection_rows, "write", refuse)
    sender.post(engage_body(), {})
    written_rejections()
    monkeypatch.undo()
    written_rejections()
    assert RejectionCount.objects.get().count == 1
    sender.post(engage_body(), {})
    written_rejections()
    assert RejectionCount.objects.get().count == 2
    assert RejectedRequest.objects.count() == 1


def test_rejections_of_a_deleted_source_are_dropped_and_others_kept(sender: Sender) -> None:
    doomed = Sender(engage_source())
    doomed.post(engage_body(), {})
    sender.post(engage_body(), {})
    Source.objects.filter(pk=doomed.source.pk).delete()
    written_rejections()
    assert RejectedRequest.objects.get().source_id == sender.source.pk


def test_a_secret_in_the_url_is_masked_in_every_row_and_a_doubled_one_is_no_credential() -> None:
    token = "t" * 40
    source = SourceFactory.create(
        preset_key="ongage",
        settings={"verification": "token_query", "token_parameter": "token"},
        secrets={"tokens": [token]},
    )
    sender = Sender(source)
    body = b'{"status":"soft","email":"john@example.com","list_id":"1"}'

    assert sender.post(body, {}, query={"token": token, "x": "1"}).status_code == 200
    stored = ReceivedEvent.objects.get()
    assert stored.query == {"token": MASK, "x": "1"}

    path = f"/in/{source.public_id}?token={token}&token={token}"
    assert sender.post(body, {}, path=path).status_code == 401
    row = only_rejection()
    assert row.cause == "MISSING_TOKEN"
    assert "more than once" in row.detail
    for text in (row.detail, str(row.headers), str(row.query), str(stored.headers)):
        assert token not in text


def test_a_doubled_parameter_is_left_out_and_noted(sender: Sender) -> None:
    path = f"/in/{sender.source.public_id}?a=1&a=2&b=3"
    assert sender.post(engage_body(), path=path).status_code == 200
    stored = ReceivedEvent.objects.get()
    assert stored.query == {"b": "3"}
    assert [entry["what"] for entry in stored.history] == ["received"]
    assert "more than once in the URL: a." in stored.history[0]["detail"]


def test_nul_in_the_name_of_a_doubled_parameter_is_noted_in_its_safe_form(sender: Sender) -> None:
    path = f"/in/{sender.source.public_id}?a%00=1&a%00=2"
    assert sender.post(engage_body(), path=path).status_code == 200
    assert ReceivedEvent.objects.get().history[0]["detail"].endswith("URL: a\ufffd.")

    assert sender.post(engage_body(), {}, path=path).status_code == 401
    assert only_rejection().detail.endswith("URL: a\ufffd.")


def test_what_is_kept_of_headers_is_bounded(sender: Sender) -> None:
    body = engage_body()
    many = {f"x-header-{number}": "v" * 3_000 for number in range(150)}
    assert sender.post(body, many | sender.signed_headers(body)).status_code == 200
    kept = ReceivedEvent.objects.get().headers
    assert len(kept) == 100
    assert max(map(len, kept.values())) == 1_000


def test_nul_and_odd_bytes_in_a_query_are_stored_in_their_safe_form(sender: Sender) -> None:
    path = f"/in/{sender.source.public_id}?a=%00b&c=%ff%ed%a0%80"
    assert sender.post(engage_body(), path=path).status_code == 200
    assert ReceivedEvent.objects.get().query["a"] == "\ufffdb"


def test_a_proxy_of_this_machine_is_no_header() -> None:
    environ = {"HTTP_PROXY": "http://user:canary@proxy.example.com", "HTTP_SVIX_ID": "msg_1"}
    assert request_parts(environ, datetime.now(UTC)).headers == {"svix-id": "msg_1"}
