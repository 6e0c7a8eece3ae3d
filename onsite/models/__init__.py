from onsite.models.submission import Register, Role, State, Submission, Tag

__all__ = ["Register", "Role", "State", "Submission", "Tag"]
