"""The contract of a preset: declares, verifies by declaration, translates. Nothing else.

A preset is a folder `integrations/presets/<key>/` whose `preset.py` holds one subclass of `Preset`
and nothing that touches a database or a socket. See docs/adding-a-preset.md.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from integrations.inbound_event import InboundEvent
from integrations.request import InboundRequest, PresetConfig, RequestIdentity
from integrations.settings_fields import SettingField
from integrations.verification import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeInfo:
    """One documented event type: its id at the vendor and one line on when it fires."""

    id: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A payload that ships with the preset, from its `samples/` folder.

    `query` holds the parameters that the vendor would add to the URL. `headers` likewise.
    """

    name: str
    path: Path
    content_type: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def body(self) -> bytes:
        return self.path.read_bytes()


class Preset(abc.ABC):
    """A vendor's dialect.

    Subclasses declare the class variables and implement `verifier`, `identify` and `parse`, which
    are pure: the same input gives the same output, and no clock, database or network is touched.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    settings_fields: ClassVar[tuple[SettingField, ...]] = ()
    event_types: ClassVar[tuple[EventTypeInfo, ...]] = ()
    max_body_bytes: ClassVar[int] = 512 * 1024
    success_status: ClassVar[int] = 200
    # None: a repeat is a repeat for as long as the first is stored.
    dedupe_window: ClassVar[timedelta | None] = None

    @abc.abstractmethod
    def verifier(self, config: PresetConfig) -> Verifier:
        """Return the check of every request, composed from the closed set in `verification`."""

    @abc.abstractmethod
    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        """Read the body just enough to store it: repeat key, event id, event type.

        Called once per request before it is answered, so it is quick. Raises `RefusedBody` for a
        body that can never be read; everything else is accepted and judged by `parse`.
        """

    @abc.abstractmethod
    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        """Translate a stored body. Raises `UnreadablePayload` when a setting must change first."""

    def samples(self) -> tuple[Sample, ...]:
        """Return the shipped payloads in order of name."""
        raise NotImplementedError  # replaced by the discovery of files in the owner's implementation

    def setup_markdown(self) -> str:
        """Return what the operator does at the vendor, as Markdown, from `setup.md`."""
        raise NotImplementedError

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        """Return the config normalised and the errors by field key (empty when it may be saved)."""
        raise NotImplementedError


def _typing_anchor() -> Any:
    return None
