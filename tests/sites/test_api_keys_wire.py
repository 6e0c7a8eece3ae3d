"""API keys against the real server, whose reading of a request is not Django's test client's."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from django.db.models import Sum

from sites.api_keys.services import api_key_revoke
from sites.audit import Actor
from sites.models import ApiKey, ApiKeyHour
from tests.factories import API_KEY_SECRET, ApiKeyFactory
from tests.hostile.web_process import web_process
from tests.hostile.wire import Answer, Header, Wire, post

pytestmark = [pytest.mark.network, pytest.mark.processes]


@pytest.mark.django_db(transaction=True)
def test_keys_over_the_wire() -> None:
    """One server for all of these: starting it is what takes the time."""
    key = ApiKeyFactory.create()
    path = f"/onsite/{key.site.public_id}/submissions"
    header = ("Authorization", f"ApiKey {key.key_id}:{API_KEY_SECRET}")
    json_type = ("Content-Type", "application/json")
    with web_process() as port:
        # An empty object passes the key and lacks everything: what the console's command shows.
        assert _code(post(port, path, [header, json_type], b"{}")) == (422, "INVALID")
        assert _code(post(port, path, [header], b"{}")) == (422, "INVALID")
        assert _code(_chunked(port, path, [header, json_type], [b"{", b"}"])) == (422, "INVALID")
        assert _code(_chunked(port, path, [header, json_type], [b"{"])) == (400, "BAD_JSON")
        assert _code(_chunked(port, path, [header, json_type], [])) == (400, "EMPTY_BODY")
        gzipped = [header, json_type, ("Content-Encoding", "gzip")]
        assert _code(post(port, path, gzipped, b"{}")) == (415, "UNSUPPORTED_ENCODING")
        for refused in ([], [header, header], [(header[0], "ApiKey \xe9:\xe9")]):
            answer = post(port, path, [*refused, json_type], b"{}")
            assert (answer.status, answer.body) == (401, b""), refused
            assert "www-authenticate: apikey" in answer.head
        # A door that knows keys from memory hears of the end of one.
        event = "/custom-events/alias/no-such-event"
        assert _code(post(port, event, [header, json_type], b"{}")) == (404, "NOT_FOUND")
        api_key_revoke(key=key, actor=Actor.system("tests"))
        answers = (post(port, event, [header, json_type], b"{}").status for _ in range(10_000))
        assert next(status for status in answers if status not in (404, 429)) == 401
    stored = ApiKey.objects.get()
    assert stored.last_used_at is not None
    assert stored.last_used_from == "127.0.0.1"
    # The process was stopped right after: what it had counted, it wrote before it went.
    statuses = ApiKeyHour.objects.values_list("status").annotate(count=Sum("count"))
    counted = dict(statuses)
    assert {status: counted[status] for status in (422, 400, 415, 401)} == {
        422: 3, 400: 2, 415: 1, 401: 1,
    }  # fmt: skip


def _code(answer: Answer) -> tuple[int, str]:
    assert "content-type: application/problem+json" in answer.head, answer
    return answer.status, json.loads(answer.body)["code"]


def _chunked(port: int, path: str, headers: Sequence[Header], chunks: list[bytes]) -> Answer:
    with Wire(port) as wire:
        wire.send_head(path, [*headers, ("Transfer-Encoding", "chunked")])
        wire.send_chunks(chunks)
        return wire.answer()
