from __future__ import annotations

import base64

import pytest

from integrations.causes import RejectionCause
from integrations.verification import (
    Basic,
    SharedToken,
    VerificationFailed,
    Verifier,
    WebEngageQuerySecret,
)
from integrations.verification.webengage_secret import query_secret
from tests.integrations.arrivals import NOW, TOKEN, make_request

BAD = RejectionCause.BAD_TOKEN
MISSING = RejectionCause.MISSING_TOKEN
LICENSE = "311c48b3"
KEY = "my-webhook-secret"
SECRET = "e9665fd9c17792a85ed72d32c86c3a88"


def cause_of(
    verifier: Verifier,
    *,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> str:
    with pytest.raises(VerificationFailed) as refusal:
        verifier.verify(make_request(headers=headers, query=query), NOW)
    return refusal.value.cause


def basic(pair: str, scheme: str = "Basic") -> dict[str, str]:
    return {"authorization": f"{scheme} {base64.b64encode(pair.encode()).decode()}"}


class TestSharedToken:
    def test_header_or_parameter_with_the_token_is_accepted(self) -> None:
        in_header = SharedToken(secrets=[TOKEN], header="X-Token")
        in_header.verify(make_request(headers={"x-token": TOKEN}), NOW)
        in_query = SharedToken(secrets=[TOKEN], query_parameter="token")
        in_query.verify(make_request(query={"token": TOKEN}), NOW)

    @pytest.mark.parametrize(
        ("value", "cause"),
        [
            (None, MISSING),
            ("", MISSING),
            ("wrong", BAD),
            (TOKEN[:-1], BAD),
            (TOKEN.swapcase(), BAD),
            ("é", BAD),
            ("\ud800", BAD),
            ("x" * 5000, BAD),
            (f"{TOKEN},{TOKEN}", BAD),
        ],
    )
    def test_other_values_are_refused(self, value: str | None, cause: str) -> None:
        given = {} if value is None else {"x-token": value}
        in_header = SharedToken(secrets=[TOKEN], header="X-Token")
        in_query = SharedToken(secrets=[TOKEN], query_parameter="x-token")
        assert cause_of(in_header, headers=given) == cause
        assert cause_of(in_query, query=given) == cause

    def test_token_is_looked_for_in_its_place_only(self) -> None:
        in_header = SharedToken(secrets=[TOKEN], header="X-Token")
        assert cause_of(in_header, query={"x-token": TOKEN}) == MISSING

    def test_both_tokens_count_while_one_replaces_the_other(self) -> None:
        verifier = SharedToken(secrets=["new-token-of-24-characters", TOKEN], header="X-Token")
        verifier.verify(make_request(headers={"x-token": TOKEN}), NOW)
        assert verifier.credentials(b"", NOW).headers["x-token"] == "new-token-of-24-characters"

    @pytest.mark.parametrize("secrets", [[], [""], ["short"], [None]])
    def test_missing_or_short_token_refuses_everything(self, secrets: list[object]) -> None:
        verifier = SharedToken(secrets=secrets, header="X-Token")
        cause = cause_of(verifier, headers={"x-token": "short"})
        assert cause == RejectionCause.SECRET_NOT_SET

    def test_its_place_is_masked_and_its_credentials_reveal(self) -> None:
        assert SharedToken(secrets=[], header="X-Token").secret_header_names == {"x-token"}
        in_query = SharedToken(secrets=[TOKEN], query_parameter="key")
        assert in_query.secret_query_names == {"key"}
        assert in_query.credentials(b"", NOW).reveals_secret


class TestBasic:
    verifier = Basic(username="ongage", password="pässword:1")

    @pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
    def test_name_and_password_are_accepted(self, scheme: str) -> None:
        self.verifier.verify(make_request(headers=basic("ongage:pässword:1", scheme)), NOW)

    @pytest.mark.parametrize(
        ("headers", "cause"),
        [
            ({}, MISSING),
            ({"authorization": ""}, MISSING),
            ({"authorization": "Basic"}, BAD),
            ({"authorization": "Basic !!!"}, BAD),
            ({"authorization": "Basic é"}, BAD),
            ({"authorization": "Basic a"}, BAD),
            ({"authorization": "Bearer abc"}, BAD),
            ({"authorization": "Basic YTpi,Basic YTpi"}, BAD),
            ({"authorization": "Basic " + "A" * 9000}, BAD),
            (basic("ongage"), BAD),
            (basic("ongage:"), BAD),
            (basic("Ongage:pässword:1"), BAD),
            (basic("ongage:password:1"), BAD),
        ],
    )
    def test_anything_else_is_refused(self, headers: dict[str, str], cause: str) -> None:
        assert cause_of(self.verifier, headers=headers) == cause

    @pytest.mark.parametrize(("username", "password"), [("u", ""), ("u", "7 chars"), ("", "x" * 9)])
    def test_missing_or_short_password_refuses_everything(
        self, username: str, password: str
    ) -> None:
        verifier = Basic(username=username, password=password)
        cause = cause_of(verifier, headers=basic(f"{username}:{password}"))
        assert cause == RejectionCause.SECRET_NOT_SET
        with pytest.raises(VerificationFailed):
            verifier.credentials(b"", NOW)

    def test_its_own_credentials_verify(self) -> None:
        headers = self.verifier.credentials(b"", NOW).headers
        self.verifier.verify(make_request(headers=headers), NOW)


class TestWebEngageQuerySecret:
    verifier = WebEngageQuerySecret(license_code=LICENSE, key=KEY)

    def test_documented_vector(self) -> None:
        assert query_secret(LICENSE.encode(), KEY.encode()) == SECRET
        query = {"eventType": "FEEDBACK_SUBMIT", "licenseCode": LICENSE, "secret": SECRET}
        self.verifier.verify(make_request(query=query), NOW)
        self.verifier.verify(make_request(query={**query, "secret": SECRET.upper()}), NOW)

    @pytest.mark.parametrize(
        ("query", "cause"),
        [
            ({}, MISSING),
            ({"licenseCode": LICENSE}, MISSING),
            ({"secret": SECRET}, MISSING),
            ({"licenseCode": "", "secret": ""}, MISSING),
            ({"licenseCode": "~99199077", "secret": SECRET}, BAD),
            ({"licenseCode": LICENSE, "secret": KEY}, BAD),
            ({"licenseCode": LICENSE, "secret": "é"}, BAD),
            ({"licenseCode": "\ud800", "secret": SECRET}, BAD),
            ({"licenseCode": LICENSE, "secret": SECRET * 100}, BAD),
        ],
    )
    def test_anything_else_is_refused(self, query: dict[str, str], cause: str) -> None:
        assert cause_of(self.verifier, query=query) == cause

    @pytest.mark.parametrize(
        ("license_code", "key"), [("", KEY), (LICENSE, ""), (LICENSE, "short")]
    )
    def test_unfinished_settings_refuse_everything(self, license_code: str, key: str) -> None:
        verifier = WebEngageQuerySecret(license_code=license_code, key=key)
        forged = query_secret(license_code.encode(), key.encode())
        query = {"licenseCode": license_code or "x", "secret": forged}
        assert cause_of(verifier, query=query) == RejectionCause.SECRET_NOT_SET

    def test_static_digest_counts_as_a_revealed_secret(self) -> None:
        assert self.verifier.secret_query_names == {"secret"}
        assert self.verifier.credentials(b"", NOW).reveals_secret
