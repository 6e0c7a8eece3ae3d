"""Where data of a person lies. Each app says it of its own tables, when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from contacts.models import Contact, SubjectErasure

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A part of what is told to a person who asks; `read` yields its rows in words and values."""

    title: str
    read: Callable[[Contact], Iterator[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """By what a person is looked for.

    `texts` are names of the person, such as the e-mail address, in lower case; `names` those which
    are a whole value somewhere, however short. `linked` are the rows that were known to be about
    them, by key of a place.
    """

    site_id: int
    contact_id: UUID
    texts: Collection[str] = field(repr=False)
    names: Collection[str] = field(default=(), repr=False)
    linked: Mapping[str, Collection[str]] = field(default_factory=dict, repr=False)


def sought_by(erasure: SubjectErasure) -> Sought:
    return Sought(
        site_id=erasure.site_id,
        contact_id=erasure.contact_id,
        texts=tuple(erasure.sought.get("texts", ())),
        names=tuple(erasure.sought.get("names", ())),
        linked=erasure.sought.get("linked", {}),
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Rows of a place that are known to be about somebody, and the names that stand in them."""

    rows: Collection[str]
    texts: Collection[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at a place came to; the next one begins behind `cursor`."""

    found: int
    cursor: str
    is_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something may name a person without saying so in a column of its own.

    `links` returns what is known to be about the contact, while that still stands: it is called in
    the transaction of the erasure, before anything is taken apart. So is `held`, which counts what
    is emptied at once, with the contact. `erase` looks at some rows from a cursor on ("" at first),
    empties what is about the person, and may come twice to the same.
    """

    key: str
    label: str
    erase: Callable[[Sought, str], Step]
    links: Callable[[UUID], Links] | None = None
    held: Callable[[UUID], int] | None = None


_data: Final[list[PersonalData]] = []
_places: Final[dict[str, Place]] = {}


def add_personal_data(*parts: PersonalData) -> None:
    _data.extend(part for part in parts if part not in _data)


def add_places(*places: Place) -> None:
    _places.update({place.key: place for place in places})


def personal_data() -> tuple[PersonalData, ...]:
    return tuple(_data)


def places() -> tuple[Place, ...]:
    return tuple(_places.values())
