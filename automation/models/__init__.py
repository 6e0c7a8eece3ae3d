from automation.models.segment import Segment, SegmentMember, SegmentMove
from automation.models.use import Use
from automation.models.workflow import Workflow, WorkflowState, WorkflowVersion
from automation.models.workflow_run import RunState, StepState, WorkflowRun, WorkflowStep

__all__ = [
    "RunState",
    "Segment",
    "SegmentMember",
    "SegmentMove",
    "StepState",
    "Use",
    "Workflow",
    "WorkflowRun",
    "WorkflowState",
    "WorkflowStep",
    "WorkflowVersion",
]
