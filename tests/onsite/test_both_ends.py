"""Patchbay calls Patchbay over real HTTP: one site's client, another site's served API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from config.environment import BASE_DIR
from contacts.models import Contact
from integrations.generic_api.authentication import authenticate
from integrations.generic_api.client import CallResult, lookup, write
from integrations.generic_api.shared_structure import from_shared, to_shared
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall, Direction, GenericApi, Outcome, Purpose
from integrations.models.generic_api import Algorithm, Encoding, KeyPlace, Signs, WriteMethod
from tests.factories import SiteFactory
from tests.hostile.web_process import web_process
from tests.hostile.wire import Answer, Header, Wire, post
from tests.onsite.served_site import OPTIONS, SECRETS, served_api

pytestmark = [pytest.mark.network, pytest.mark.processes]

SAMPLES = BASE_DIR / "integrations" / "generic_api" / "samples"
CUSTOM_KEYS = {
    "email_key": "e_mail",
    "phone_key": "mobile_phone",
    "name_key": "full_name",
    "personal_identity_key": "ssn",
}
NEWSLETTER = [
    {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat"]},
    {"key": "newsletter_consent", "label": "News", "type": "boolean", "stored_as": "consent"},
]
MODES: list[dict[str, Any]] = [
    {"auth_mode": "header", "header_name": "Authorization"},
    {"auth_mode": "header", "header_name": "X-Onsite-Token"},
    {"auth_mode": "header", "header_name": "Shop_Pass"},
    *({"auth_mode": "api_key", "api_key_place": place} for place in KeyPlace.values),
    *(
        {
            "auth_mode": "hmac",
            "hmac_algorithm": algorithm,
            "hmac_encoding": encoding,
            "hmac_signs": signs,
            "hmac_prefix": prefix,
        }
        for algorithm, encoding, signs, prefix in product(
            Algorithm.values, Encoding.values, Signs.values, ("", "sha=")
        )
    ),
]


@dataclass(slots=True)
class Ends:
    """Two sites with the same terms; `caller` has the URLs of what `served` serves."""

    port: int
    served: GenericApi
    caller: GenericApi

    @property
    def path(self) -> str:
        return f"/generic/{self.served.site.public_id}/contacts"

    def agree_on(self, **terms: Any) -> None:
        for api in (self.served, self.caller):
            for name, value in terms.items():
                setattr(api, name, value)
            api.save()

    def write(self, visitor: VisitorData, tag: str = "") -> CallResult:
        return write(api=self.caller, visitor=visitor, tag=tag, purpose=Purpose.SUBMISSION)

    def lookup(self, **identities: str) -> CallResult:
        visitor = VisitorData(**identities)  # type: ignore[arg-type]
        return lookup(api=self.caller, visitor=visitor, purpose=Purpose.SUBMISSION)

    def signed(self, method: str, body: bytes, query: str = "") -> list[Header]:
        """Return the headers of an honest request, for a sender that is not honest otherwise."""
        url = self.path + (f"?{query}" if query else "")
        headers = authenticate(
            self.served, method=method, url=url, body=body, now=datetime.now(UTC)
        ).headers
        return [*headers.items(), ("Content-Type", "application/json")]

    def post(self, body: bytes) -> Answer:
        return post(self.port, self.path, self.signed("POST", body), body)


@pytest.fixture
def ends(transactional_db: None) -> Iterator[Ends]:
    with web_process() as port:
        served = served_api()
        caller = GenericApi(
            site=SiteFactory.create(), auth_mode="api_key", custom_options=OPTIONS, **SECRETS
        )
        pair = Ends(port, served, caller)
        caller.lookup_url = caller.write_url = f"http://127.0.0.1:{port}{pair.path}"
        caller.save()
        yield pair


def test_every_mode_carries_a_visitor_there_and_back(ends: Ends) -> None:
    """One server for all modes: starting it is what takes the time."""
    for number, mode in enumerate(MODES):
        ends.agree_on(**mode)
        visitor = VisitorData(
            email=f"jané+{number}@exämple.com",
            phone=f"+467012345{number:02}",
            name="Jane van der Doe & Co",
            options={"pet": "Dog", "acceptsEmail": False, "terms": True, "visits": number},
        )
        assert ends.lookup(email=visitor.email).call.outcome == Outcome.NOT_FOUND, mode
        assert ends.write(visitor, "NewFriend").call.outcome == Outcome.CREATED, mode
        assert ends.write(visitor, "ExistingFriend").call.outcome == Outcome.UPDATED, mode
        found = ends.lookup(email=visitor.email, phone=visitor.phone)
        assert (found.call.outcome, found.visitor) == (Outcome.FOUND, visitor), mode
        assert (found.tag, found.notes) == ("ExistingFriend", ()), mode
        _a_wrong_secret_is_blocked(ends, visitor)
    assert Contact.objects.filter(site=ends.served.site).count() == len(MODES)
    _nothing_of_the_secrets_was_kept()


def _a_wrong_secret_is_blocked(ends: Ends, visitor: VisitorData) -> None:
    stranger = GenericApi.objects.get(pk=ends.caller.pk)
    for name in SECRETS:
        setattr(stranger, name, "canary-another-secret")
    blocked = write(api=stranger, visitor=visitor, purpose=Purpose.SUBMISSION)
    assert (blocked.call.outcome, blocked.call.status_code) == (Outcome.BLOCKED, 401)
    assert blocked.call.response_body == ""


def _nothing_of_the_secrets_was_kept() -> None:
    calls = ApiCall.objects.values_list(
        "url", "request_headers", "request_body", "response_headers", "response_body", "reason"
    )
    kept = str(list(calls))
    assert len(kept) > 1000
    assert "canary" not in kept
    assert SECRETS["api_key_value"] not in kept


@pytest.mark.parametrize(
    ("sample", "terms"),
    [
        ("contact.json", {"custom_options": OPTIONS}),
        ("contact_custom_keys.json", {"custom_options": NEWSLETTER, **CUSTOM_KEYS}),
    ],
)
def test_the_samples_pass_both_ends_with_every_method_and_by_every_key(
    ends: Ends, sample: str, terms: dict[str, Any]
) -> None:
    document = json.loads(Path(SAMPLES / sample).read_text())
    ends.agree_on(
        **terms,
        auth_mode="hmac",
        hmac_signs="request",
        lookup_sends=["email", "phone", "personal_identity"],
    )
    read = from_shared(ends.caller, document)
    assert read.notes == ()
    for method, outcome in zip(
        WriteMethod.values, (Outcome.CREATED, Outcome.UPDATED, Outcome.UPDATED), strict=True
    ):
        ends.agree_on(write_method=method)
        assert ends.write(read.visitor, read.tag).call.outcome == outcome
    visitor = read.visitor
    for identities in (
        {"email": visitor.email},
        {"phone": visitor.phone},
        {"personal_identity": visitor.personal_identity},
        {"email": visitor.email, "phone": visitor.phone},
    ):
        found = ends.lookup(**identities)
        assert found.visitor is not None
        assert to_shared(ends.caller, found.visitor, found.tag) == document
    served = ApiCall.objects.filter(direction=Direction.SERVED)
    assert served.count() == 7
    assert "7935" not in str(list(served.values_list("url", "request_body", "response_body")))


def test_senders_that_do_not_play_by_the_rules(ends: Ends) -> None:
    """None of them is let in, none is a server error, and the next honest one is served."""
    for number, signs in enumerate(Signs.values):
        ends.agree_on(auth_mode="hmac", hmac_signs=signs)
        for misbehave in _CASES:
            before = Contact.objects.count()
            misbehave(ends)
            name = f"{misbehave.__name__} {signs}"
            assert Contact.objects.count() == before, name
            honest = ends.post(_jane(1000 * number + before))
            assert honest.status == 201, name


def _jane(number: int) -> bytes:
    return json.dumps({"email": f"jane{number}@example.com", "redeal": "NewSignup"}).encode()


_BODY = _jane(0)


def _doubled_headers(ends: Ends) -> None:
    headers = ends.signed("POST", _BODY)
    for name, value in headers[:-1]:
        for twin in (value, "00"):
            answer = post(ends.port, ends.path, [*headers, (name, twin)], _BODY)
            assert (answer.status, answer.body) in ((401, b""), (400, answer.body)), name


def _underscored_twin(ends: Ends) -> None:
    headers = [(name.replace("-", "_"), "00") for name, _ in ends.signed("POST", _BODY)]
    assert post(ends.port, ends.path, headers, _BODY).status in (400, 401)


def _cut_off_chunks(ends: Ends) -> None:
    with Wire(ends.port) as wire:
        head = [*ends.signed("POST", _BODY), ("Transfer-Encoding", "chunked")]
        wire.send_head(ends.path, head)
        wire.send_chunks([_BODY[:-3]], is_ended=False)
        wire.finish_sending()
        assert wire.answer().status in (0, 400, 401)


def _half_a_body(ends: Ends) -> None:
    with Wire(ends.port) as wire:
        length = ("Content-Length", str(len(_BODY) + 50))
        wire.send_head(ends.path, [*ends.signed("POST", _BODY), length])
        wire.send(_BODY)
        wire.finish_sending()
        assert wire.answer().status in (0, 400)


def _more_than_announced(ends: Ends) -> None:
    with Wire(ends.port) as wire:
        wire.send_head(ends.path, [*ends.signed("POST", _BODY), ("Content-Length", "10")])
        wire.send(_BODY)
        assert wire.answer().status in (400, 401)


def _lengths_that_are_none(ends: Ends) -> None:
    for length in ("-1", "+5", "1e3", "0x10"):
        with Wire(ends.port) as wire:
            wire.send_head(ends.path, [*ends.signed("POST", _BODY), ("Content-Length", length)])
            assert wire.answer().status in (0, 400), length


def _too_much(ends: Ends) -> None:
    with Wire(ends.port) as wire:
        wire.send_head(ends.path, [*ends.signed("POST", _BODY), ("Content-Length", str(10**9))])
        assert wire.answer().status == 413


def _signed_garbage(ends: Ends) -> None:
    for body in (b"[" * 100_000, b"\xff\xfe{}", b'{"email":"\\ud800"}', b"null", b"{}"):
        assert ends.post(body).status == 400


def _queries_that_are_none(ends: Ends) -> None:
    for query in ("%", "email=%zz", "email=%00", "email=%ff", "&" * 500, "email=a&" * 500, "=;=="):
        headers = ends.signed("GET", b"", query)
        with Wire(ends.port) as wire:
            wire.send_head(f"{ends.path}?{query}", headers, method="GET")
            assert wire.answer().status in (400, 404), query


_CASES = (
    _doubled_headers,
    _underscored_twin,
    _cut_off_chunks,
    _half_a_body,
    _more_than_announced,
    _lengths_that_are_none,
    _too_much,
    _signed_garbage,
    _queries_that_are_none,
)


def test_a_chunked_write_is_read_whole(ends: Ends) -> None:
    with Wire(ends.port) as wire:
        wire.send_head(ends.path, [*ends.signed("POST", _BODY), ("Transfer-Encoding", "chunked")])
        wire.send_chunks([_BODY[:5], _BODY[5:6], _BODY[6:]])
        assert wire.answer().status == 201
    assert Contact.objects.get().email == "jane0@example.com"
