"""`GET /sdk/patchbay.js`: small, cacheable, and open to pages of every origin."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from webhooks.inbound import sdk

URL = "/sdk/patchbay.js"
SOURCE = Path(sdk.__file__).with_name("patchbay.js")


def fetched(client: Client, **headers: str) -> HttpResponse:
    response = client.get(URL, headers=headers)
    assert isinstance(response, HttpResponse)
    return response


def test_script_is_under_five_kilobytes(client: Client) -> None:
    assert len(fetched(client).content) < 5_120


def test_headers_let_every_page_load_and_keep_it(client: Client) -> None:
    response = fetched(client)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/javascript; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert set(response["Cache-Control"].split(", ")) == {"public", "max-age=3600"}
    assert response["ETag"].startswith('"')
    assert "Content-Encoding" not in response
    assert not response.cookies


def test_comments_and_indentation_stay_at_home_and_nothing_else_does(client: Client) -> None:
    served = fetched(client).content.decode().splitlines()
    written = [line.strip() for line in SOURCE.read_text(encoding="utf-8").splitlines()]
    left_out = [line for line in written if line not in served]
    assert served == [line for line in written if line in served]
    assert left_out
    assert all(line == "" or line.startswith("//") for line in left_out)
    # Text that goes over several lines would lose its indentation with the code.
    assert all(line.count("`") % 2 == 0 for line in served)


def test_script_goes_compressed_to_who_takes_it(client: Client) -> None:
    plain = fetched(client).content
    response = fetched(client, accept_encoding="gzip, br")
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert gzip.decompress(response.content) == plain


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_unchanged_script_is_not_sent_again(client: Client, encoding: str) -> None:
    known = fetched(client, accept_encoding=encoding)["ETag"]
    response = fetched(client, accept_encoding=encoding, if_none_match=known)
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"].removeprefix("W/") == known.removeprefix("W/")
    assert "max-age=3600" in response["Cache-Control"]
    assert fetched(client, if_none_match='"an older one"').status_code == 200


def test_head_tells_the_same_without_the_script(client: Client) -> None:
    response = client.head(URL)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(fetched(client).content))
    assert response["ETag"] == fetched(client)["ETag"]


def test_nothing_can_be_posted_there(client: Client) -> None:
    assert client.post(URL).status_code == 405
