"""Loads the admin pages of submissions; Django looks for them here."""

from onsite.admin.submissions import SubmissionAdmin

__all__ = ["SubmissionAdmin"]
