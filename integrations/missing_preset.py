"""What a source's preset resolves to when its folder is gone: it opens, and refuses everything."""

from __future__ import annotations

from typing import ClassVar

from integrations.inbound_event import InboundEvent, UnreadablePayload
from integrations.preset import Preset, Sample
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity
from integrations.verification import Closed, Verifier

_CAUSE = "PRESET_NOT_INSTALLED"


class MissingPreset(Preset):
    """An inactive stand-in, made per unknown key. Stored settings pass through untouched."""

    label = "Not installed"
    summary = "The preset of this source is not installed here, so the source takes no requests."
    is_installed: ClassVar[bool] = False

    def __init__(self, key: str) -> None:
        self.key = key
        self._detail = f"The preset “{key}” is not installed. Install it or delete the source."

    def verifier(self, config: PresetConfig) -> Verifier:
        return Closed(self._detail)

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        raise RefusedBody("SOURCE_DISABLED", self._detail)

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        raise UnreadablePayload(_CAUSE, self._detail)

    def samples(self) -> tuple[Sample, ...]:
        return ()

    def setup_markdown(self) -> str:
        return self._detail

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        return config, {}
