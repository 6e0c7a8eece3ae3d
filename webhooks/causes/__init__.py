"""From what happens in Patchbay to events for those who subscribed to it."""
