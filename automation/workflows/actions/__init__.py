"""What a step can do: one file for each action, listed in `registry`."""
