"""The payloads that ship with a preset, read from its `samples/` folder.

`samples.yaml` beside them may say, per file name, which `query` parameters and `headers` the
vendor would add: `feedback_submit.json: {query: {eventType: FEEDBACK_SUBMIT}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

CONTENT_TYPES: Final = {".json": "application/json", ".xml": "application/xml"}
_SIDECAR: Final = "samples.yaml"


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


def samples_in(folder: Path) -> tuple[Sample, ...]:
    """Return the payloads of a folder in order of name."""
    extras = _extras(folder / _SIDECAR)
    paths = sorted(path for path in folder.glob("*") if path.suffix in CONTENT_TYPES)
    stray = set(extras) - {path.name for path in paths}
    if stray:
        raise ValueError(f"{folder / _SIDECAR} names files that are not there: {sorted(stray)}")
    return tuple(
        Sample(
            name=path.name,
            path=path,
            content_type=CONTENT_TYPES[path.suffix],
            query=extras.get(path.name, {}).get("query", {}),
            headers=extras.get(path.name, {}).get("headers", {}),
        )
        for path in paths
    )


def _extras(sidecar: Path) -> dict[str, Any]:
    if not sidecar.exists():
        return {}
    extras = yaml.safe_load(sidecar.read_text(encoding="utf-8"))
    return extras if isinstance(extras, dict) else {}
