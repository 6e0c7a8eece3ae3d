from __future__ import annotations

from contacts.signals import contact_erased
from contacts.subject_rights import calls_erasure, files_erasure, own_data
from contacts.subject_rights.erasing import erasure_begin
from contacts.subject_rights.personal_data import add_personal_data, add_places


def register_subject_rights() -> None:
    """Say what contacts hold, and listen before the apps above take links apart."""
    add_personal_data(*own_data.PARTS)
    add_places(*calls_erasure.PLACES, *files_erasure.PLACES)
    contact_erased.connect(erasure_begin, dispatch_uid="contacts.erasure_begin")
