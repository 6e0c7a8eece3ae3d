"""Repair: submissions that did not reach the register, sent once more by staff."""
