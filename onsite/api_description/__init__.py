"""Onsite for the schema: visitors that a site sends, and the Generic API as we serve it."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Group
from onsite.api_description.served_contacts import SERVED_ENDPOINT, SERVED_SCHEMAS, SERVED_SCHEMES
from onsite.api_description.submissions import SUBMISSION_SCHEMAS, SUBMISSIONS_ENDPOINT

ONSITE: Final = Group(
    tag="Onsite",
    description="A visitor's run through a campaign: look up, tag, create or update.",
    endpoints=(SUBMISSIONS_ENDPOINT,),
    schemas=SUBMISSION_SCHEMAS,
)
GENERIC_API: Final = Group(
    tag="Generic API",
    description=(
        "The Generic API of Voyado Engage Onsite as a retailer would serve it, answered from "
        "Patchbay's contacts. Each site says how a caller proves itself, and what the keys of the "
        "structure are called; the names here are those that apply until somebody changes them."
    ),
    endpoints=(SERVED_ENDPOINT,),
    schemas=SERVED_SCHEMAS,
    security_schemes=SERVED_SCHEMES,
)
