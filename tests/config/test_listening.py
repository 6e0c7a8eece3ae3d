from __future__ import annotations

import errno
import socket

import pytest

from config.listening import _sentence, check_address, local_url
from config.start_failure import StartFailed


def test_free_port_is_accepted() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_address("127.0.0.1", port)


def test_port_that_somebody_listens_on_is_refused_with_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"Port {port} is in use.*--port {port + 1}"):
            check_address("127.0.0.1", port)


@pytest.mark.parametrize("host", ["256.1.1.1", "no such host"])
def test_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(StartFailed, match="is not an address of this machine"):
        check_address(host, 8000)


def test_privileged_port_is_said_in_words() -> None:
    said = _sentence(PermissionError(errno.EACCES, "Permission denied"), "127.0.0.1", 80)
    assert said == "Port 80 needs more rights than this user has. Choose one above 1023: --port."


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("192.0.2.4", "http://192.0.2.4:8000"),
        ("2001:db8::1", "http://[2001:db8::1]:8000"),
    ],
)
def test_url_for_a_browser_on_this_machine(host: str, url: str) -> None:
    assert local_url(host, 8000) == url
