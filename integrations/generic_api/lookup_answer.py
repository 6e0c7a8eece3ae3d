"""The body of a successful look-up: the contact, or one sentence on why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from common.http import HttpAnswer
from common.json import BadJson, parse_json
from integrations.generic_api.shared_structure import ReadDocument, from_shared
from integrations.generic_api.visitor import VisitorData

if TYPE_CHECKING:
    from integrations.models import GenericApi


class UnreadableAnswer(Exception):
    """A 200 without a contact in it. The message is a sentence that holds nothing of the body."""


def read_contact(api: GenericApi, answer: HttpAnswer) -> ReadDocument:
    """Return what the answer says of the contact; raises UnreadableAnswer.

    An object with none of the configured keys is a contact of whom nothing is known, with a note:
    the API said that the contact exists.
    """
    if answer.is_cut:
        kibibytes = len(answer.body) // 1024
        raise UnreadableAnswer(f"The answer is longer than {kibibytes} KiB, so it was not read.")
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnreadableAnswer("The answer is compressed, although it was asked for plain.")
    try:
        document = parse_json(answer.body)
    except BadJson as error:
        raise UnreadableAnswer(f"The answer is no JSON that can be read. {error.reason}") from None
    if not isinstance(document, dict):
        raise UnreadableAnswer("The answer is JSON, but not one object with the contact's data.")
    read = from_shared(api, document)
    if read.visitor == VisitorData() and not read.notes:
        note = "The answer has none of the configured keys. Compare the Key settings with it."
        return replace(read, notes=(note,))
    return read
