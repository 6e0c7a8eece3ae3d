from automation.admin.segments.contact_section import SECTION
from automation.admin.segments.segments import SegmentAdmin
from contacts.admin.contact_sections import contact_section_add

contact_section_add(SECTION)

__all__ = ["SegmentAdmin"]
