from __future__ import annotations

import pytest

from integrations.causes import RejectionCause
from integrations.verification import (
    AllOf,
    Hmac,
    IpList,
    SharedToken,
    Unsigned,
    VerificationFailed,
    Verifier,
)
from tests.integrations.arrivals import NOW, TOKEN, make_request

NETWORKS = ["52.215.16.239", "198.51.100.0/24", "2a05:d028:17:8000::/56"]


def is_accepted(verifier: Verifier, address: str, token: str = "") -> bool:
    headers = {"x-token": token} if token else {}
    try:
        verifier.verify(make_request(headers=headers, remote_address=address), NOW)
    except VerificationFailed:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    [
        "52.215.16.239",
        "198.51.100.0",
        "198.51.100.255",
        "::ffff:198.51.100.7",
        "2a05:d028:17:80ff::1",
        "2a05:d028:17:8000::1%eth0",
    ],
)
def test_listed_address_is_accepted(address: str) -> None:
    assert is_accepted(IpList(NETWORKS), address)


@pytest.mark.parametrize(
    "address",
    ["", "unknown", "198.51.101.1", "52.215.16.240", "2a05:d028:17:8100::1", "::1", "é", "\ud800"],
)
def test_other_address_is_refused(address: str) -> None:
    with pytest.raises(VerificationFailed) as refusal:
        IpList(NETWORKS).verify(make_request(remote_address=address), NOW)
    assert refusal.value.cause is RejectionCause.ADDRESS_NOT_ALLOWED


@pytest.mark.parametrize("networks", [[], ["nonsense"], [None]])
def test_list_without_a_usable_entry_lets_nobody_in(networks: list[object]) -> None:
    assert not is_accepted(IpList(networks), "192.0.2.10")


def test_every_part_must_agree() -> None:
    both = AllOf(IpList(NETWORKS), SharedToken(secrets=[TOKEN], header="X-Token"))
    assert is_accepted(both, "198.51.100.1", TOKEN)
    assert not is_accepted(both, "198.51.100.1", "wrong")
    assert not is_accepted(both, "192.0.2.1", TOKEN)


def test_composition_adds_up_what_is_masked_and_sent() -> None:
    both = AllOf(
        SharedToken(secrets=[TOKEN], query_parameter="token"),
        Hmac(secrets=[TOKEN], header="X-Signature"),
    )
    assert both.secret_query_names == {"token"}
    assert both.secret_header_names == {"x-signature"}
    credentials = both.credentials(b"{}", NOW)
    assert set(credentials.headers) == {"x-signature"}
    assert credentials.query == {"token": TOKEN}
    assert credentials.reveals_secret


def test_nothing_composed_is_an_error_and_not_an_open_door() -> None:
    with pytest.raises(ValueError, match="at least one"):
        AllOf()


def test_unsigned_takes_everything_and_shows_its_reason() -> None:
    verifier = Unsigned("  The sender cannot sign.  ")
    assert is_accepted(verifier, "192.0.2.1")
    assert verifier.unsigned_reason == "The sender cannot sign."


@pytest.mark.parametrize("reason", ["", "   "])
def test_unsigned_without_a_reason_refuses(reason: str) -> None:
    assert not is_accepted(Unsigned(reason), "192.0.2.1")


def test_badge_goes_when_another_part_checks_something() -> None:
    unsigned = Unsigned("Internal network.")
    assert AllOf(unsigned).unsigned_reason == "Internal network."
    assert AllOf(IpList(NETWORKS), unsigned).unsigned_reason == ""
