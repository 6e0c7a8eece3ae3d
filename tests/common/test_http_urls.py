"""URLs and headers as they are saved: what is refused, in which words, and what stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from common.http import check_header_name, check_header_value, check_url
from common.http.urls import LONGEST_URL, Place, split_url


@pytest.fixture(autouse=True)
def _ports(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_PORTS = [range(80, 81), range(443, 444), range(8000, 9000)]
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.1.0.0/16"]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://api.example.com", Place("https", "api.example.com", 443, "/")),
        ("http://api.example.com/a/b", Place("http", "api.example.com", 80, "/a/b")),
        ("HTTPS://API.Example.com:8443/A?b=C", Place("https", "api.example.com", 8443, "/A?b=C")),
        ("https://a.example?x=1", Place("https", "a.example", 443, "/?x=1")),
        ("https://a.example/%2F%7E?q=+%2f", Place("https", "a.example", 443, "/%2F%7E?q=+%2f")),
        ("https://a.example//x/../y/./", Place("https", "a.example", 443, "//x/../y/./")),
        ("https://a.example./", Place("https", "a.example.", 443, "/")),
        ("http://intranet:8000/", Place("http", "intranet", 8000, "/")),
        ("https://my_host.example/", Place("https", "my_host.example", 443, "/")),
        ("https://8.8.8.8/", Place("https", "8.8.8.8", 443, "/")),
        ("https://10.1.2.3/", Place("https", "10.1.2.3", 443, "/")),
        ("https://[2606:4700::1111]:8443/", Place("https", "2606:4700::1111", 8443, "/")),
        ("https://a.example:/x", Place("https", "a.example", 443, "/x")),
        ("https://a.example/x@y?u=http://v", Place("https", "a.example", 443, "/x@y?u=http://v")),
    ],
)  # fmt: skip
def test_good_urls_stay_as_they_are(url: str, place: Place) -> None:
    assert check_url(url) == url
    assert split_url(url) == place


@pytest.mark.parametrize(
    ("url", "saved"),
    [
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example:8443/å?ö=", "https://xn--bcher-kva.example:8443/%C3%A5?%C3%B6="),
        ("https://a.example/~é!$&'()*+,;=%zz", "https://a.example/~%C3%A9!$&'()*+,;=%zz"),
    ],
)  # fmt: skip
def test_letters_beyond_ascii_become_what_is_sent(url: str, saved: str) -> None:
    assert check_url(url) == saved
    assert check_url(saved) == saved


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Start the URL with https://"),
        ("api.example.com/x", "Start the URL with https://"),
        ("ftp://a.example/", "Start the URL with https://"),
        ("file:///etc/passwd", "Start the URL with https://"),
        ("gopher://a.example/", "Start the URL with https://"),
        ("https:/a.example/", "Start the URL with https://"),
        ("https:///x", "Add the name of the host"),
        ("https://", "Add the name of the host"),
        ("https://user:secret@a.example/", "Remove the user name"),
        ("https://user@a.example/", "Remove the user name"),
        ("https://8.8.8.8@10.0.0.1/", "Remove the user name"),
        ("https://a.example/#part", "Remove the part from #"),
        ("https://a.example#", "Remove the part from #"),
        ("https://a.example/a b", "Remove spaces"),
        (" https://a.example/", "Remove spaces"),
        ("https://a.example/\r\nHost: b", "Remove spaces"),
        ("https://a.example/\x00", "Remove spaces"),
        ("https://a.example\\@b.example/", "Remove spaces"),
        ("https://ä.example/\x85", "Remove spaces"),
        ("https://a.example/\u2028", "Remove spaces"),
        ("https://a.example:22/", "Port 22 is not allowed"),
        ("https://a.example:0/", "Write the port"),
        ("https://a.example:65536/", "Write the port"),
        ("https://a.example:-1/", "Write the port"),
        ("https://a.example:4٤3/", "Write the port"),
        ("https://a.example:080000443/", "Write the port"),
        ("https://a..example/", "Check the name of the host"),
        ("https://.example/", "Check the name of the host"),
        ("https://-a.example/", "Check the name of the host"),
        ("https://a%2eexample/", "Check the name of the host"),
        (f"https://{'a' * 64}.example/", "Check the name of the host"),
        (f"https://{'a.' * 127}example/", "Check the name of the host"),
        ("https://a,b.example/", "Check the name of the host"),
        ("https://☃\ufffe.example/", "Check the name of the host"),
        ("https://[::1/", "Write an IPv6 address in brackets"),
        ("https://[8.8.8.8]/", "Only an IPv6 address"),
        ("https://[fe80::1%25eth0]/", "Only an IPv6 address"),
        ("https://127.1/", "Write an IP address as four numbers"),
        ("https://2130706433/", "Write an IP address as four numbers"),
        ("https://0x7f.0x1/", "Write an IP address as four numbers"),
        ("https://0177.0.0.1/", "Write an IP address as four numbers"),
        ("https://127.0.0.1./", "Write an IP address as four numbers"),
        ("https://127.0.0.1/", "is not allowed"),
        ("https://\uff11\uff12\uff17.0.0.1/", "is not allowed"),
        ("https://①②⑦.0.0.1/", "is not allowed"),
        ("https://127\u30020\u30020\u30021/", "is not allowed"),
        ("https://169.254.169.254/latest/meta-data/", "is not allowed"),
        ("https://10.2.0.1/", "is not allowed"),
        ("https://[::ffff:10.2.0.1]/", "is not allowed"),
        ("https://[64:ff9b::7f00:1]/", "is not allowed"),
        ("https://a.example/" + "x" * LONGEST_URL, "at most 1000 characters"),
        ("https://a.example/" + "å" * 900, "shorter URL"),
        ("https://a.example/\ud800", "half of a pair"),
    ],
)
def test_bad_urls_are_told_what_to_change(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as raised:
        check_url(url)
    assert words in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    assert "secret" not in str(raised.value)


@given(
    st.one_of(
        st.text(),
        st.text().map(lambda text: f"https://{text}"),
        st.tuples(st.text(), st.text()).map(
            lambda parts: f"http://a.{parts[0]}.example/{parts[1]}"
        ),
        st.from_regex(r"https://[\[\]0-9a-f.:%@]{0,30}(/|\?|#)?", fullmatch=True),
    )
)
def test_a_url_is_saved_or_refused_with_a_sentence(url: str) -> None:
    saved = _saved(url)
    if saved is not None:
        assert saved.isascii()
        assert check_url(saved) == saved


def _saved(url: str) -> str | None:
    try:
        return check_url(url)
    except UnicodeError:
        raise AssertionError("A subclass of ValueError that speaks to programmers.") from None
    except ValueError:
        return None


@pytest.mark.parametrize(
    "name", ["X-Api-Key", "Authorization", "x_key", "Accept", "User-Agent", "!~"]
)
def test_names_that_operators_may_set(name: str) -> None:
    assert check_header_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Host", "Content-Length", "Transfer-Encoding", "Connection", "Content-Encoding", "Expect",
        "Upgrade", "Trailer", "TE", "Proxy-Authorization", "Proxy-Connection", "Cookie",
        "Set-Cookie", "Keep-Alive", "Accept-Encoding", "Content-Type", "Webhook-Signature",
        "Webhook-Id", "Webhook-Timestamp",
    ],
)  # fmt: skip
@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_names_that_are_ours_are_refused_in_any_case(
    name: str, spelling: Callable[[str], str]
) -> None:
    with pytest.raises(ValueError, match="set by Patchbay itself"):
        check_header_name(spelling(name))


@pytest.mark.parametrize(
    "name", ["", "X Key", "X:Key", "X-Key:", " X", "X\r\nY", "X\n", "Ä", "X\x00", "(x)", "x" * 129]
)
def test_names_that_are_no_tokens_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="such as X-Api-Key"):
        check_header_name(name)


@pytest.mark.parametrize("value", ["", "abc", "Bearer a.b-c", "a\tb", '{"a": "~"}'])
def test_values_that_can_be_sent(value: str) -> None:
    assert check_header_value(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nX: y",
        "a\n",
        "a\x00",
        "\x7f",
        "é",
        "日本",
        " a",
        "a ",
        "\ta",
        "a\t",
        "x" * 4001,
        "\ud800",
    ],
)
def test_values_that_cannot_be_sent(value: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as raised:
        check_header_value(value)
    assert value.strip() not in str(raised.value) or value.strip() == "a"


@given(st.text())
def test_a_value_that_passes_is_one_line_of_ascii(value: str) -> None:
    try:
        check_header_value(value)
    except ValueError:
        return
    assert value.isascii()
    assert value.isprintable() or "\t" in value
    assert value.splitlines() in ([], [value])
