"""What of a call is kept: without secrets, without the personal identity, and not without end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote_plus

from django.views.decorators.debug import sensitive_variables

from common.redaction import MASK, redact_headers, redact_query

MOST_KEPT_BYTES: Final = 16 * 1024
_MOST_HEADERS: Final = 100
_LONGEST_HEADER: Final = 1_000
# Shorter ones would be found inside of words; they are masked where they have a name.
_SHORTEST_SECRET: Final = 4
_SHORTEST_IDENTITY: Final = 6
# PostgreSQL stores neither.
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
# Between the digits of a number as people and other systems write it.
_BETWEEN_DIGITS: Final = r"(?:[-+ .]|%20|%2[BbDd])?"
_CENTURIES: Final = ("18", "19", "20")


@dataclass(frozen=True, kw_only=True)
class CallMask:
    """Names and values to hide in one call.

    `secret_headers` and `secret_query` are names; `secrets` are values, which another system might
    repeat anywhere in its answer. `identity_key` is what the site calls the personal identity,
    `identities` are those known.
    """

    identity_key: str
    secret_headers: frozenset[str] = frozenset()
    secret_query: frozenset[str] = frozenset()
    secrets: Iterable[str] = field(default=(), repr=False)
    identities: Iterable[str] = field(default=(), repr=False)

    def url(self, url: str) -> str:
        """Return the URL; its query keeps its names."""
        base, mark, query = url.partition("?")
        pairs = [self._pair(*pair.partition("=")) for pair in query.split("&")] if mark else []
        return self._text(base) + mark + "&".join(pairs)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        named = redact_headers(dict(list(headers.items())[:_MOST_HEADERS]), self.secret_headers)
        return {
            self._text(name)[:_LONGEST_HEADER]: self._text(value)[:_LONGEST_HEADER]
            for name, value in named.items()
        }

    def body(self, body: bytes) -> str:
        """Return the start of the body as text that both databases store."""
        text = self._text(body.decode("utf-8", "replace"))
        return text.encode()[:MOST_KEPT_BYTES].decode("utf-8", "ignore")

    def _pair(self, name: str, equals: str, value: str) -> str:
        plain = unquote_plus(name)
        masked = redact_query({plain: value}, self.secret_query)[plain] == MASK
        if value and (masked or plain == self.identity_key):
            return f"{self._text(name)}={MASK}"
        return self._text(name + equals + value)

    def _text(self, text: str) -> str:
        text = _UNSTORABLE.sub("\ufffd", text)
        if self._values is not None:
            text = self._values.sub(MASK, text)
        return self._named.sub(_masked_member, text)

    @cached_property
    def _values(self) -> re.Pattern[str] | None:
        forms = {re.escape(form) for secret in self.secrets for form in _secret_forms(secret)}
        forms |= {form for identity in self.identities for form in _identity_forms(identity)}
        # The longest first: a part of a secret must not hide where the rest begins.
        return re.compile("|".join(sorted(forms, key=len, reverse=True))) if forms else None

    @cached_property
    def _named(self) -> re.Pattern[str]:
        return re.compile(
            rf'("{re.escape(self.identity_key)}"\s*+:\s*+)'
            r'("(?:[^"\\]++|\\.)*+"?|[^\s",{}\[\]]++)',
            re.IGNORECASE | re.DOTALL,
        )


def _masked_member(match: re.Match[str]) -> str:
    return match[0] if match[2] in ("null", '""') else f'{match[1]}"{MASK}"'


@sensitive_variables()
def _secret_forms(secret: str) -> set[str]:
    """Return the secret, and the token behind a word such as Bearer, as each may be written."""
    texts = {secret, secret.rpartition(" ")[2]}
    return {
        form
        for text in texts
        if len(text) >= _SHORTEST_SECRET
        for form in (
            text,
            quote(text, safe=""),
            quote(text),
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
        )
    }


def _identity_forms(identity: str) -> set[str]:
    """Return patterns for a number, however it is grouped and with or without its century."""
    if len(identity) < _SHORTEST_IDENTITY:
        return set()
    digits = re.sub(r"[-+ .]", "", identity)
    forms = {re.escape(identity), re.escape(quote(identity, safe=""))}
    if digits.isalnum():
        forms.add(_BETWEEN_DIGITS.join(map(re.escape, digits)))
    if len(digits) == 12 and digits.isdecimal() and digits.startswith(_CENTURIES):
        forms.add(_BETWEEN_DIGITS.join(digits[2:]))
    return forms
