"""Repair: events and refused requests that go through once more."""
