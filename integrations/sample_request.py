"""A sample as its vendor would send it to one source, signed, and the curl line for it."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from integrations.preset import Preset, Sample
from integrations.request import PresetConfig
from integrations.verification import Verifier

PLACEHOLDER: Final = "YOUR-SECRET"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BuiltRequest:
    """A POST that verifies; `secret_headers` and `secret_query` name what is a secret in it."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    secret_headers: frozenset[str]
    secret_query: frozenset[str]

    @property
    def reveals_secret(self) -> bool:
        return bool(self.secret_headers or self.secret_query)


def build_sample_request(
    *, preset: Preset, config: PresetConfig, sample: Sample, url: str, now: datetime
) -> BuiltRequest:
    """Return the request for a source at `url`.

    Raises `VerificationFailed` with SECRET_NOT_SET when the source has nothing to sign with.
    """
    return build_request(
        verifier=preset.verifier(config),
        body=preset.sample_body(sample, config),
        headers={"content-type": sample.content_type, **sample.headers},
        url=_with_query(url, sample.query),
        now=now,
    )


def build_request(
    *, verifier: Verifier, body: bytes, headers: Mapping[str, str], url: str, now: datetime
) -> BuiltRequest:
    """Return the request with what its verifier asks for. Raises `VerificationFailed`."""
    credentials = verifier.credentials(body, now)
    secret_headers: frozenset[str] = frozenset()
    secret_query: frozenset[str] = frozenset()
    if credentials.reveals_secret:
        secret_headers = verifier.secret_header_names & credentials.headers.keys()
        secret_query = verifier.secret_query_names & credentials.query.keys()
    return BuiltRequest(
        url=_with_query(url, credentials.query),
        headers={**headers, **credentials.headers},
        body=body,
        secret_headers=secret_headers,
        secret_query=secret_query,
    )


def curl_line(built: BuiltRequest, *, mask_secrets: bool) -> str:
    """Return one command for a POSIX shell that sends the request.

    With `mask_secrets` each secret is replaced by `PLACEHOLDER`, for whoever may not see it.
    """
    words = ["curl", "-i", "-X", "POST"]
    for name, value in built.headers.items():
        is_secret = mask_secrets and name in built.secret_headers
        words += _header_words(name, value, is_secret=is_secret)
    # --data-raw: with --data a body that begins with @ would be taken for a file name.
    words += ["--data-raw", built.body.decode("utf-8")]
    words.append(_masked_url(built) if mask_secrets else built.url)
    return " ".join(shlex.quote(word) for word in words)


def _header_words(name: str, value: str, *, is_secret: bool) -> list[str]:
    scheme, _, encoded = value.partition(" ")
    if name == "authorization" and scheme == "Basic":
        # Left to curl to encode, so that a password can be typed where the placeholder stands.
        username, _, password = base64.b64decode(encoded).decode("utf-8").partition(":")
        return ["--user", f"{username}:{PLACEHOLDER if is_secret else password}"]
    return ["-H", f"{name}: {PLACEHOLDER if is_secret else value}"]


def _with_query(url: str, extra: Mapping[str, str]) -> str:
    if not extra:
        return url
    parts = urlsplit(url)
    added = urlencode(extra, quote_via=quote)
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def _masked_url(built: BuiltRequest) -> str:
    parts = urlsplit(built.url)
    pairs = [
        (name, PLACEHOLDER if name in built.secret_query else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(query=urlencode(pairs, quote_via=quote)))
