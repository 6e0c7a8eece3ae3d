"""Logs: one event a line, JSON unless a person reads along, and nothing secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

from common.masks import MASK, mask_identities

# What a sender or a person wrote does not belong in a log under any name.
_NEVER: Final = frozenset(
    (
        "body",
        "raw_body",
        "payload",
        "headers",
        "cookies",
        "query",
        "query_string",
        "request",
        "form",
    )
)
_SECRET_NAME: Final = re.compile(
    r"passw|secret|token|cookie|signature|credential|authori[sz]ation|api_?key|private_?key",
    re.IGNORECASE,
)
_SECRET_IN_TEXT: Final = re.compile(
    # A link to the portal is a credential from its first slash on.
    r"(whsec_|/portal/|\b(?:Bearer|Basic|ApiKey)\s+|\benc:v1:"
    r"|[?&;](?=[\w.-]++=)[\w.-]*(?:passw|secret|token|signature|auth|key|sig)[\w.-]*="
    r"|://[^\s/:@]*:)"
    r"[^\s&\"'<>,;@]+",
    re.IGNORECASE,
)
# Line breaks inside a traceback stay; everywhere else a sender could forge a second line.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_BREAKS: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_MULTILINE: Final = frozenset(("exception", "stack"))


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Mask secrets and personal identities, drop what must never be logged, escape controls."""
    clean: MutableMapping[str, Any] = {}
    for key, value in event.items():
        if key in _NEVER:
            continue
        clean[key] = MASK if _SECRET_NAME.search(key) else _redacted(key, value)
    return clean


def _redacted(key: str, value: Any) -> Any:
    if isinstance(value, str):
        pattern = _CONTROL_BUT_BREAKS if key in _MULTILINE else _CONTROL
        text = pattern.sub(_escaped, value)
        return mask_identities(_SECRET_IN_TEXT.sub(lambda match: match[1] + MASK, text))
    if isinstance(value, dict):
        return redact(None, "", {str(name): item for name, item in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(key, item) for item in value]
    if value is None or isinstance(value, (bool, int, float)) or key.startswith("_"):
        return value
    return _redacted(key, str(value))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def formatter(*, human: bool) -> logging.Formatter:
    """Return the one formatter of every handler; structlog's and foreign records end here alike."""
    # The JSON line carries its traceback as text, so that it is redacted with the rest.
    render: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if human
        else [structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            *render,
        ],
    )


def structlog_configure() -> None:
    """Route structlog through the standard library's handlers. Called once per process."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_settings(*, level: str, style: str) -> dict[str, Any]:
    """Return Django's `LOGGING`; `style` is json, human, or auto: human on a terminal."""
    human = style == "human" or (style == "auto" and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "config.logging.formatter", "human": human}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A refused webhook is a row that operators see; a line for each would drown the rest.
            "django.request": {"level": "ERROR"},
            # Strangers choose the Host header, and how much they send: a traceback for each would
            # fill the disk.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.security.RequestDataTooBig": {"level": "CRITICAL"},
            "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
            "django.security.TooManyFilesSent": {"level": "CRITICAL"},
            "axes": {"level": "WARNING"},
            # Its INFO is several lines per task and names every argument.
            "django-q": {"level": "WARNING"},
        },
    }
