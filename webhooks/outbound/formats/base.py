"""The contract of an outbound format: one file each, pure. It builds a request; others send it.

A format is a module `webhooks/outbound/formats/<key>.py` with one subclass of `Format`. Formats
know neither a database nor a socket nor the clock: the same events give the same bytes.
"""

from __future__ import annotations

import abc
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from integrations.request import PresetConfig
from integrations.settings_fields import SettingField
from integrations.settings_validation import clean_config


@dataclass(frozen=True, kw_only=True)
class SentEvent:
    """One event as formats see it.

    `payload_text` is compact JSON in the shape of the event type's schema. `subject` names the
    person as known when it happened (`email`, `phone`, `external_id`; absent keys are not known).
    `site_id` is the site's public id.
    """

    message_id: str
    type: str
    occurred_at: datetime
    payload_text: str = field(repr=False)
    site_id: str
    contact_id: str = ""
    subject: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw_content_type: str = ""
    raw_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw_body: bytes | None = field(default=None, repr=False)

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The payload, numbers with a fraction as `Decimal`."""
        loaded: dict[str, Any] = json.loads(self.payload_text, parse_float=Decimal)
        return loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltRequest:
    """What a format makes of events: nothing in it depends on the attempt.

    `query` is appended to the URL's own, in order; `headers` are the dialect's (`x-request-id`,
    `ce-id`), without signature and content type.
    """

    body: bytes = field(repr=False)
    content_type: str = "application/json"
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


# From the JSON of a payload to the text that stands in its place.
Encrypt = Callable[[bytes], str]


class CannotBuild(Exception):
    """The format cannot carry this event, now or later; the text is a sentence for staff."""


class Format(abc.ABC):
    """A dialect that deliveries are written in."""

    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    settings_fields: ClassVar[tuple[SettingField, ...]] = ()
    # Values of `models.Signing`, the usual one first.
    signings: ClassVar[tuple[str, ...]]
    # Settings of that usual way which a subscription starts with.
    signing_settings: ClassVar[Mapping[str, Any]] = {}
    # Parameters that are added to the URL, so that the URL itself must not have them.
    query_names: ClassVar[frozenset[str]] = frozenset()
    # Values of `models.PayloadEncryption` that the dialect knows beside none.
    encryptions: ClassVar[tuple[str, ...]] = ()
    # (size, seconds) that a subscription starts with; (1, 0) sends each event by itself.
    batching: ClassVar[tuple[int, int]] = (1, 0)
    is_batchable: ClassVar[bool] = False
    # Whether an event is wanted depends on its payload as well: `wants` is asked then.
    asks_payload: ClassVar[bool] = False

    @abc.abstractmethod
    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        """Return whether events of this type can be written in the dialect with these settings."""

    def wants(
        self, event_type: str, payload: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> bool:
        """Return whether this one event of a type that it carries says anything in the dialect."""
        return True

    @abc.abstractmethod
    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        """Return the request; one event unless `is_batchable`. Raises `CannotBuild`.

        `encrypt` is given when the subscription encrypts payloads by one of `encryptions`.
        `is_batch` says that it batches: receivers then get a list also of a single event.
        """

    def needs_raw(self, settings: Mapping[str, Any]) -> bool:
        """Return whether it reads the request as it came in.

        That is then stored with an event, and sent on once: of a request with many events, the
        first that is wanted stands for all. What did not come in as a request is not told.
        """
        return False

    def is_success(self, status: int) -> bool:
        return 200 <= status < 300

    def clean(self, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the settings normalised and the errors by key (empty when they may be saved)."""
        config, errors = clean_config(self.settings_fields, PresetConfig(settings=dict(settings)))
        return dict(config.settings), errors
