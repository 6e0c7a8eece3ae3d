"""The flow of a visitor: look up, decide the tag, create or update; continue, or be blocked."""
