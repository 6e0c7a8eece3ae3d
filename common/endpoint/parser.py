"""Reads JSON bodies for DRF views the way reception does: bounded, strict, chunked or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from common.endpoint.body import read_body
from common.json import JsonValue, parse_json

MOST_BODY_BYTES: Final = 512 * 1024
NOT_JSON: Final = "Send JSON with the header Content-Type: application/json."
_TAKEN: Final = frozenset(("", "application/json", "text/json"))


def is_json_type(content_type: str) -> bool:
    """Return whether a Content-Type names JSON, or nothing."""
    named = content_type.partition(";")[0].strip().lower()
    return named in _TAKEN or (named.startswith("application/") and named.endswith("+json"))


class JsonParser(BaseParser):
    """Takes JSON named as such, or not named at all; raises `BodyRefused` or `BadJson`.

    Numbers with a fraction are Decimals. The value may be of any kind: views ask for the one that
    they take. Only inside an `EndpointView`: DRF's own request shows no chunked body to a parser.
    """

    # Judged here: DRF matches no parser at all to a request without a content type.
    media_type = "*/*"

    def parse(  # type: ignore[override]
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> JsonValue:
        if not is_json_type(media_type or ""):
            raise UnsupportedMediaType(media_type or "", NOT_JSON)
        # Not from `stream`: Django ends it after as many bytes as Content-Length says, or none.
        environ = (parser_context or {})["request"].META
        return parse_json(read_body(environ, MOST_BODY_BYTES))
