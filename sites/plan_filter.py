"""What a plan is about: conditions on rows that survive in the parameters of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFilter:
    """Conditions that all hold; an empty one does not narrow. Times are aware.

    `site_ids` is always given: the sites on which the asking person may repair. `upper_id` leaves
    out what came about after the plan was shown. `readers` say how a subclass's own conditions
    are read where they are no type of JSON.
    """

    readers: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    site_ids: tuple[int, ...]
    ids: tuple[UUID, ...] = ()
    upper_id: UUID | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: _stored(value) for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        readers: dict[str, Callable[[Any], Any]] = {"ids": _ids, "upper_id": UUID, **cls.readers}
        values = {name: readers.get(name, _plain)(value) for name, value in stored.items()}
        return cls(**{"site_ids": (), **values})


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_stored(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | StrEnum) else value


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _ids(value: Any) -> tuple[UUID, ...]:
    return tuple(UUID(each) for each in value)
