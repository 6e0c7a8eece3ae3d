"""The contract of a preset: declares, verifies by declaration, translates. Nothing else.

A preset is a folder `integrations/presets/<key>/` whose `preset.py` holds one subclass of `Preset`
and nothing that touches a database or a socket. See docs/adding-a-preset.md.
"""

from __future__ import annotations

import abc
import inspect
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from integrations.inbound_event import InboundEvent
from integrations.request import InboundRequest, PresetConfig, RequestIdentity
from integrations.samples import Sample, samples_in
from integrations.settings_fields import SettingField
from integrations.settings_validation import clean_config
from integrations.verification import Verifier

__all__ = ["EventTypeInfo", "Preset", "Sample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeInfo:
    """One documented event type: its id at the vendor and one line on when it fires."""

    id: str
    description: str


class Preset(abc.ABC):
    """A vendor's dialect.

    Subclasses declare the class variables and implement `verifier`, `identify` and `parse`, which
    are pure: the same input gives the same output, and no clock, database or network is touched.
    """

    # No ClassVar: the stand-in of a missing preset bears the key it stands for.
    key: str
    label: ClassVar[str]
    summary: ClassVar[str]
    settings_fields: ClassVar[tuple[SettingField, ...]] = ()
    event_types: ClassVar[tuple[EventTypeInfo, ...]] = ()
    max_body_bytes: ClassVar[int] = 512 * 1024
    success_status: ClassVar[int] = 200
    # None: a repeat is a repeat for as long as the first is stored.
    dedupe_window: ClassVar[timedelta | None] = None
    # False: sources of it are made by a page of their own, not chosen from the list of presets.
    is_offered: ClassVar[bool] = True
    # False only in the stand-in for a preset that is no longer installed.
    is_installed: ClassVar[bool] = True

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

    def sample_body(self, sample: Sample, config: PresetConfig) -> bytes:
        """Return a sample as the vendor would send it to a source with this config.

        Override it where the body names the account, so that a sample is not ignored as foreign.
        """
        return sample.body()

    def samples(self) -> tuple[Sample, ...]:
        """Return the shipped payloads in order of name."""
        return self._samples

    def setup_markdown(self) -> str:
        """Return what the operator does at the vendor, as Markdown, from `setup.md`.

        `{url}` in it stands for the address of the source.
        """
        return (self._folder / "setup.md").read_text(encoding="utf-8")

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        """Return the config normalised and the errors by field key (empty when it may be saved).

        Override it to add checks that concern several fields, beginning with this one.
        """
        return clean_config(self.settings_fields, config)

    @cached_property
    def _samples(self) -> tuple[Sample, ...]:
        return samples_in(self._folder / "samples")

    @cached_property
    def _folder(self) -> Path:
        return Path(inspect.getfile(type(self))).parent
