from automation.admin.segments.contact_section import SECTION as SEGMENTS_SECTION
from automation.admin.segments.segments import SegmentAdmin
from automation.admin.workflows.contact_section import SECTION as WORKFLOWS_SECTION
from automation.admin.workflows.received_event_runs import runs_of_event
from automation.admin.workflows.runs import WorkflowRunAdmin
from automation.admin.workflows.workflows import WorkflowAdmin
from contacts.admin.contact_sections import contact_section_add
from webhooks.inbound.admin.consequences import register_consequences

contact_section_add(SEGMENTS_SECTION)
contact_section_add(WORKFLOWS_SECTION)
register_consequences(runs_of_event)

__all__ = ["SegmentAdmin", "WorkflowAdmin", "WorkflowRunAdmin"]
