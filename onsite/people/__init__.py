"""A visitor of the campaign and the contact of ours that they are, in both directions."""

from onsite.people.changing import apply, contact_change
from onsite.people.finding import FoundPerson, person_find
from onsite.people.reading import stored_tag, visitor_of

__all__ = ["FoundPerson", "apply", "contact_change", "person_find", "stored_tag", "visitor_of"]
