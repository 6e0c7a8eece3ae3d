"""From journal to contacts: what the worker does with what was received."""
