"""The expected events of every sample, one JSON file each.

`python -m tests.integrations.recorded_events` writes those of new samples. Read what it wrote
before you commit it.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from integrations.inbound_event import InboundEvent
from integrations.preset import Preset, Sample
from integrations.registry import offered_presets
from tests.integrations.arrivals import cleaned_config, make_request

FOLDER = Path(__file__).parent / "golden"
# A message of 2026-03-15 11:59:58, sent again two seconds later.
_FIXED_HEADERS = {
    "svix-id": "msg_3AysA7sGc87XglaAuoLSRCd34Ki",
    "svix-timestamp": "1773576000",
    "x-request-id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
}


def golden_path(preset: Preset, sample: Sample) -> Path:
    return FOLDER / preset.key / f"{sample.name}.json"


def sample_events(preset: Preset, sample: Sample) -> list[Any]:
    """Return what the preset makes of a sample, as plain JSON."""
    config = cleaned_config(preset)
    request = make_request(
        preset.sample_body(sample, config),
        headers={**_FIXED_HEADERS, **sample.headers},
        query=sample.query,
    )
    return [plain(event) for event in preset.parse(request, config)]


def plain(event: InboundEvent) -> Any:
    """Return an event as JSON without the parts that say nothing; fails on a Decimal in free JSON.

    What it was read from is left out: that is the sample.
    """
    return json.loads(json.dumps(_told(event), default=_text))


def _told(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if field.repr
        }
        return {name: _told(item) for name, item in fields.items() if not _says_nothing(item)}
    if isinstance(value, tuple):
        return [_told(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", (), {})


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    raise TypeError(f"{type(value).__name__} is no JSON value: {value!r}")


def write_missing() -> None:
    for preset in offered_presets():
        for sample in preset.samples():
            path = golden_path(preset, sample)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps(sample_events(preset, sample), indent=2, ensure_ascii=False)
                path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
