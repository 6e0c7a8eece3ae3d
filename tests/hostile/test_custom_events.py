"""Both contexts of reception events on the real web process: senders that lie, stop and double."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.utils import timezone

from contacts.models import Contact
from sites.api_keys.services import api_key_revoke
from sites.audit import Actor
from sites.models import ApiKey, Site
from tests.factories import API_KEY_SECRET, ApiKeyFactory, SiteFactory
from tests.hostile.web_process import web_process
from tests.hostile.wire import Answer, Header, Wire, post
from tests.processes.waiting import eventually
from tests.webhooks.custom_events import FLAT, documented_event
from webhooks.models import Context, ReceivedEvent, ReceptionEvent

pytestmark = [pytest.mark.network, pytest.mark.processes]

BODY = json.dumps(FLAT).encode()
JSON: Header = ("Content-Type", "application/json")


@dataclass(slots=True)
class Doors:
    port: int
    key: ApiKey
    api_path: str
    webhook_path: str

    @property
    def keyed(self) -> list[Header]:
        return [JSON, ("Authorization", f"ApiKey {self.key.key_id}:{API_KEY_SECRET}")]

    def each(self) -> list[tuple[str, list[Header]]]:
        return [(f"{self.api_path}?createContact=true", self.keyed), (self.webhook_path, [JSON])]


@pytest.fixture
def doors(transactional_db: None) -> Iterator[Doors]:
    site: Site = SiteFactory.create()
    api: ReceptionEvent = documented_event(site)
    webhook = documented_event(site, Context.WEBHOOK, alias="webhook")
    key = ApiKeyFactory.create(site=site)
    with web_process() as port:
        yield Doors(
            port=port,
            key=key,
            api_path=f"/custom-events/alias/{api.alias}",
            webhook_path=f"/webhooks/{site.public_id}/custom-events/alias/{webhook.alias}",
        )


def test_senders_that_do_not_play_by_the_rules(doors: Doors) -> None:
    """One server for all of these: starting it is what takes the time."""
    for misbehave in _CASES:
        misbehave(doors)
        for path, headers in doors.each():
            assert post(doors.port, path, headers, BODY).status == 201, misbehave.__name__


def _chunked(doors: Doors, path: str, headers: list[Header], chunks: list[bytes]) -> Answer:
    with Wire(doors.port) as wire:
        wire.send_head(path, [*headers, ("Transfer-Encoding", "chunked")])
        wire.send_chunks(chunks)
        return wire.answer()


def _chunked_bodies_are_read_whole_under_the_same_cap(doors: Doors) -> None:
    for path, headers in doors.each():
        assert _chunked(doors, path, headers, [BODY[:5], BODY[5:]]).status == 201
        too_much = [b" " * 65_536] * 8 + [b" "]
        assert _chunked(doors, path, headers, too_much).status in (413, 0)


def _half_a_body_is_never_stored(doors: Doors) -> None:
    before = ReceivedEvent.objects.count()
    for path, headers in doors.each():
        with Wire(doors.port) as wire:
            wire.send_head(path, [*headers, ("Content-Length", str(len(BODY) + 50))])
            wire.send(BODY)
            wire.finish_sending()
            assert wire.answer().status in (400, 0)
    assert ReceivedEvent.objects.count() == before


def _an_announced_giant_is_refused_unread(doors: Doors) -> None:
    for path, headers in doors.each():
        with Wire(doors.port) as wire:
            wire.send_head(path, [*headers, ("Content-Length", str(10**9))])
            assert wire.answer().status == 413


def _a_doubled_key_is_a_bare_401(doors: Doors) -> None:
    headers = [*doors.keyed, doors.keyed[1]]
    answer = post(doors.port, doors.api_path, headers, BODY)
    assert (answer.status, answer.body) == (401, b"")


def _a_stranger_is_refused_before_a_giant_is_read(doors: Doors) -> None:
    with Wire(doors.port) as wire:
        wire.send_head(doors.api_path, [JSON, ("Content-Length", str(10**9))])
        assert wire.answer().status == 401


def _deep_and_broken_json_is_400(doors: Doors) -> None:
    for path, headers in doors.each():
        for body in (b"[" * 200_000, b'{"a":' * 100_000, b"\x00", b'{"email": 1e999999}'):
            assert post(doors.port, path, headers, body).status == 400, body[:20]


def _an_unknown_contact_is_told_and_a_known_one_taken(doors: Doors) -> None:
    answer = post(doors.port, doors.api_path, doors.keyed, BODY)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "E0501")
    now = timezone.now()
    Contact.objects.create(site=doors.key.site, email=FLAT["email"], created_at=now, updated_at=now)
    assert post(doors.port, doors.api_path, doors.keyed, BODY).status == 201


_CASES: tuple[Callable[[Doors], None], ...] = (
    _chunked_bodies_are_read_whole_under_the_same_cap,
    _half_a_body_is_never_stored,
    _an_announced_giant_is_refused_unread,
    _a_doubled_key_is_a_bare_401,
    _a_stranger_is_refused_before_a_giant_is_read,
    _deep_and_broken_json_is_400,
    _an_unknown_contact_is_told_and_a_known_one_taken,
)


def test_a_revoked_key_ends_in_a_process_that_runs(doors: Doors) -> None:
    path = f"{doors.api_path}?createContact=true"
    assert post(doors.port, path, doors.keyed, BODY).status == 201
    api_key_revoke(key=doors.key, actor=Actor.system("tests"))
    eventually(lambda: post(doors.port, path, doors.keyed, BODY).status == 401)
