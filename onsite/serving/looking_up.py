"""GET: is the visitor known?"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from integrations.generic_api.options import options_of
from integrations.generic_api.shared_structure import key_names, to_shared
from integrations.generic_api.visitor import VisitorData
from integrations.models import GenericApi, Outcome
from onsite.people import person_find, stored_tag, visitor_of
from onsite.serving.outcome import Refused, Served, json_response

_IDENTITIES: Final = ("email", "phone", "personal_identity")
_MOST_PARAMETERS: Final = 100
_PLUS_LOST: Final = re.compile(r"\A +(?=[1-9][0-9])")
_REPAIRED: Final = (
    "REPAIRED_PHONE: The phone number came with a bare + in the URL, which means a space; it was "
    "read as a number with +. The sender should encode it as %2B."
)


def looked_up(api: GenericApi, query: str) -> Served:
    """Return the contact whom the query names, in the shared structure; 404 when unknown.

    Raises `Refused` when the query names nobody, or one key twice.
    """
    visitor, notes = _visitor(api, query)
    found = person_find(site=api.site, visitor=visitor)
    notes += found.notes
    if found.contact is None:
        return Served(
            response=json_response(HTTPStatus.NOT_FOUND, {}),
            outcome=Outcome.NOT_FOUND,
            notes=notes,
            identities=(visitor.personal_identity,),
        )
    known = visitor_of(found.contact, options_of(api))
    document = to_shared(api, known, stored_tag(found.contact))
    return Served(
        response=json_response(HTTPStatus.OK, document),
        outcome=Outcome.FOUND,
        notes=notes,
        contact_id=found.contact.pk,
        identities=(visitor.personal_identity, known.personal_identity),
    )


def keys_asked_for(api: GenericApi) -> str:
    """Return the names of the keys that identify somebody, as the site calls them."""
    names = key_names(api)
    return ", ".join(names[each] for each in _IDENTITIES)


def _visitor(api: GenericApi, query: str) -> tuple[VisitorData, tuple[str, ...]]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        sentence = f"The query has more than {_MOST_PARAMETERS} parameters."
        raise _refused("TOO_MANY_KEYS", sentence) from None
    names = key_names(api)
    given = {}
    for identity in _IDENTITIES:
        values = [value for name, value in pairs if name == names[identity]]
        if len(values) > 1:
            # Picking one of two could answer with somebody else's data.
            sentence = f"The query has {names[identity]} more than once."
            raise _refused("DUPLICATE_KEY", sentence)
        given[identity] = values[0] if values else ""
    given["phone"], repairs = _PLUS_LOST.subn("+", given["phone"])
    notes = (_REPAIRED,) if repairs else ()
    visitor = VisitorData(
        email=given["email"].strip(),
        phone=given["phone"].strip(),
        personal_identity=given["personal_identity"].strip(),
    )
    if not visitor.has_identity:
        raise _refused("NO_LOOKUP_KEY", f"Give at least one of: {keys_asked_for(api)}.")
    return visitor, notes


def _refused(code: str, sentence: str) -> Refused:
    return Refused(status=HTTPStatus.BAD_REQUEST, code=code, sentence=sentence)
