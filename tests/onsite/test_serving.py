"""The Generic API as we serve it: answers, and what they leave in the log and in contacts."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contacts.models import Consent, Contact
from integrations.models import ApiCall, Operation, Outcome, Purpose
from onsite.people import stored_tag
from onsite.serving.view import throttle
from sites.models import Site
from tests.contacts.changes import apply as tell
from tests.onsite.served_site import Onsite, served_api

NUMBER = "20040217-7935"
JANE: dict[str, Any] = {
    "email": "jane@example.com",
    "phone": "+46701234567",
    "name": "Jane Doe",
    "personalIdentity": NUMBER,
    "pet": "Dog",
    "acceptsEmail": True,
    "terms": False,
    "visits": 3,
    "redeal": "NewFriend",
}


@pytest.fixture
def onsite(site: Site) -> Onsite:
    throttle.forget()
    return Onsite(served_api(site))


def body_of(response: Any) -> Any:
    return json.loads(response.content)


def test_a_new_visitor_is_created_and_read_back_the_same(onsite: Onsite) -> None:
    created = onsite.post(JANE)
    contact = Contact.objects.get()
    assert (created.status_code, body_of(created)) == (201, {"id": str(contact.pk)})
    assert (contact.first_name, contact.last_name) == ("Jane", "Doe")
    for query in (
        {"email": "Jane@Example.com"},
        {"phone": "+46701234567"},
        {"phone": "070-123 45 67"},
        {"personalIdentity": "0402177935"},
    ):
        found = onsite.get(query)
        assert (found.status_code, body_of(found)) == (200, JANE), query


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_every_method_merges_what_came_into_what_is_known(onsite: Onsite, method: str) -> None:
    onsite.post(JANE)
    answer = onsite.post(
        {"email": "jane@example.com", "pet": "Cat", "redeal": "ConvertedFriend"}, method=method
    )
    assert answer.status_code == 200
    assert body_of(onsite.get({"email": "jane@example.com"})) == JANE | {
        "pet": "Cat",
        "redeal": "ConvertedFriend",
    }


def test_nothing_is_cleared_by_null_or_by_empty_text(onsite: Onsite) -> None:
    onsite.post(JANE)
    emptied = dict.fromkeys(JANE) | {"email": "jane@example.com"}
    assert onsite.post(emptied).status_code == 200
    notes = " ".join(onsite.logged.notes)
    for key in JANE.keys() - {"email"}:
        assert f"“{key}” was null" in notes
    assert onsite.post({"email": "jane@example.com", "name": "", "phone": ""}).status_code == 200
    assert body_of(onsite.get({"email": "jane@example.com"})) == JANE


def test_unknown_keys_and_wrong_types_do_not_stop_the_visitor(onsite: Onsite) -> None:
    strange = JANE | {"shoe": 43, "pet": "Horse", "acceptsEmail": "yes", "terms": {"a": [1]}}
    assert onsite.post(strange).status_code == 201
    stored = body_of(onsite.get({"email": "jane@example.com"}))
    assert stored == {key: JANE[key] for key in JANE.keys() - {"pet", "acceptsEmail", "terms"}}
    write = onsite.calls[0]
    assert write.outcome == Outcome.CREATED
    assert len(write.notes) == 3
    assert "Horse" not in " ".join(write.notes)
    assert "shoe" not in Contact.objects.get().attributes
    assert not Consent.objects.exists()


def test_an_unknown_tag_is_stored_and_flagged(onsite: Onsite) -> None:
    assert onsite.post(JANE | {"redeal": "ExistingSignup"}).status_code == 201
    assert stored_tag(Contact.objects.get()) == "ExistingSignup"
    assert body_of(onsite.get({"email": "jane@example.com"}))["redeal"] == "ExistingSignup"
    assert any("redeal" in note for note in onsite.calls[0].notes)


def test_bad_phone_and_number_leave_the_field_and_flag_it(onsite: Onsite) -> None:
    answer = onsite.post(JANE | {"phone": "12", "personalIdentity": "20040217-0000"})
    assert answer.status_code == 201
    contact = Contact.objects.get()
    assert (contact.phone, contact.personal_identity_hash) == (None, None)
    assert {note.partition(":")[0] for note in onsite.logged.notes} == {
        "BAD_PHONE",
        "BAD_PERSONAL_IDENTITY",
    }


def test_the_address_decides_and_others_keep_what_is_theirs(onsite: Onsite) -> None:
    onsite.post({"email": "jane@example.com", "name": "Jane Doe"})
    onsite.post({"phone": "+46701234567", "name": "Pat Phone"})
    onsite.post({"personalIdentity": NUMBER, "name": "Nils Number"})
    assert onsite.post(JANE).status_code == 200
    assert Contact.objects.count() == 3
    assert sum("OTHER_PERSON" in note for note in onsite.logged.notes) == 2
    assert "4670" not in str(onsite.logged.notes)
    found = onsite.get({"email": "jane@example.com", "phone": "+46701234567"})
    assert body_of(found)["name"] == "Jane Doe"
    assert any("OTHER_PERSON" in note for note in onsite.logged.notes)
    assert body_of(onsite.get({"phone": "+46701234567"}))["name"] == "Pat Phone"
    assert body_of(onsite.get({"personalIdentity": NUMBER}))["name"] == "Nils Number"


def test_an_unknown_visitor_is_404_with_an_empty_object(onsite: Onsite, site: Site) -> None:
    answer = onsite.get({"email": "nobody@example.com"})
    assert (answer.status_code, answer.content) == (404, b"{}")
    assert answer["Content-Type"] == "application/json"
    call = onsite.logged
    assert (call.outcome, call.status_code, call.contact_id) == (Outcome.NOT_FOUND, 404, None)


def test_contacts_that_other_systems_wrote_are_found(onsite: Onsite, site: Site) -> None:
    applied = tell(site, {"email": "jane@example.com"}, fields={"last_name": "Doe"})
    assert body_of(onsite.get({"email": "jane@example.com"})) == {
        "email": "jane@example.com",
        "name": "Doe",
    }
    assert onsite.logged.contact_id == applied.contact_id


def test_no_usable_key_is_400_and_names_the_configured_ones(site: Site) -> None:
    onsite = Onsite(served_api(site, email_key="e_mail", personal_identity_key="ssn"))
    for query in ("", "email=jane%40example.com", "e_mail=&phone=%20", "name=Jane"):
        answer = onsite.get(query)
        assert answer.status_code == 400
        assert body_of(answer) == {
            "status": 400,
            "title": "Bad Request",
            "detail": "Give at least one of: e_mail, phone, ssn.",
            "code": "NO_LOOKUP_KEY",
        }
    assert onsite.logged.outcome == Outcome.ERROR
    assert onsite.logged.reason == "Give at least one of: e_mail, phone, ssn."


def test_a_key_given_twice_is_400_and_other_parameters_are_nobody_s_business(
    onsite: Onsite,
) -> None:
    onsite.post(JANE)
    doubled = onsite.get("email=jane%40example.com&email=other%40example.com")
    assert (doubled.status_code, body_of(doubled)["code"]) == (400, "DUPLICATE_KEY")
    assert onsite.get("brand=north&brand=south&email=jane%40example.com").status_code == 200


def test_a_plus_that_became_a_space_is_repaired_and_noted(onsite: Onsite) -> None:
    onsite.post(JANE)
    assert onsite.get("phone=+46701234567").status_code == 200
    assert "REPAIRED_PHONE" in onsite.logged.notes[0]
    assert onsite.get("phone=%2B46701234567").status_code == 200
    assert onsite.logged.notes == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BAD_JSON"),
        (b"[" * 100_000, "BAD_JSON"),
        (b'{"email": "a@example.com", "email": "b@example.com"}', "BAD_JSON"),
        (b'{"email": "\\u0000"}', "BAD_JSON"),
        (b"\xff\xfe", "BAD_JSON"),
        (b"[]", "NO_OBJECT"),
        (b"null", "NO_OBJECT"),
        (b'"text"', "NO_OBJECT"),
        (b"{}", "NO_IDENTITY"),
        (b'{"name": "Jane"}', "NO_IDENTITY"),
        (b'{"email": null, "phone": ["x"]}', "NO_IDENTITY"),
        (b'{"email": "no address"}', "BAD_EMAIL"),
        (b"", "EMPTY_BODY"),
        (b'{"x": "' + b"x" * 512 * 1024 + b'"}', "TOO_LARGE"),
    ],
)
def test_what_cannot_be_a_contact_is_refused_with_a_sentence(
    onsite: Onsite, body: bytes, code: str
) -> None:
    answer = onsite.post(raw=body)
    assert answer.status_code == (413 if code == "TOO_LARGE" else 400)
    assert body_of(answer)["code"] == code
    if code == "NO_IDENTITY":
        detail = "Give at least one of: email, phone, personalIdentity."
        assert body_of(answer)["detail"] == detail
    assert not Contact.objects.exists()
    assert onsite.logged.outcome == Outcome.ERROR
    assert onsite.logged.reason


@pytest.mark.parametrize(
    "document",
    [
        {"email": 1, "phone": 46701234567},
        {"phone": 10**40, "email": "jane@example.com"},
        {"email": "jane@example.com", "visits": 1e300, "redeal": {"a": 1}},
        {"email": "jane@example.com", "name": "x" * 10_000, "redeal": "y" * 10_000},
        {"email": "jane@example.com", "name": "Jané\u202e\n\tDoe", "visits": "1e999"},
        {"email": f"{'j' * 300}@example.com", "phone": "0701234567"},
    ],
)
def test_strange_values_are_never_a_server_error(onsite: Onsite, document: Any) -> None:
    assert onsite.post(document).status_code == 201
    contact = Contact.objects.get()
    assert contact.email or contact.phone


def test_both_slash_forms_answer(onsite: Onsite) -> None:
    assert onsite.post(JANE, path=onsite.path + "/").status_code == 201
    found = onsite.call("GET", "email=jane%40example.com", path=onsite.path + "/")
    assert found.status_code == 200


def test_options_and_other_methods_say_what_is_allowed(onsite: Onsite) -> None:
    allowed = "GET, POST, PUT, PATCH, OPTIONS"
    paths = (onsite.path, f"/generic/{uuid.uuid4()}/contacts")
    for path in paths:
        asked = onsite.call("OPTIONS", path=path, is_signed=False)
        assert (asked.status_code, asked["Allow"], asked.content) == (204, allowed, b"")
        for method in ("DELETE", "HEAD", "TRACE"):
            refused = onsite.call(method, path=path, is_signed=False)
            assert (refused.status_code, refused["Allow"]) == (405, allowed)
    assert not ApiCall.objects.exists()


def test_an_answer_is_not_kept_by_caches_and_needs_no_particular_accept(onsite: Onsite) -> None:
    answer = onsite.post(JANE, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    assert "Set-Cookie" not in answer


def test_the_log_tells_who_asked_what_and_hides_secrets_and_the_number(site: Site) -> None:
    onsite = Onsite(served_api(site, api_key_place="query", api_key_name="api_key"))
    onsite.post(JANE, headers={"X-Shop-Password": "canary"})
    onsite.get({"email": "jane@example.com", "personalIdentity": NUMBER})
    write, lookup = onsite.calls
    contact = Contact.objects.get()
    for call in (write, lookup):
        assert call.purpose == Purpose.ONSITE
        assert call.contact_id == contact.pk
        assert call.remote_address == "127.0.0.1"
        assert call.reason == ""
        kept = f"{call.url}{call.request_headers}{call.request_body}{call.response_body}"
        for hidden in (onsite.api.api_key_value, "canary", "7935"):
            assert hidden not in kept
    assert (write.operation, write.method, write.outcome, write.status_code) == (
        Operation.WRITE, "POST", Outcome.CREATED, 201,
    )  # fmt: skip
    assert json.loads(write.request_body) == JANE | {"personalIdentity": "•••"}
    assert json.loads(write.response_body) == {"id": str(contact.pk)}
    assert (lookup.operation, lookup.outcome) == (Operation.LOOKUP, Outcome.FOUND)
    assert lookup.url.startswith(f"{onsite.path}?email=jane%40example.com&")
    assert json.loads(lookup.response_body) == JANE | {"personalIdentity": "•••"}


def test_a_body_that_cannot_be_read_is_kept_without_the_number(onsite: Onsite) -> None:
    onsite.post(raw=b'{"email": "jane@example.com", "personalIdentity" : "20040217-7935", ')
    assert "jane@example.com" in onsite.logged.request_body
    assert "7935" not in onsite.logged.request_body


def test_secrets_and_numbers_are_hidden_wherever_they_stand(site: Site) -> None:
    api = served_api(site, api_key_place="query", api_key_name="shop")
    onsite = Onsite(api)
    document = {**JANE, "customer": NUMBER, "note": f"call with {api.api_key_value}"}
    assert onsite.post(document).status_code == 201
    assert json.loads(onsite.logged.request_body) == {
        **JANE, "personalIdentity": "•••", "customer": "•••", "note": "call with •••",
    }  # fmt: skip
    spelled = f"shop=%6F{api.api_key_value[1:]}&email=jane%40example.com"
    assert onsite.get(spelled, is_signed=False).status_code == 200
    assert onsite.logged.url == f"{onsite.path}?shop=•••&email=jane%40example.com"


def test_an_encoded_name_hides_its_value_too(site: Site) -> None:
    onsite = Onsite(served_api(site))
    onsite.get("personal%49dentity=20040217-7935")
    assert "7935" not in onsite.logged.url


def test_a_failing_log_does_not_stop_the_visitor(
    onsite: Onsite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: ApiCall) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("onsite.serving.call_log.call_record", fail)
    assert onsite.post(JANE).status_code == 201
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


def test_a_contact_that_others_keep_changing_is_busy(
    onsite: Onsite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr("onsite.serving.writing.apply", fail)
    answer = onsite.post(JANE)
    assert (answer.status_code, body_of(answer)["code"]) == (503, "BUSY")
    assert answer["Retry-After"] == "1"
    assert onsite.logged.status_code == 503


def test_a_failure_of_ours_is_a_neutral_answer_and_a_row(
    onsite: Onsite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("jane@example.com")

    monkeypatch.setattr("onsite.serving.writing.apply", fail)
    answer = onsite.post(JANE)
    assert (answer.status_code, body_of(answer)["code"]) == (500, "INTERNAL_ERROR")
    assert b"jane" not in answer.content
    assert (onsite.logged.outcome, onsite.logged.status_code) == (Outcome.ERROR, 500)
    assert "jane@" not in onsite.logged.reason


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["jane@example.com", "0701234567", NUMBER, "Dog", "NewFriend", " ", "\u202e"])
)
_DOCUMENTS = st.dictionaries(
    st.sampled_from(sorted(JANE)) | st.text(max_size=10),
    _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(st.text(), _SCALARS, max_size=2),
    max_size=9,
)


@given(document=_DOCUMENTS, query=st.text(max_size=60))
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_is_answered_and_logged(
    onsite: Onsite, document: dict[str, Any], query: str
) -> None:
    before = len(onsite.calls)
    written = onsite.post(raw=json.dumps(document).encode())
    assert written.status_code in (200, 201, 400)
    asked = onsite.get(quote(query, safe="=&+", errors="replace") + "&email=jane%40example.com")
    assert asked.status_code in (200, 404, 400)
    assert len(onsite.calls) == before + 2
